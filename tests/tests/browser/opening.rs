//! Tabs of one room find each other by themselves, each a node of its own.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Result, ensure};
use node_wasm::api::Status;
use tests::browser::Browser;
use tests::clock::{holds, until};
use tests::relay::Relay;

use crate::{PATIENCE, SECOND};

/// A1, A3, D1-D3: same genesis, three ids and addresses, each lists the others and never itself.
#[tokio::test]
async fn three_tabs_are_three_nodes_that_know_each_other() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let link = relay.link("three");
    let mut tabs = vec![browser.open(&link).await?, browser.open(&link).await?];
    let opened = Instant::now();
    tabs.push(browser.open(&link).await?);
    for tab in &tabs {
        tab.until_peers(2, PATIENCE).await?;
    }
    let took = opened.elapsed();
    ensure!(took < 3 * SECOND, "all know each other after {took:?}");

    let mut all = Vec::new();
    for tab in &tabs {
        all.push(tab.status().await?);
    }
    let count = |what: fn(&Status) -> &String| all.iter().map(what).collect::<BTreeSet<_>>().len();
    ensure!(count(|status| &status.genesis) == 1, "several geneses: {all:#?}");
    ensure!(count(|status| &status.node_id) == 3, "a node id twice: {all:#?}");
    ensure!(count(|status| &status.address) == 3, "an address twice: {all:#?}");
    for (tab, own) in tabs.iter().zip(&all) {
        let expect: BTreeSet<_> =
            all.iter().map(|status| status.node_id.clone()).filter(|id| *id != own.node_id).collect();
        let listed = async || {
            let ids: BTreeSet<_> = tab.attributes("peer", "data-id").await?.into_iter().collect();
            holds(ids == expect, ids)
        };
        until("the page to list the two others", 2 * SECOND, listed).await?;
        ensure!(tab.text("address").await? == own.address, "the page shows another address");
        ensure!(tab.text("room").await? == "three", "the page shows another room");
        tab.visit("node").await?;
        ensure!(tab.text("node-id").await? == own.node_id, "the page shows another id");
        ensure!(tab.text("genesis-hash").await? == own.genesis, "the page shows another genesis");
        tab.visit("").await?;
    }

    tabs.remove(2).close().await?;
    for tab in &tabs {
        tab.until_peers(1, 5 * SECOND).await?;
        tab.until_text("peer-count", SECOND, |text| text == "1").await?;
    }
    browser.is_content(&[]).await
}
