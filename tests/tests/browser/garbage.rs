//! Garbage: bytes that mean nothing cost a tab nothing.

use anyhow::{Result, ensure};
use node_wasm::api::Connection;
use node_wasm::units::RoomName;
use tests::browser::Browser;
use tests::clock::{holds, random};
use tests::raw::storm;
use tests::relay::Relay;

use crate::{PATIENCE, SECOND};

/// E7: 10,000 random and bit-flipped messages; no panic, nobody disconnected, the tip unmoved.
#[tokio::test]
async fn garbage_moves_no_tab() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let room: RoomName = "garbage".parse()?;
    let link = relay.link(room.as_str());
    let tabs = [browser.open(&link).await?, browser.open(&link).await?];
    for tab in &tabs {
        tab.until_peers(1, PATIENCE).await?;
    }
    tabs[0].mine(true).await?;
    tabs[0].until_height(1, PATIENCE).await?;
    tabs[0].mine(false).await?;
    let before = tabs[0].status().await?;
    tabs[1].until_height(before.height, 2 * SECOND).await?;
    for tab in &tabs {
        // Whoever is disconnected, even for a moment, leaves a trace here.
        tab.run::<()>(
            "window.connections = []; window.tabchain.on('connection', (view) => window.connections.push(view.state));",
            vec![],
        )
        .await?;
    }

    let seed = u64::from_le_bytes(random());
    let sent_away = storm(&relay.socket(), &room, 10_000, seed).await?;

    ensure!(sent_away >= 500, "the relay took bytes that are no envelope, seed {seed}");
    for tab in &tabs {
        let same = |status: &node_wasm::api::Status| {
            holds(status.tip == before.tip && status.connection == Connection::Online, &status.tip)
        };
        tab.until("an unmoved tip", SECOND, same).await?;
        let changes: Vec<String> = tab.run("return window.connections;", vec![]).await?;
        ensure!(changes.is_empty(), "the connection changed: {changes:?}, seed {seed}");
        tab.until_peers(1, 5 * SECOND).await?;
    }
    // They still work.
    tabs[1].mine(true).await?;
    let status = tabs[1].until_height(before.height + 1, PATIENCE).await?;
    tabs[1].mine(false).await?;
    tabs[0].until_height(status.height, 2 * SECOND).await?;
    browser.is_content(&[]).await
}
