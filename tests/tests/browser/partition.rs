//! Without the relay: groups go on by themselves, and are one again when it is back.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use node_wasm::api::{Connection, Status, Via};
use tests::browser::Browser;
use tests::clock::{holds, until};
use tests::relay::Relay;
use tests::tab::Tab;

use crate::{PATIENCE, SECOND, long};

/// What the console says of a relay that is gone.
pub(crate) const NO_RELAY: &str = "WebSocket connection to";
/// And of the pages, which are loaded a moment after the start, by a relay that is gone by then.
const NO_PAGES: &str = "load.js";

/// Mines on `tab` until `done` holds of its status.
pub(crate) async fn mine_until(
    tab: &Tab,
    what: &str,
    done: impl Fn(&Status) -> Result<()>,
) -> Result<Status> {
    tab.mine(true).await?;
    tab.until(what, PATIENCE, done).await?;
    tab.mine(false).await?;
    tab.until("the miner to rest", SECOND, |status| holds(!status.mining, status.mining)).await
}

fn work(status: &Status) -> f64 {
    status.work.parse().unwrap_or_default()
}

pub(crate) async fn agree(tabs: &[&Tab], tip: &str, limit: Duration) -> Result<()> {
    for tab in tabs {
        tab.until("the same tip", limit, |status| holds(status.tip == tip, &status.tip)).await?;
    }
    Ok(())
}

/// The relay stops, two groups mine apart, it restarts: one chain, the heavier, and every payment is still there.
#[tokio::test]
async fn two_groups_mine_apart_and_agree_again() -> Result<()> {
    let mut relay = Relay::start()?;
    let (here, there) = (Browser::start().await?, Browser::start().await?);
    let link = relay.link("groups");
    let left = [here.open(&link).await?, here.open(&link).await?];
    let right = [there.open(&link).await?, there.open(&link).await?];
    let all = [&left[0], &left[1], &right[0], &right[1]];
    for tab in all {
        tab.until_peers(3, PATIENCE).await?;
    }
    // Both groups need funds that a reorg does not undo.
    for (miner, height) in [(&left[0], 1), (&right[0], 2)] {
        let funded = |status: &Status| holds(status.height >= height && status.balance != "0", status.height);
        let status = mine_until(miner, "funds", funded).await?;
        agree(&all, &status.tip, 5 * SECOND).await?;
    }
    let ids = [left[0].status().await?.node_id, right[0].status().await?.node_id];
    let common = left[0].status().await?.height;

    relay.stop().await?;
    let stopped = Instant::now();
    for tab in all {
        tab.until_peers(1, PATIENCE).await?;
    }
    let (one, other) = (left[1].status().await?.address, right[1].status().await?.address);
    let payments = [left[0].send(&one, 11, "left").await?, right[0].send(&other, 22, "right").await?];
    let light =
        mine_until(&left[0], "a block", |status| holds(status.height > common, status.height)).await?;
    let heavier = |status: &Status| {
        holds(work(status) > work(&light) && status.height > light.height, (status.height, &status.work))
    };
    let heavy = mine_until(&right[0], "the heavier chain", heavier).await?;
    agree(&[&left[1]], &light.tip, SECOND).await?;
    agree(&[&right[1]], &heavy.tip, SECOND).await?;
    ensure!(light.tip != heavy.tip, "the groups did not mine apart");
    let apart = Duration::from_secs(if long() { 30 } else { 10 });
    until("the time apart", 2 * apart, async || holds(stopped.elapsed() >= apart, stopped.elapsed())).await?;

    relay.restart()?;
    agree(&all, &heavy.tip, 15 * SECOND).await?;
    for tab in all {
        tab.until_peers(3, 15 * SECOND).await?;
    }
    ensure!(left[0].status().await?.node_id == ids[0], "another id on the left");
    ensure!(right[0].status().await?.node_id == ids[1], "another id on the right");
    for tab in all {
        let waits = async || {
            let waiting = tab.mempool().await?;
            holds(waiting.iter().any(|payment| payment.id == payments[0]), waiting.len())
        };
        until("the undone payment to wait again", PATIENCE, waits).await?;
    }
    let empty = |status: &Status| holds(status.mempool == 0 && status.height > heavy.height, status.mempool);
    let end = mine_until(&right[0], "everything to be mined", empty).await?;
    agree(&all, &end.tip, 5 * SECOND).await?;
    for tab in all {
        ensure!(tab.account(&one).await?.balance == "11", "the left's payment is lost");
        ensure!(tab.account(&other).await?.balance == "22", "the right's payment is lost");
    }
    here.is_content(&[NO_RELAY, NO_PAGES]).await?;
    there.is_content(&[NO_RELAY, NO_PAGES]).await
}

/// No server at all: tabs of one browser still are a network.
#[tokio::test]
async fn two_tabs_without_a_relay_see_each_others_blocks() -> Result<()> {
    let mut relay = Relay::start()?;
    let browser = Browser::start().await?;
    let link = relay.link("no-relay");
    let tabs = [browser.open(&link).await?, browser.open(&link).await?];
    for tab in &tabs {
        // A page whose miner has run is loaded whole.
        mine_until(tab, "the miner to run", |status| holds(status.hash_rate > 0.0, status.hash_rate)).await?;
    }
    relay.stop().await?;
    for tab in &tabs {
        tab.until_connection(Connection::Offline, PATIENCE).await?;
        tab.until_peers(1, 3 * SECOND).await?;
        let peers = tab.peers().await?;
        ensure!(peers.iter().all(|peer| peer.via == Via::Broadcast), "{peers:?}");
        tab.until_text("connection", SECOND, |text| text.contains("offline")).await?;
        tab.watch().await?;
    }
    for (miner, other) in [(&tabs[0], &tabs[1]), (&tabs[1], &tabs[0])] {
        let before = miner.status().await?.height;
        let status =
            mine_until(miner, "a block", |status| holds(status.height > before, status.height)).await?;
        agree(&[other], &status.tip, SECOND).await?;
    }
    let (one, two) = (tabs[0].blocks_seen().await?, tabs[1].blocks_seen().await?);
    for block in &one {
        let same = two.iter().find(|other| other.hash == block.hash);
        let apart = same.map(|other| (other.at - block.at).abs());
        ensure!(apart.is_some_and(|apart| apart < 1000.0), "block {} came {apart:?} ms later", block.height);
    }
    // The relay comes back, and so do they, by themselves.
    relay.restart()?;
    for tab in &tabs {
        tab.until_connection(Connection::Online, 15 * SECOND).await?;
    }
    browser.is_content(&[NO_RELAY, NO_PAGES]).await
}
