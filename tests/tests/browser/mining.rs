//! Mining: a block is everyone's within a second, and many miners make one chain.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tests::browser::Browser;
use tests::clock::{holds, until};
use tests::relay::Relay;
use tests::tab::{BlockSeen, Tab};

use crate::{PATIENCE, SECOND, long};

/// What a block creates.
const SUBSIDY: u64 = 5000;

/// A2, A4, D6: one mines, the others follow without a click.
#[tokio::test]
async fn the_first_block_comes_soon_and_is_everywhere_within_a_second() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let link = relay.link("first-block");
    let tabs = [browser.open(&link).await?, browser.open(&link).await?, browser.open(&link).await?];
    for tab in &tabs {
        tab.until_peers(2, PATIENCE).await?;
        tab.watch().await?;
    }
    let miner = &tabs[0];
    miner.click("mine-toggle").await?;
    miner.until_height(1, 10 * SECOND).await?;
    let shown = async || {
        let pressed = miner.attribute("mine-toggle", "ariaPressed").await?;
        holds(pressed == "true", pressed)
    };
    until("the switch to show it", SECOND, shown).await?;
    miner.until_text("hash-rate", 3 * SECOND, |text| text != "0").await?;
    miner.until_height(3, PATIENCE).await?;
    miner.click("mine-toggle").await?;
    let stopped =
        miner.until("the miner to stop", SECOND, |status| holds(!status.mining, status.mining)).await?;
    for tab in &tabs {
        let same = |status: &_| same_tip(status, &stopped.tip);
        tab.until("the miner's tip", SECOND, same).await?;
        tab.until_text("tip-height", SECOND, |text| text == stopped.height.to_string()).await?;
        let newest = async || {
            let hashes = tab.attributes("block", "data-hash").await?;
            holds(hashes.first() == Some(&stopped.tip), hashes)
        };
        until("the strip to begin with the tip", SECOND, newest).await?;
    }
    let found = miner.blocks_seen().await?;
    for tab in &tabs[1..] {
        spread_within_a_second(&found, &tab.blocks_seen().await?)?;
    }
    miner.visit("node").await?;
    miner.until_text("tip-hash", 5 * SECOND, |text| text == stopped.tip).await?;
    let log = miner.text("log").await?;
    ensure!(log.contains("mined block 1"), "the log does not tell of the block: {log}");
    let block = miner.block(1).await?;
    ensure!(block.miner == stopped.address && block.reward == SUBSIDY.to_string(), "{block:?}");
    ensure!(block.previous == stopped.genesis, "{block:?}");
    browser.is_content(&[]).await
}

fn same_tip(status: &node_wasm::api::Status, tip: &str) -> Result<()> {
    holds(status.tip == tip, &status.tip)
}

fn spread_within_a_second(found: &[BlockSeen], seen: &[BlockSeen]) -> Result<()> {
    for block in found {
        let other = seen.iter().find(|other| other.hash == block.hash);
        let late = other.with_context(|| format!("block {} was not told of", block.height))?.at - block.at;
        ensure!(late < 1000.0, "block {} came {late} ms late", block.height);
    }
    Ok(())
}

/// A6, D5: all mine; one block per height, the same bytes everywhere, and every reward is someone's.
#[tokio::test]
async fn three_miners_make_one_chain() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let link = relay.link("race");
    let tabs = [browser.open(&link).await?, browser.open(&link).await?, browser.open(&link).await?];
    for tab in &tabs {
        tab.until_peers(2, PATIENCE).await?;
        tab.mine(true).await?;
    }
    let time = Duration::from_secs(if long() { 120 } else { 45 });
    tokio::time::sleep(time).await;
    for tab in &tabs {
        tab.mine(false).await?;
    }
    let one_tip = async || {
        let (a, b, c) = (tabs[0].status().await?, tabs[1].status().await?, tabs[2].status().await?);
        holds(a.tip == b.tip && b.tip == c.tip, [&a.tip, &b.tip, &c.tip])?;
        Ok(a)
    };
    let status = until("one tip", 3 * SECOND, one_tip).await?;
    ensure!(status.height >= 5, "only {} blocks in {time:?}", status.height);
    let mut times = Vec::new();
    for height in 1..=status.height {
        let block = tabs[0].block(height).await?;
        ensure!(block == tabs[1].block(height).await?, "another block {height} on the second tab");
        ensure!(block == tabs[2].block(height).await?, "another block {height} on the third tab");
        times.push(block.time);
    }
    if long() {
        let median = median_gap(&times[times.len() / 2..]);
        ensure!((4_000..=25_000).contains(&median), "blocks are {median} ms apart: {times:?}");
    }
    ensure!(rewards(&tabs).await? == SUBSIDY * u64::from(status.height), "rewards do not add up");
    browser.is_content(&[]).await
}

async fn rewards(tabs: &[Tab]) -> Result<u64> {
    let mut sum = 0;
    for tab in tabs {
        sum += tab.status().await?.balance.parse::<u64>()?;
    }
    Ok(sum)
}

fn median_gap(times: &[u64]) -> u64 {
    let mut gaps: Vec<_> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or_default()
}
