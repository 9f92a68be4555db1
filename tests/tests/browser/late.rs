//! Coming late: a long chain is fetched and checked in seconds.

use std::time::Duration;

use anyhow::{Result, ensure};
use node_wasm::units::RoomName;
use tests::browser::Browser;
use tests::chain;
use tests::peer::Peer;
use tests::relay::Relay;

/// D8, E6: a tab that joins a chain of `blocks` is at its tip within `limit` of being opened.
async fn joins(room: &str, blocks: u32, limit: Duration) -> Result<()> {
    let relay = Relay::start()?;
    let name: RoomName = room.parse()?;
    let chain = chain::of(&name, blocks)?;
    let peer = Peer::start(&relay.socket(), &name, &chain)?;
    let tip = peer.see(|node| node.chain().tip().hash.to_string()).await?;
    let browser = Browser::start().await?;
    let tab = browser.blank().await?;
    tab.navigate(&relay.link(room)).await?;
    let took = tab.reach(blocks, 2 * limit).await?;
    println!("{blocks} blocks joined in {took:.0} ms");
    ensure!(took < limit.as_secs_f64() * 1000.0, "{blocks} blocks took {took:.0} ms");
    let status = tab.status().await?;
    ensure!(status.tip == tip, "another tip: {status:?}");
    browser.is_content(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_tab_joins_a_thousand_blocks_in_three_seconds() -> Result<()> {
    joins("late-1000", 1000, Duration::from_secs(3)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_tab_joins_ten_thousand_blocks_in_thirty_seconds() -> Result<()> {
    joins("late-10000", 10_000, Duration::from_secs(30)).await
}
