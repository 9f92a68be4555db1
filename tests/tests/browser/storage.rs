//! What a tab keeps: its key, its chain and its waiting payments, and what it does when the store was damaged.

use anyhow::{Result, ensure};
use node_wasm::api::{Connection, SyncOutcome, Synced};
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::clock::{holds, until};
use tests::peer::Peer;
use tests::relay::Relay;
use tests::tab::Tab;

use crate::{PATIENCE, SECOND};

/// Changes one byte of a stored record.
const DAMAGE: &str = "
    const [name, store, key, done] = arguments;
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
        const database = opening.result;
        const change = database.transaction(store, 'readwrite');
        const records = change.objectStore(store);
        const reading = records.get(key);
        reading.onsuccess = () => {
            const record = reading.result;
            record[record.length >> 1] ^= 1;
            records.put(record, key);
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

pub(crate) async fn damage(tab: &Tab, database: &str, store: &str, key: Value) -> Result<()> {
    let damaged: bool = tab.run_async(DAMAGE, vec![json!(database), json!(store), key]).await?;
    ensure!(damaged, "the record was not changed");
    Ok(())
}

/// Waits for the page to show this notice and no other; its words.
pub(crate) async fn notice(tab: &Tab, code: &str) -> Result<String> {
    let shown = async || {
        let codes = tab.attributes("notice", "data-code").await?;
        holds(codes == [code], codes)
    };
    until("the notice", 3 * SECOND, shown).await?;
    tab.text("notice").await
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
    tab.visit("node").await?;
    tab.click("check-chain").await?;
    tab.until_text("check-result", 5 * SECOND, |text| text.starts_with("Valid")).await?;

    tab.ask::<Connection>("disconnect", vec![]).await?;
    damage(&tab, "tabchain/damage/1", "blocks", json!(2)).await?;
    tab.click("check-chain").await?;
    let verdict = tab.until_text("check-result", 5 * SECOND, |text| text.contains('2')).await?;
    ensure!(
        verdict.contains("lock 2") && verdict.contains("C-"),
        "block and rule are not named: {verdict:?}"
    );

    tab.reload().await?;
    let loaded = tab.status().await?;
    ensure!(loaded.height == 1 && loaded.address == whole.address, "{loaded:?}");
    let words = notice(&tab, "corrupt-record").await?;
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

/// A key that the disk damaged is not silently another one.
#[tokio::test]
async fn a_damaged_key_is_said_so_and_kept_aside() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let tab = browser.open(&relay.link("key")).await?;
    let own = tab.status().await?.address;
    damage(&tab, "tabchain/key/1", "meta", json!("seed")).await?;
    tab.reload().await?;
    let words = notice(&tab, "key-damaged").await?;
    ensure!(words.contains("new key"), "{words:?}");
    let new = tab.status().await?.address;
    ensure!(new != own, "a damaged seed was used");
    tab.reload().await?;
    ensure!(tab.status().await?.address == new, "the new key was not kept");
    ensure!(tab.attributes("notice", "data-code").await?.is_empty(), "it is said once");
    let aside = "
        const [name, done] = arguments;
        const opening = indexedDB.open(name);
        opening.onsuccess = () => {
            const database = opening.result;
            const reading = database.transaction('meta').objectStore('meta').get('seed.damaged');
            reading.onsuccess = () => { database.close(); done(reading.result?.length ?? 0); };
        };";
    let bytes: usize = tab.run_async(aside, vec![json!("tabchain/key/1")]).await?;
    ensure!(bytes > 0, "what was left of the old key is gone");
    browser.is_content(&[]).await
}
