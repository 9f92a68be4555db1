//! The page for everyone: on a phone, in the dark, by a screen reader.

use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use tests::browser::Browser;
use tests::relay::Relay;
use tests::tab::Tab;

use crate::{PATIENCE, SECOND};

/// What axe-core found.
#[derive(Debug, Deserialize)]
struct Finding {
    id: String,
    impact: Option<String>,
    /// Where, as selectors.
    nodes: Vec<String>,
}

const AXE: &str = "
    const done = arguments[0];
    axe.run().then(
        ({ violations }) => done(violations.map(({ id, impact, nodes }) =>
            ({ id, impact, nodes: nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`) }))),
        (error) => done([{ id: String(error), impact: 'critical', nodes: [] }]),
    );";

async fn show(tab: &Tab, width: u32, theme: &str) -> Result<()> {
    let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
    tab.devtools("Emulation.setDeviceMetricsOverride", metrics).await?;
    let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
    tab.devtools("Emulation.setEmulatedMedia", media).await?;
    Ok(())
}

/// A room in which something has happened: blocks, a payment, a peer.
async fn lively(tab: &Tab) -> Result<()> {
    tab.mine(true).await?;
    tab.until_height(2, PATIENCE).await?;
    tab.mine(false).await?;
    let own = tab.status().await?.address;
    tab.send(&own, 1, "for everyone to read").await?;
    tab.until_text("mempool-count", 2 * SECOND, |text| text == "1").await?;
    Ok(())
}

/// Nothing serious or critical for axe-core, at both widths and in both themes, with a block open too.
#[tokio::test]
async fn axe_finds_nothing_serious() -> Result<()> {
    let Some(path) = env::var_os("TABCHAIN_AXE") else {
        eprintln!(
            "SKIPPED: TABCHAIN_AXE does not name axe-core's axe.min.js; `cargo xtask test --browser` does"
        );
        return Ok(());
    };
    let axe = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let link = relay.link("everyone");
    let (tab, _peer) = (browser.open(&link).await?, browser.open(&link).await?);
    lively(&tab).await?;
    tab.run::<()>(&axe, vec![]).await?;
    let mut serious = Vec::new();
    for block in ["", "/block/1"] {
        tab.run::<()>("location.hash = arguments[0];", vec![json!(format!("#/room/everyone{block}"))])
            .await?;
        if !block.is_empty() {
            tab.until_text("block-hash", 5 * SECOND, |text| text.len() == 64).await?;
        }
        for (width, theme) in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")] {
            show(&tab, width, theme).await?;
            let findings: Vec<Finding> = tab.run_async(AXE, vec![]).await?;
            let bad = |finding: &Finding| matches!(finding.impact.as_deref(), Some("serious" | "critical"));
            let bad = findings.into_iter().filter(bad);
            serious.extend(bad.map(|finding| (width, theme, finding.id, finding.nodes)));
        }
    }
    ensure!(serious.is_empty(), "axe-core: {serious:#?}");
    browser.is_content(&[]).await
}

/// On a phone nothing is cut off at the side.
#[tokio::test]
async fn a_phone_scrolls_in_one_direction() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let tab = browser.open(&relay.link("phone")).await?;
    lively(&tab).await?;
    for width in [1280, 390] {
        show(&tab, width, "light").await?;
        let wide: u32 = tab.run("return document.documentElement.scrollWidth;", vec![]).await?;
        ensure!(wide <= width, "the page is {wide} px wide on a screen of {width}");
    }
    tab.click("mine-toggle").await?;
    tab.until("mining", SECOND, |status| tests::clock::holds(status.mining, status.mining)).await?;
    browser.is_content(&[]).await
}
