//! The picture in README.md: a room with three tabs in which something happens, at the size of a laptop.
//!
//! `cargo xtask screenshot` runs it, with the page built and a browser found. It is no test: somebody has to look.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::clock::holds;
use tests::relay::Relay;
use tests::tab::Tab;

/// CSS pixels; the picture has as many.
const SIZE: (u32, u32) = (1280, 860);
/// The room shall have so many blocks, so that the strip is full.
const BLOCKS: u32 = 14;
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> Result<()> {
    let file = env::args_os().nth(1).map(PathBuf::from).context("the file to write is missing")?;
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let link = relay.link("class-7b");
    let (tab, second, third) =
        (browser.open(&link).await?, browser.open(&link).await?, browser.open(&link).await?);
    tab.until_peers(2, PATIENCE).await?;
    for miner in [&tab, &second, &third] {
        miner.mine(true).await?;
    }
    tab.until_height(BLOCKS, PATIENCE).await?;
    for miner in [&second, &third] {
        miner.mine(false).await?;
        miner.until("coins", PATIENCE, |status| holds(status.balance != "0", &status.balance)).await?;
    }
    pay(&second, &tab, 75, "two tickets").await?;
    pay(&third, &tab, 12, "for the tea").await?;
    pay(&tab, &second, 30, "").await?;
    tab.until("the payments", PATIENCE, |status| holds(status.mempool > 0, status.mempool)).await?;
    fs::write(&file, shoot(&tab).await?).with_context(|| format!("writing {}", file.display()))?;
    Ok(())
}

async fn pay(from: &Tab, to: &Tab, amount: u64, message: &str) -> Result<()> {
    from.send(&to.status().await?.address, amount, message).await?;
    Ok(())
}

async fn shoot(tab: &Tab) -> Result<Vec<u8>> {
    let (width, height) = SIZE;
    let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    tab.devtools("Emulation.setDeviceMetricsOverride", metrics).await?;
    let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": "light" }] });
    tab.devtools("Emulation.setEmulatedMedia", media).await?;
    let shot = tab.devtools("Page.captureScreenshot", json!({ "format": "png" })).await?;
    let data = shot.get("data").and_then(Value::as_str).context("the browser gave no picture")?;
    Ok(base64::Engine::decode(&base64::prelude::BASE64_STANDARD, data)?)
}
