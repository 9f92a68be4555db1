//! A node's state as the page sees it. Reads only; every figure has this one source.

use std::collections::BTreeSet;

use super::{
    AccountView, ApiError, BLOCKS_MAX, BlockSummary, BlockView, MEMPOOL_MAX, PeerView, Reorg,
    TransactionState, TransactionView, Via,
};
use crate::chain::ChainUpdate;
use crate::node::Node;
use crate::peer::{Medium, Peer};
use crate::primitives::{Address, Block, BlockHash, Target, Transaction, TransactionId};
use crate::units::{BlockTime, Height};

/// A block by its height in decimal digits or its hash in hex.
///
/// # Errors
/// `bad-argument` when the text is neither, `not-found` when there is no such block.
pub fn block(node: &Node, which: &str) -> Result<BlockView, ApiError> {
    let chain = node.chain();
    let hash = if let Ok(hash) = which.parse::<BlockHash>() {
        Some(hash)
    } else if let Ok(height) = which.parse::<u32>() {
        chain.hash_at(Height(height))
    } else {
        let message = format!("{which:?} is neither a height nor a hash of 64 hexadecimal digits");
        return Err(error("bad-argument", message));
    };
    let found = hash.and_then(|hash| Some((hash, chain.block(&hash)?)));
    let (hash, block) = found.ok_or_else(|| error("not-found", format!("there is no block {which}")))?;
    Ok(block_view(node, hash, &block))
}

/// The blocks of the chain from a height downwards, the tip's if it is `None`.
#[must_use]
pub fn blocks(node: &Node, from: Option<u32>, count: u32, own: &Address) -> Vec<BlockSummary> {
    let top = from.unwrap_or(u32::MAX).min(node.chain().height().0);
    let heights = (0..=top).rev().take(count.min(BLOCKS_MAX) as usize);
    heights
        .filter_map(|height| node.chain().block_at(Height(height)))
        .map(|block| summary(&block, own))
        .collect()
}

/// A block as a list shows it.
#[must_use]
pub fn summary(block: &Block, own: &Address) -> BlockSummary {
    let coinbase = &block.body.coinbase;
    BlockSummary {
        height: coinbase.height.0,
        hash: block.hash().to_string(),
        time: milliseconds(block.header.time),
        miner: miner(block),
        transactions: u32::try_from(block.body.transactions.len()).unwrap_or(u32::MAX),
        size: block.size(),
        reward: coinbase.reward.to_string(),
        mine: coinbase.height > Height::GENESIS && coinbase.recipient == *own,
    }
}

/// A payment, waiting or confirmed.
///
/// # Errors
/// `bad-argument` when the text is no id, `not-found` when there is no such payment.
pub fn transaction(node: &Node, id: &str) -> Result<TransactionView, ApiError> {
    let wanted: TransactionId =
        id.parse().map_err(|reason| error("bad-argument", format!("{id:?}: {reason}")))?;
    if let Some(waiting) = node.mempool().get(&wanted) {
        return Ok(pending(node, &waiting.transaction));
    }
    let heights = (1..=node.chain().height().0).rev();
    let mut blocks = heights.filter_map(|height| node.chain().block_at(Height(height)));
    blocks
        .find_map(|block| {
            let found = block.body.transactions.iter().find(|transaction| transaction.id() == wanted)?;
            Some(confirmed(found, block.hash(), block.body.coinbase.height))
        })
        .ok_or_else(|| error("not-found", format!("there is no payment {id}")))
}

/// An account by its address.
///
/// # Errors
/// `bad-address` when the text is none.
pub fn account(node: &Node, address: &str) -> Result<AccountView, ApiError> {
    let wanted: Address =
        address.parse().map_err(|reason| error("bad-address", format!("{address:?}: {reason}")))?;
    let account = node.chain().account(&wanted);
    Ok(AccountView {
        address: wanted.to_string(),
        balance: account.balance.to_string(),
        nonce: account.nonce,
        pending: node.mempool().pending(&wanted).to_string(),
    })
}

