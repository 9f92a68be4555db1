//! A long chain after a reload: its tip and balance are there before its blocks are read, and every block can still be
//! checked.

use anyhow::{Context as _, Result, ensure};
use node_wasm::api::{BadBlock, BlockView, Connection, Status, Verified};
use node_wasm::units::RoomName;
use serde::Deserialize;
use serde_json::json;
use tests::browser::Browser;
use tests::chain;
use tests::clock::{holds, until};
use tests::peer::Peer;
use tests::relay::Relay;
use tests::tab::Tab;

use crate::storage::{damage, notice};
use crate::{PATIENCE, SECOND};

/// Notes, from the start of every page on, what the node says first and when, and what it says of its first block,
/// which is the first to be read and waits for the last.
const WATCH_START: &str = "
    const look = async () => {
        const status = await window.tabchain?.status().catch(() => undefined);
        if (!status) return setTimeout(look, 1);
        const at = performance.now();
        const block = await window.tabchain.block(1);
        window.coldStart = { status, at, block, whole: performance.now() };
    };
    look();";

/// How many bytes the stored snapshot has.
const STORED: &str = "
    const [name, done] = arguments;
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
        const database = opening.result;
        const reading = database.transaction('meta').objectStore('meta').get('snapshot');
        reading.onsuccess = () => { database.close(); done(reading.result?.length ?? 0); };
        reading.onerror = () => { database.close(); done(0); };
    };";

/// Checks the chain; how far each event said that it is, and the result.
const VERIFY: &str = "
    const [done] = arguments;
    const seen = [];
    const off = window.tabchain.on('verifying', (progress) => seen.push(progress));
    window.tabchain.verify().then((verified) => { off(); done({ seen, verified }); });";

/// Notes the furthest that the page's own bar shows.
const WATCH_BAR: &str = "
    window.barSeen = 0;
    const look = () => {
        const bar = document.querySelector(`[data-test='check-progress']`);
        if (bar) window.barSeen = Math.max(window.barSeen, bar.value);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });";

/// What the page of a started node noted.
#[derive(Debug, Deserialize)]
struct ColdStart {
    status: Status,
    at: f64,
    block: BlockView,
    whole: f64,
}

#[derive(Debug, Deserialize)]
struct Progress {
    height: u32,
    total: u32,
}

#[derive(Debug, Deserialize)]
struct Check {
    seen: Vec<Progress>,
    verified: Verified,
}

/// A tab with a chain of `blocks` and some of its own on top, whose pages note how they start; the tab is alone.
async fn tab_with(browser: &std::sync::Arc<Browser>, relay: &Relay, room: &str, blocks: u32) -> Result<Tab> {
    let name: RoomName = room.parse()?;
    let peer = Peer::start(&relay.socket(), &name, &chain::of(&name, blocks)?)?;
    let tab = browser.open(&relay.link(room)).await?;
    tab.until_height(blocks, 2 * PATIENCE).await?;
    drop(peer);
    tab.ask::<Connection>("disconnect", vec![]).await?;
    tab.until_peers(0, PATIENCE).await?;
    tab.mine(true).await?;
    tab.until_height(blocks + 1, PATIENCE).await?;
    tab.mine(false).await?;
    tab.until("the miner to rest", SECOND, |status| holds(!status.mining, status.mining)).await?;
    // A snapshot follows the blocks when they are written; one of less than 85 % of the chain would be due again.
    let database = format!("tabchain/{room}/1");
    let stored = async || {
        let bytes: u32 = tab.run_async(STORED, vec![json!(database)]).await?;
        holds(bytes > blocks * 68, bytes)
    };
    until("the snapshot on the disk", PATIENCE, stored).await?;
    tab.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH_START })).await?;
    Ok(tab)
}

async fn restart(tab: &Tab) -> Result<ColdStart> {
    tab.reload().await?;
    let noted = async || {
        let start: Option<ColdStart> = tab.run("return window.coldStart ?? null;", vec![]).await?;
        start.context("the first block is not told yet")
    };
    until("the whole start", 2 * PATIENCE, noted).await
}

