//! Whole workflows of the five systems that Tabchain grew from, which no other test walks through: the letters are
//! theirs.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use node_wasm::api::{Connection, Status, SyncOutcome, Synced, TransactionState, Verified};
use node_wasm::host::chain_file;
use node_wasm::units::RoomName;
use serde_json::json;
use tests::browser::Browser;
use tests::clock::{holds, until};
use tests::relay::Relay;
use tests::tab::Tab;

use crate::partition::{NO_RELAY, agree, mine_until};
use crate::{PATIENCE, SECOND};

async fn sync(tab: &Tab) -> Result<SyncOutcome> {
    Ok(tab.ask::<Synced>("sync", vec![]).await?.outcome)
}

/// B1-B7: the driver script of the simple blockchain, from the first payment to the second sync, unattended.
#[tokio::test]
async fn the_whole_sequence_runs_unattended() -> Result<()> {
    let relay = Relay::start()?;
    let (here, there) = (Browser::start().await?, Browser::start().await?);
    let link = relay.link("sequence");
    let one = here.open(&link).await?;
    one.until_connection(Connection::Online, PATIENCE).await?;
    ensure!(sync(&one).await? == SyncOutcome::NoPeers, "B5: one node alone has nobody to ask");

    let funded = mine_until(&one, "funds", |status| holds(status.balance != "0", &status.balance)).await?;
    let id = one.send(&funded.address, 3, "to myself").await?;
    let waiting = one.status().await?;
    ensure!(waiting.tip == funded.tip && waiting.mempool == 1, "B2: a payment changed the chain");
    let payment = one.mempool().await?.pop().context("B2: the mempool is empty")?;
    ensure!(payment.id == id && payment.height == funded.height + 1, "B2: {payment:?}");

    let next = funded.height + 1;
    mine_until(&one, "the payment", |status| holds(status.height >= next, status.height)).await?;
    let block = one.block(next).await?;
    ensure!(block.miner == funded.address, "B3: the block pays {}", block.miner);
    ensure!(block.transactions.iter().any(|payment| payment.id == id), "B3: {block:?}");

    // The second node comes, leaves, and misses what the first mines.
    let two = there.open(&link).await?;
    two.until_peers(1, PATIENCE).await?;
    agree(&[&two], &one.status().await?.tip, PATIENCE).await?;
    two.ask::<Connection>("disconnect", vec![]).await?;
    two.until_peers(0, PATIENCE).await?;
    let missed = one.status().await?.height + 2;
    let ahead =
        mine_until(&one, "two blocks", |status| holds(status.height >= missed, status.height)).await?;
    ensure!(two.status().await?.height < missed, "B4: a node that left still follows");
    two.ask::<Connection>("connect", vec![]).await?;
    two.until_peers(1, PATIENCE).await?;
    sync(&two).await?;
    agree(&[&two], &ahead.tip, PATIENCE).await?;
    for tab in [&one, &two] {
        let verified: Verified = tab.ask("verify", vec![]).await?;
        ensure!(verified.valid && verified.height == ahead.height, "B4: {verified:?}");
        ensure!(sync(tab).await? == SyncOutcome::AlreadyBest, "B6: a second sync finds something");
    }
    here.is_content(&[]).await?;
    there.is_content(&[NO_RELAY]).await
}

/// C7: two pools that differ become their union, and ten more syncs leave it as it is.
#[tokio::test]
async fn pools_become_their_union_and_stay_it() -> Result<()> {
    let relay = Relay::start()?;
    let (here, there) = (Browser::start().await?, Browser::start().await?);
    let link = relay.link("pools");
    let (one, two) = (here.open(&link).await?, there.open(&link).await?);
    for tab in [&one, &two] {
        tab.until_peers(1, PATIENCE).await?;
        let funded = mine_until(tab, "funds", |status| holds(status.balance != "0", &status.balance)).await?;
        agree(&[&one, &two], &funded.tip, PATIENCE).await?;
    }
    for tab in [&one, &two] {
        tab.ask::<Connection>("disconnect", vec![]).await?;
        tab.until_peers(0, PATIENCE).await?;
    }
    let mut sent = Vec::new();
    for tab in [&one, &two] {
        let own = tab.status().await?.address;
        for amount in 1..=3 {
            sent.push(tab.send(&own, amount, "").await?);
        }
    }
    sent.sort();
    for tab in [&one, &two] {
        ensure!(tab.status().await?.mempool == 3, "the pools met while apart");
        tab.ask::<Connection>("connect", vec![]).await?;
    }
    let pool = async |tab: &Tab| -> Result<Vec<String>> {
        let mut ids: Vec<String> = tab.mempool().await?.into_iter().map(|payment| payment.id).collect();
        ids.sort();
        Ok(ids)
    };
    for tab in [&one, &two] {
        let union = async || {
            let ids = pool(tab).await?;
            holds(ids == sent, ids)
        };
        until("the union of both pools", PATIENCE, union).await?;
    }
    for _ in 0..10 {
        for tab in [&one, &two] {
            sync(tab).await?;
            let ids = pool(tab).await?;
            ensure!(ids == sent, "a sync changed the pool: {ids:?}");
        }
    }
    here.is_content(&[NO_RELAY]).await?;
    there.is_content(&[NO_RELAY]).await
}