/// The waiting payments, the next to be mined first; those that cannot be mined yet last.
#[must_use]
pub fn mempool(node: &Node) -> Vec<TransactionView> {
    let mut next = node.mempool().select(u64::MAX, |address| node.chain().account(address));
    next.truncate(MEMPOOL_MAX);
    let mut chosen = BTreeSet::new();
    chosen.extend(next.iter().map(|transaction| transaction.id()));
    let blocked = node.mempool().iter().filter(|waiting| !chosen.contains(&waiting.id));
    let blocked = blocked.map(|waiting| &waiting.transaction);
    next.iter().chain(blocked).take(MEMPOOL_MAX).map(|waiting| pending(node, waiting)).collect()
}

/// A payment that waits, on its way into the next block.
#[must_use]
pub fn pending(node: &Node, transaction: &Transaction) -> TransactionView {
    let height = node.chain().height().0.saturating_add(1);
    let sender = transaction.sender();
    let next = node.mempool().next_nonce(&sender, node.chain().account(&sender).nonce);
    let waits_for = (next < transaction.payment.nonce).then_some(next);
    let view = transaction_view(transaction, TransactionState::Pending, None, height);
    TransactionView { waits_for, ..view }
}

/// The peers, in the order of their ids.
#[must_use]
pub fn peers(node: &Node) -> Vec<PeerView> {
    node.peers().iter().map(|peer| peer_view(node, peer)).collect()
}

/// What a change took away, if it took anything.
#[must_use]
pub fn reorg(update: &ChainUpdate) -> Option<Reorg> {
    let hashes =
        |blocks: &[std::sync::Arc<Block>]| blocks.iter().map(|block| block.hash().to_string()).collect();
    (!update.disconnected.is_empty()).then(|| Reorg {
        fork_height: update.fork_height.0,
        disconnected: hashes(&update.disconnected),
        connected: hashes(&update.connected),
    })
}

fn block_view(node: &Node, hash: BlockHash, block: &Block) -> BlockView {
    let (header, coinbase) = (&block.header, &block.body.coinbase);
    let target = header.bits.expand().unwrap_or(Target::MAX);
    let work = node.chain().position(&hash).map(|(_, work)| work).unwrap_or_default();
    let transactions = block.body.transactions.iter();
    BlockView {
        height: coinbase.height.0,
        hash: hash.to_string(),
        previous: header.previous.to_string(),
        merkle_root: header.merkle_root.to_string(),
        time: milliseconds(header.time),
        bits: header.bits.to_string(),
        target: target.to_string(),
        nonce: header.nonce,
        size: block.size(),
        work: work.to_string(),
        miner: miner(block),
        reward: coinbase.reward.to_string(),
        transactions: transactions.map(|transaction| confirmed(transaction, hash, coinbase.height)).collect(),
    }
}

fn confirmed(transaction: &Transaction, block: BlockHash, height: Height) -> TransactionView {
    transaction_view(transaction, TransactionState::Confirmed, Some(block.to_string()), height.0)
}

fn transaction_view(
    transaction: &Transaction,
    state: TransactionState,
    block: Option<String>,
    height: u32,
) -> TransactionView {
    let payment = &transaction.payment;
    TransactionView {
        id: transaction.id().to_string(),
        from: transaction.sender().to_string(),
        to: payment.recipient.to_string(),
        amount: payment.amount.to_string(),
        fee: payment.fee.to_string(),
        nonce: payment.nonce,
        data: String::from_utf8_lossy(&payment.data).into_owned(),
        size: transaction.size(),
        state,
        block,
        height,
        waits_for: None,
    }
}

fn peer_view(node: &Node, peer: &Peer) -> PeerView {
    let medium = node.peers().path(&peer.id).map_or(Medium::Relay, |link| node.peers().medium(link));
    PeerView {
        id: peer.id.to_string(),
        via: match medium {
            Medium::Broadcast => Via::Broadcast,
            Medium::Relay => Via::Relay,
        },
        height: peer.status.tip.height.0,
        tip: peer.status.tip.hash.to_string(),
        latency_ms: peer.latency_ms,
        since: peer.since.0,
    }
}