/// A reload at 10,000 blocks shows tip and balance before it has read the blocks below the snapshot; what asks for a
/// block waits for it, and a check of everything tells how far it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_tab_is_at_its_tip_before_it_has_read_its_blocks() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let tab = tab_with(&browser, &relay, "late-10000", 10_000).await?;
    let before = tab.status().await?;
    ensure!(before.balance != "0", "{before:?}");

    let start = restart(&tab).await?;
    println!(
        "{} blocks: tip and balance after {:.0} ms, every block after {:.0} ms",
        before.height, start.at, start.whole
    );
    let first = &start.status;
    ensure!(
        (&first.tip, first.height, &first.balance) == (&before.tip, before.height, &before.balance),
        "{first:?} is not {before:?}"
    );
    ensure!(first.loading > 8_000, "the status came only after {} blocks were read", 10_000 - first.loading);
    ensure!(start.at < 5_000.0, "a start without the blocks took {:.0} ms", start.at);
    ensure!(start.block.height == 1, "{:?}", start.block);
    let whole =
        tab.until("every block", PATIENCE, |status| holds(status.loading == 0, status.loading)).await?;
    ensure!((&whole.tip, &whole.balance) == (&before.tip, &before.balance), "{whole:?}");

    let check: Check = tab.run_async(VERIFY, vec![]).await?;
    let ordered = check.seen.is_sorted_by_key(|progress| progress.height);
    let known = check.seen.iter().all(|progress| progress.total == before.height);
    ensure!(check.seen.len() > 2 && ordered && known, "{:?}", check.seen);
    ensure!(check.verified == Verified { valid: true, height: before.height, error: None }, "{check:?}");
    tab.run::<()>(WATCH_BAR, vec![]).await?;
    tab.visit("node").await?;
    tab.click("check-chain").await?;
    tab.until_text("check-result", PATIENCE, |text| text.starts_with("Valid: all")).await?;
    let bar: f64 = tab.run("return window.barSeen;", vec![]).await?;
    ensure!(bar > 0.0, "the page showed no progress");
    browser.is_content(&[]).await
}

/// A damaged snapshot is said so and costs time, not the balance; a damaged block below a good one is lost by name.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_is_made_anew_and_a_damaged_block_ends_the_chain() -> Result<()> {
    const ROOM: &str = "late-1000";
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let tab = tab_with(&browser, &relay, ROOM, 1000).await?;
    let before = tab.status().await?;
    let database = format!("tabchain/{ROOM}/1");

    damage(&tab, &database, "meta", json!("snapshot")).await?;
    let verified: Verified = tab.ask("verify", vec![]).await?;
    let error = verified.error.context("the snapshot is damaged")?;
    ensure!(error.height == 0 && error.rule == "the stored snapshot is damaged", "{error:?}");
    ensure!(!verified.valid && verified.height == before.height, "the blocks hold: {}", verified.height);
    let start = restart(&tab).await?;
    ensure!(start.status.loading == 0, "a damaged snapshot was used: {:?}", start.status);
    ensure!((&start.status.tip, &start.status.balance) == (&before.tip, &before.balance), "{start:?}");
    notice(&tab, "corrupt-snapshot").await?;
    let verified: Verified = tab.ask("verify", vec![]).await?;
    ensure!(verified.valid, "it was not made anew: {verified:?}");
    let start = restart(&tab).await?;
    ensure!(start.status.loading > 900, "it was not made anew: {:?}", start.status);
    ensure!((&start.status.tip, &start.status.balance) == (&before.tip, &before.balance), "{start:?}");

    damage(&tab, &database, "blocks", json!(500)).await?;
    let verified: Verified = tab.ask("verify", vec![]).await?;
    ensure!(matches!(verified.error, Some(BadBlock { height: 500, .. })), "{verified:?}");
    let start = restart(&tab).await?;
    ensure!(start.status.tip == before.tip, "{:?}", start.status);
    let words = notice(&tab, "corrupt-record").await?;
    ensure!(words.contains("block 500"), "{words:?}");
    tab.until("the chain up to it", PATIENCE, |status| holds(status.height == 499, status.height)).await?;
    let verified: Verified = tab.ask("verify", vec![]).await?;
    ensure!(verified == Verified { valid: true, height: 499, error: None }, "{verified:?}");

    let room: RoomName = ROOM.parse()?;
    let peer = Peer::start(&relay.socket(), &room, &chain::of(&room, 1000)?)?;
    let tip = peer.see(|node| node.chain().tip().hash.to_string()).await?;
    tab.ask::<Connection>("connect", vec![]).await?;
    // The own block on top was loaded before the damaged one was found.
    tab.until("the chain again", 2 * PATIENCE, |status| {
        holds(status.tip == before.tip || status.tip == tip, &status.tip)
    })
    .await?;
    let verified: Verified = tab.ask("verify", vec![]).await?;
    ensure!(verified.valid && verified.height >= 1000, "{verified:?}");
    browser.is_content(&[]).await
}
