//! Work that must not be felt: mining leaves the page smooth, hiding the page leaves the node at work.

use std::time::Duration;

use anyhow::{Result, ensure};
use node_wasm::api::{Connection, MiningView, Via};
use node_wasm::units::RoomName;
use serde_json::json;
use tests::browser::Browser;
use tests::chain;
use tests::clock::{holds, until};
use tests::peer::Peer;
use tests::relay::Relay;

use crate::{PATIENCE, SECOND, long};

/// The longest that the main thread may be held up.
const TASK_MS_MAX: f64 = 100.0;

/// The page stays smooth while every core mines.
#[tokio::test]
async fn mining_on_all_cores_holds_up_no_page() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let tab = browser.open(&relay.link("smooth")).await?;
    let cores = tab.mine(false).await?.workers_max;
    let request = json!({ "on": true, "workers": cores, "intensity": 100 });
    let mining: MiningView = tab.ask("mine", vec![request]).await?;
    ensure!(mining.workers == cores && mining.intensity == 100, "{mining:?}");
    tab.until_height(1, PATIENCE).await?;
    let seconds = if long() { 60 } else { 15 };
    let script = "
        const [seconds, done] = arguments;
        const tasks = [];
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration)))
            .observe({ type: 'longtask' });
        setTimeout(() => done(tasks), seconds * 1000);";
    let tasks: Vec<f64> = tab.run_async(script, vec![json!(seconds)]).await?;
    let status = tab.status().await?;
    ensure!(status.mining && status.hash_rate > 0.0, "it did not mine meanwhile: {status:?}");
    let worst = tasks.iter().copied().fold(0.0, f64::max);
    ensure!(worst <= TASK_MS_MAX, "tasks of {tasks:?} ms in {seconds} s");
    browser.is_content(&[]).await
}

/// A tab in the background takes blocks from the relay, checks them, and hands them to a tab that has no relay.
#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_tab_goes_on_validating_and_relaying() -> Result<()> {
    let relay = Relay::start()?;
    let room: RoomName = "hidden".parse()?;
    let browser = Browser::start().await?;
    let link = relay.link(room.as_str());
    let hidden = browser.open(&link).await?;
    let front = browser.open(&link).await?;
    front.ask::<Connection>("disconnect", vec![]).await?;
    hidden.hide().await?;
    let state = async || {
        let state: String = hidden.run("return document.visibilityState;", vec![]).await?;
        holds(state == "hidden", state)
    };
    until("the first tab to be hidden", 5 * SECOND, state).await?;

    // Blocks on a chain of long ago are easy for a while.
    let peer = Peer::start(&relay.socket(), &room, &chain::of(&room, 30)?)?;
    hidden.until_height(30, PATIENCE).await?;
    front.until_height(30, PATIENCE).await?;
    let peers = front.peers().await?;
    ensure!(peers.iter().all(|peer| peer.via == Via::Broadcast), "the tab in front has a relay: {peers:?}");

    peer.mine(true).await?;
    peer.until("blocks", PATIENCE, |node| holds(node.chain().height().0 >= 33, node.chain().height()))
        .await?;
    peer.mine(false).await?;
    let tip = peer.see(|node| node.chain().tip().hash.to_string()).await?;
    let limit = Duration::from_secs(2);
    hidden.until("the peer's tip", limit, |status| holds(status.tip == tip, &status.tip)).await?;
    front.until("the peer's tip", limit, |status| holds(status.tip == tip, &status.tip)).await?;
    browser.is_content(&[]).await
}
