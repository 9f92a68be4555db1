//! What a tab keeps: its key, its chain and its waiting payments, and what it does when the store was damaged.

use anyhow::{Result, ensure};
use node_wasm::api::{Connection, SyncOutcome, Synced};
use serde_json::json;
use tests::browser::Browser;
use tests::clock::{holds, until};
use tests::peer::Peer;
use tests::relay::Relay;
use tests::tab::Tab;

use crate::{PATIENCE, SECOND};

/// Changes one byte of the stored block at a height.
const DAMAGE: &str = "
    const [name, height, done] = arguments;
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
        const database = opening.result;
        const change = database.transaction('blocks', 'readwrite');
        const blocks = change.objectStore('blocks');
        const reading = blocks.get(height);
        reading.onsuccess = () => {
            const record = reading.result;
            record[record.length >> 1] ^= 1;
            blocks.put(record, height);
        };
        change.oncomplete = () => { database.close(); done(true); };
        change.onabort = () => done(false);
    };";

async fn mine(tab: &Tab, height: u32) -> Result<()> {
    tab.mine(true).await?;
    tab.until_height(height, PATIENCE).await?;
    tab.mine(false).await?;
    tab.until("the miner to rest", SECOND, |status| holds(!status.mining, status.mining)).await?;
    Ok(())
}

/// C4, C5: reload and reopen give the same node back; another tab is another node.
#[tokio::test]
async fn a_tab_comes_back_as_it_was_and_no_other_gets_its_key() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let link = relay.link("keep");
    let tab = browser.open(&link).await?;
    mine(&tab, 2).await?;
    let own = tab.status().await?.address;
    tab.send(&own, 1, "kept").await?;
    // From here on nobody can answer.
    tab.ask::<Connection>("disconnect", vec![]).await?;
    let before = tab.status().await?;
    ensure!(before.slot == 1 && before.mempool == 1, "{before:?}");

    tab.reload().await?;
    let after = tab.status().await?;
    ensure!(after.peers == 0 && after.connection == Connection::Off, "someone could answer: {after:?}");
    let kept = |status: &node_wasm::api::Status| {
        let (a, b) = (status, &before);
        let same = (&a.node_id, &a.address, &a.tip, &a.balance, a.height, a.mempool, a.slot);
        holds(same == (&b.node_id, &b.address, &b.tip, &b.balance, b.height, b.mempool, b.slot), a)
    };
    kept(&after)?;

    let second = browser.open(&link).await?;
    let other = second.status().await?;
    ensure!(
        other.slot == 2 && other.address != before.address && other.node_id != before.node_id,
        "{other:?}"
    );
    second.until_height(before.height, 5 * SECOND).await?;
    second.close().await?;
    tab.close().await?;

    let reopened = browser.open(&link).await?;
    kept(&reopened.status().await?)?;
    browser.is_content(&[]).await
}

/// A7 and bad input: a damaged record is named, loaded up to, said so, and fetched again.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_named_and_fetched_again() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let tab = browser.open(&relay.link("damage")).await?;
    let peer = Peer::start(&relay.socket(), &"damage".parse()?, &[])?;
    tab.until_peers(1, PATIENCE).await?;
    mine(&tab, 3).await?;
    let whole = tab.status().await?;
    let height = whole.height;
    peer.until("the chain", PATIENCE, move |node| {
        holds(node.chain().height().0 == height, node.chain().height())
    })
    .await?;
    tab.click("check-chain").await?;
    tab.until_text("check-result", 5 * SECOND, |text| text.starts_with("Valid")).await?;

    tab.ask::<Connection>("disconnect", vec![]).await?;
    let damaged: bool = tab.run_async(DAMAGE, vec![json!("tabchain/damage/1"), json!(2)]).await?;
    ensure!(damaged, "the record was not changed");
    tab.click("check-chain").await?;
    let verdict = tab.until_text("check-result", 5 * SECOND, |text| text.contains('2')).await?;
    ensure!(
        verdict.contains("lock 2") && verdict.contains("C-"),
        "block and rule are not named: {verdict:?}"
    );

    tab.reload().await?;
    let loaded = tab.status().await?;
    ensure!(loaded.height == 1 && loaded.address == whole.address, "{loaded:?}");
    let notice = async || {
        let codes = tab.attributes("notice", "data-code").await?;
        holds(codes == ["corrupt-record"], codes)
    };
    until("the notice", 3 * SECOND, notice).await?;
    let words = tab.text("notice").await?;
    ensure!(words.contains("block 2"), "the notice does not name the block: {words:?}");

    tab.ask::<Connection>("connect", vec![]).await?;
    tab.until("the whole chain again", 5 * SECOND, |status| holds(status.tip == whole.tip, &status.tip))
        .await?;
    let synced: Synced = tab.ask("sync", vec![]).await?;
    ensure!(synced.outcome == SyncOutcome::AlreadyBest, "{synced:?}");
    tab.click("check-chain").await?;
    tab.until_text("check-result", 5 * SECOND, |text| text.starts_with("Valid")).await?;
    browser.is_content(&[]).await
}
