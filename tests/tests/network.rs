//! Nodes without tabs on a real relay: joining together, mining apart, and standing a storm of garbage.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use node_wasm::node::Node;
use node_wasm::units::RoomName;
use tests::chain;
use tests::clock::{holds, random};
use tests::peer::Peer;
use tests::raw::storm;
use tests::relay::Relay;

const SECOND: Duration = Duration::from_secs(1);
/// Far above what anything here takes, as tests run beside other work.
const PATIENCE: Duration = Duration::from_secs(60);

fn room(name: &str) -> RoomName {
    name.parse().expect("a room's name")
}

fn height(node: &Node) -> u32 {
    node.chain().height().0
}

fn at_least(wanted: u32) -> impl Fn(&Node) -> Result<()> + Clone + Send + 'static {
    move |node| holds(height(node) >= wanted, height(node))
}

/// E8: twenty join at once, none ends empty.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_peers_that_join_at_once_all_arrive() -> Result<()> {
    const BLOCKS: u32 = 1000;
    let relay = Relay::without_page()?;
    let room = room("twenty");
    let blocks = chain::of(&room, BLOCKS)?;
    let first = Peer::start(&relay.socket(), &room, &blocks)?;
    let tip = first.see(|node| node.chain().tip().hash).await?;
    let joiners: Vec<_> = (0..20).map(|_| Peer::start(&relay.socket(), &room, &[])).collect::<Result<_>>()?;
    for joiner in &joiners {
        joiner.until("the whole chain", PATIENCE, at_least(BLOCKS)).await?;
        ensure!(joiner.see(|node| node.chain().tip().hash).await? == tip, "another tip");
    }
    for joiner in &joiners {
        let all = |node: &Node| holds(node.peers().len() == 20, node.peers().len());
        joiner.until("twenty peers", PATIENCE, all).await?;
    }
    Ok(())
}

/// What a partition does: each side mines, the heavier chain wins, and the loser's payment lives on.
#[tokio::test(flavor = "multi_thread")]
async fn two_sides_of_a_partition_agree_again_and_lose_no_payment() -> Result<()> {
    let mut relay = Relay::without_page()?;
    let room = room("partition");
    // Blocks on a chain of long ago are easy for a while.
    let blocks = chain::of(&room, 30)?;
    let (left, right) =
        (Peer::start(&relay.socket(), &room, &blocks)?, Peer::start(&relay.socket(), &room, &blocks)?);
    left.mine(true).await?;
    left.until("funds on the left", PATIENCE, at_least(31)).await?;
    left.mine(false).await?;
    let common = left.see(height).await?;
    right.until("the left's block", PATIENCE, at_least(common)).await?;

    relay.stop().await?;
    let alone = |node: &Node| holds(node.peers().is_empty(), node.peers().len());
    left.until("being alone", PATIENCE, alone).await?;
    right.until("being alone", PATIENCE, alone).await?;
    let payment = left.send(right.address, 7, "across the partition").await?;
    left.mine(true).await?;
    left.until("a block of its own", PATIENCE, at_least(common + 1)).await?;
    left.mine(false).await?;
    let light = left.see(|node| node.chain().tip()).await?;
    right.mine(true).await?;
    let heavier = move |node: &Node| {
        let tip = node.chain().tip();
        holds(tip.work > light.work && tip.height > light.height, tip)
    };
    right.until("the heavier chain", PATIENCE, heavier).await?;
    right.mine(false).await?;
    let heavy = right.see(|node| node.chain().tip().hash).await?;
    ensure!(heavy != light.hash, "the sides did not mine apart");

    relay.restart()?;
    let healed = Instant::now();
    let agreed = move |node: &Node| holds(node.chain().tip().hash == heavy, node.chain().tip());
    left.until("the heavier chain", 15 * SECOND, agreed).await?;
    right.until("its own chain", SECOND, agreed).await?;
    ensure!(healed.elapsed() < 15 * SECOND, "agreed after {:?}", healed.elapsed());
    let waits = move |node: &Node| holds(node.mempool().get(&payment).is_some(), node.mempool().len());
    left.until("the undone payment to wait again", SECOND, waits).await?;
    right.until("the other side's payment", 5 * SECOND, waits).await?;

    right.mine(true).await?;
    let before = common;
    let paid = move |node: &Node| holds(node.mempool().is_empty() && height(node) > before, height(node));
    right.until("the payment to be mined", PATIENCE, paid).await?;
    right.mine(false).await?;
    let (to, subsidy) = (right.address, 5000);
    let balance = right.see(move |node| node.chain().account(&to).balance.0).await?;
    // Fees of 1 and amounts of 7: what is not a multiple of the subsidy came by payment.
    ensure!(balance % subsidy == 8, "balance {balance}");
    Ok(())
}

/// Garbage: 10,000 random and bit-flipped messages; nobody is disconnected, no tip moves.
#[tokio::test(flavor = "multi_thread")]
async fn garbage_moves_neither_relay_nor_nodes() -> Result<()> {
    const BLOCKS: u32 = 20;
    let relay = Relay::without_page()?;
    let room = room("garbage");
    let blocks = chain::of(&room, BLOCKS)?;
    let (one, two) =
        (Peer::start(&relay.socket(), &room, &blocks)?, Peer::start(&relay.socket(), &room, &[])?);
    two.until("the chain", PATIENCE, at_least(BLOCKS)).await?;
    let tip = one.see(|node| node.chain().tip().hash).await?;

    let seed = u64::from_le_bytes(random());
    let sent_away = storm(&relay.socket(), &room, 10_000, seed).await?;

    ensure!(sent_away >= 500, "the relay took bytes that are no envelope, seed {seed}");
    for peer in [&one, &two] {
        let refused = |node: &Node| {
            let refused: u64 = node.refusals().iter().map(|(_, count)| count).sum();
            // Not more: a node takes no notice of frames under its own name.
            holds(refused > 4_000, refused)
        };
        peer.until("the refusal of what came through", PATIENCE, refused).await?;
        ensure!(peer.see(|node| node.chain().tip().hash).await? == tip, "the tip moved, seed {seed}");
        ensure!(peer.connections().await? == 1, "a peer was disconnected, seed {seed}");
        let friend = if peer.id == one.id { two.id } else { one.id };
        ensure!(
            peer.see(move |node| node.peers().get(&friend).is_some()).await?,
            "a peer is lost, seed {seed}"
        );
    }
    Ok(())
}