/// The genesis pays nobody.
fn miner(block: &Block) -> String {
    let coinbase = &block.body.coinbase;
    if coinbase.height == Height::GENESIS { String::new() } else { coinbase.recipient.to_string() }
}

fn milliseconds(time: BlockTime) -> u64 {
    u64::from(time.0) * 1000
}

fn error(code: &str, message: String) -> ApiError {
    ApiError { code: code.to_owned(), message, field: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Config, Input};
    use crate::test;
    use crate::testing::{START, address, block_on, easy_params, key, pay};

    /// A node with three blocks of person 1, a payment in the third, and one that waits.
    fn node() -> Node {
        let config = Config { params: easy_params(), node_key: key(99).public(), seed: 0 };
        let mut node = Node::new(config, START);
        let genesis = node.chain().genesis();
        for number in 1..=3 {
            let now = START.plus_ms(10_000 * number);
            let payments = if number == 3 { vec![pay(&genesis, 1, 2, 10, 0)] } else { Vec::new() };
            let block = block_on(node.chain(), now, 1, &payments);
            node.restore(now, block).expect("a valid block");
        }
        node.handle(START.plus_ms(40_000), Input::Submit(pay(&genesis, 1, 3, 20, 1)));
        node
    }

    #[test]
    fn a_block_is_found_by_height_and_by_hash() {
        let node = node();
        let by_height = block(&node, "3").expect("there is one");
        assert_eq!(block(&node, &by_height.hash), Ok(by_height.clone()));
        assert_eq!((by_height.height, by_height.reward.as_str()), (3, "5001"));
        assert_eq!(by_height.transactions[0].state, TransactionState::Confirmed);
        assert_eq!(block(&node, "0").expect("the genesis").miner, "");
        assert_eq!(block(&node, "4").expect_err("too high").code, "not-found");
        assert_eq!(block(&node, "-1").expect_err("no height").code, "bad-argument");
    }

    #[test]
    fn blocks_are_listed_from_the_top_and_in_bounds() {
        let node = node();
        let heights = |from, count| -> Vec<u32> {
            blocks(&node, from, count, &address(1)).iter().map(|summary| summary.height).collect()
        };
        assert_eq!(heights(None, 2), [3, 2]);
        assert_eq!(heights(Some(1), u32::MAX), [1, 0]);
        assert_eq!(heights(Some(77), 1), [3]);
        let own: Vec<bool> = blocks(&node, None, 9, &address(1)).iter().map(|summary| summary.mine).collect();
        assert_eq!(own, [true, true, true, false]);
    }

    #[test]
    fn a_payment_is_found_waiting_and_confirmed() {
        let mut node = node();
        let waiting = mempool(&node).remove(0);
        assert_eq!((waiting.state, waiting.height), (TransactionState::Pending, 4));
        assert_eq!(transaction(&node, &waiting.id), Ok(waiting));
        let mined = block(&node, "3").expect("there is one").transactions.remove(0);
        assert_eq!(transaction(&node, &mined.id), Ok(mined));
        node.handle(START.plus_ms(41_000), Input::Submit(pay(&node.chain().genesis(), 1, 3, 20, 3)));
        let gap: Vec<_> = mempool(&node).iter().map(|waiting| (waiting.nonce, waiting.waits_for)).collect();
        assert_eq!(gap, [(1, None), (3, Some(2))]);
        assert_eq!(transaction(&node, &"0".repeat(64)).expect_err("none").code, "not-found");
        assert_eq!(transaction(&node, "xyz").expect_err("no id").code, "bad-argument");
    }

    #[test]
    fn an_account_shows_what_waits() {
        let node = node();
        let account = account(&node, &address(1).to_string()).expect("an address");
        assert_eq!((account.balance.as_str(), account.pending.as_str(), account.nonce), ("14990", "21", 1));
        assert_eq!(super::account(&node, "tab1nonsense").expect_err("mistyped").code, "bad-address");
    }
}