/// D9: a chain with a block that has no proof of work is refused by every tab, with the rule's name.
#[tokio::test]
async fn a_block_without_work_is_refused_by_every_tab() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let room: RoomName = "no-work".parse()?;
    let link = relay.link(room.as_str());
    let tabs = [browser.open(&link).await?, browser.open(&link).await?];
    let genesis = node_wasm::consensus::ChainParams::room(room.clone()).genesis().hash();
    let mut blocks = tests::chain::of(&room, 3)?;
    // Of the nonces few make a block: the next one that does not is as good as any.
    let last = blocks.last_mut().context("the chain has blocks")?;
    let target = last.header.bits.expand().context("a block has a target")?;
    while target.is_met_by(&last.hash()) {
        last.header.nonce = last.header.nonce.wrapping_add(1);
    }
    let shared: Vec<_> = blocks.into_iter().map(Arc::new).collect();
    let file = chain_file::write(genesis, &shared);
    let script = "
        const [bytes, done] = arguments;
        window.tabchain.import(new Uint8Array(bytes)).then(
            () => done('accepted'), (error) => done(`${error.code}: ${error.message}`));";
    for tab in &tabs {
        let said: String = tab.run_async(script, vec![json!(file)]).await?;
        ensure!(said.starts_with("C-03"), "{said}");
        let status = tab.status().await?;
        ensure!(status.height == 2, "the two blocks before it are the chain, not {}", status.height);
    }
    browser.is_content(&[]).await
}

/// E4: a tab that dies blocks nobody: writing and mining go on at once.
#[tokio::test]
async fn a_dead_peer_blocks_nothing() -> Result<()> {
    let relay = Relay::start()?;
    let (here, there) = (Browser::start().await?, Browser::start().await?);
    let link = relay.link("dead-peer");
    let (one, two, victim) = (here.open(&link).await?, here.open(&link).await?, there.open(&link).await?);
    for tab in [&one, &two, &victim] {
        tab.until_peers(2, PATIENCE).await?;
    }
    let funded = mine_until(&one, "funds", |status| holds(status.balance != "0", &status.balance)).await?;
    agree(&[&two, &victim], &funded.tip, PATIENCE).await?;
    // The process of the tab is gone: nobody says goodbye.
    victim.devtools("Page.crash", json!({})).await.err();
    let id = one.send(&two.status().await?.address, 5, "still here").await?;
    two.until("the payment", 5 * SECOND, |status| holds(status.mempool == 1, status.mempool)).await?;
    mine_until(&one, "the payment", |status| holds(status.mempool == 0, status.mempool)).await?;
    let confirmed = async || {
        let payment: node_wasm::api::TransactionView = two.ask("transaction", vec![json!(id)]).await?;
        holds(payment.state == TransactionState::Confirmed, payment.state)
    };
    until("the payment to be confirmed", 5 * SECOND, confirmed).await?;
    here.is_content(&[]).await
}

/// E5: two tabs write at the same instants, a hundred texts each: one order everywhere, each text once.
#[tokio::test]
async fn two_write_at_the_same_instant_a_hundred_times() -> Result<()> {
    /// As many as one sender may have waiting, and a divisor of the hundred.
    const AT_ONCE: u32 = 50;
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let link = relay.link("same-instant");
    let tabs = [browser.open(&link).await?, browser.open(&link).await?];
    for tab in &tabs {
        tab.until_peers(1, PATIENCE).await?;
        let funded = mine_until(tab, "funds", |status| holds(status.balance != "0", &status.balance)).await?;
        agree(&[&tabs[0], &tabs[1]], &funded.tip, PATIENCE).await?;
    }
    // Begins to write and returns at once, so that both tabs write at the same time.
    let script = "
        const [from, count] = arguments;
        const write = async () => {
            const { address } = await window.tabchain.status();
            for (let text = from; text < from + count; text += 1) {
                await window.tabchain.send({ to: address, amount: '1', data: `text ${text}` });
            }
            return 'written';
        };
        window.writing = 'writing';
        write().catch((error) => `${error.code}: ${error.message}`).then((end) => { window.writing = end; });
        return null;";
    let mut end = String::new();
    for from in [0, AT_ONCE] {
        for tab in &tabs {
            tab.run::<()>(script, vec![json!(from), json!(AT_ONCE)]).await?;
        }
        for tab in &tabs {
            let written = async || {
                let word: String = tab.run("return window.writing;", vec![]).await?;
                holds(word == "written", word)
            };
            until("all texts to be written", PATIENCE, written).await?;
        }
        let all = |status: &Status| holds(status.mempool == 2 * AT_ONCE, status.mempool);
        tabs[0].until("all texts", PATIENCE, all).await?;
        let empty = |status: &Status| holds(status.mempool == 0, status.mempool);
        end = mine_until(&tabs[0], "all texts to be mined", empty).await?.tip;
    }
    agree(&[&tabs[1]], &end, PATIENCE).await?;
    let mut orders = Vec::new();
    for tab in &tabs {
        let mut order = Vec::new();
        for height in 1..=tab.status().await?.height {
            let texts = tab.block(height).await?.transactions.into_iter();
            order.extend(texts.map(|payment| (payment.from, payment.data)));
        }
        orders.push(order);
    }
    ensure!(orders[0] == orders[1], "two orders");
    let mut texts = orders[0].clone();
    texts.sort();
    texts.dedup();
    ensure!(
        texts.len() == 200 && orders[0].len() == 200,
        "{} texts, {} different",
        orders[0].len(),
        texts.len()
    );
    browser.is_content(&[]).await
}
