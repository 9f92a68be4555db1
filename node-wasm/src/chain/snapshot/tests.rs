//! Tests of chains that start from a snapshot: they are what they were, and every reorg still works.

use super::*;
use crate::consensus::RuleError;
use crate::test;
use crate::testing::{START, address, block_on, easy_params, pay};
use crate::units::{Amount, Timestamp};

fn at(seconds: u64) -> Timestamp {
    START.plus_ms(seconds * 1000)
}

/// Adds `count` blocks by `miner`; person 1 pays the miner in each, if it can.
fn extend(chain: &mut Chain, count: u32, miner: u8) -> Vec<Block> {
    let mut blocks = Vec::new();
    for number in chain.height().0 + 1..=chain.height().0 + count {
        let account = chain.account(&address(1));
        let payment = pay(&chain.genesis(), 1, miner, 10, account.nonce);
        let payments = if account.balance > Amount(11) { vec![payment] } else { Vec::new() };
        let block = block_on(chain, at(10 * u64::from(number)), miner, &payments);
        let outcome = chain.insert_block(at(1_000_000), block.clone()).expect("a valid block");
        assert!(outcome.invalid.is_empty());
        blocks.push(block);
    }
    blocks
}

/// Gives a chain a block as a sync does, its header first.
fn give(chain: &mut Chain, block: Block) -> Result<Outcome, ChainError> {
    let hash = block.hash();
    chain.insert_header(at(1_000_000), block.header)?;
    chain.insert_body(hash, block.body)
}

fn chain_of(count: u32) -> Chain {
    let mut chain = Chain::new(easy_params());
    extend(&mut chain, count, 1);
    chain
}

fn block(chain: &Chain, height: u32) -> Block {
    (*chain.block_at(Height(height)).expect("a block")).clone()
}

/// The chain as it comes back from its snapshot.
fn restarted(chain: &Chain) -> Chain {
    let tip = block(chain, chain.height().0);
    Chain::from_snapshot(easy_params(), chain.snapshot(), tip).expect("its own snapshot")
}

fn load(chain: &mut Chain, source: &Chain, heights: Range<u32>) -> Option<ChainUpdate> {
    let mut update = None;
    for height in heights {
        assert_eq!(chain.unloaded().start, height);
        let outcome = chain.load(block(source, height)).expect("its own block");
        assert_eq!(outcome.invalid, []);
        update = update.or(outcome.update);
    }
    update
}

fn assert_same(a: &Chain, b: &Chain) {
    assert_eq!((a.tip(), a.ledger()), (b.tip(), b.ledger()));
    assert_eq!((a.tip_context(), a.locator()), (b.tip_context(), b.locator()));
    assert!(!a.lacks_bodies());
    assert_eq!(a.headers_after(&[], 100), b.headers_after(&[], 100));
}

#[test]
fn a_chain_is_at_its_tip_before_its_bodies_are_here_and_then_whole() {
    for length in [1, 2, 20] {
        let source = chain_of(length);
        let mut chain = restarted(&source);
        assert_same(&chain, &source);
        assert_eq!(chain.unloaded().len() as u32 + 1, length, "the tip is here");
        // It goes on meanwhile.
        let new = extend(&mut chain, 2, 2);
        assert_eq!(load(&mut chain, &source, 1..length), None);
        let mut source = source;
        for block in new {
            source.insert_block(at(1_000_000), block).expect("valid there too");
        }
        assert_same(&chain, &source);
        assert!(chain.unloaded().is_empty());
        for height in 0..=chain.height().0 {
            assert_eq!(chain.block_at(Height(height)), source.block_at(Height(height)));
        }
    }
}

/// Of a chain of 20 blocks whose snapshot was made at 15 and of whose bodies `loaded` are here, a branch from `fork`
/// on wins: at once, or when the bodies are here.
fn reorg(fork: u32, loaded: u32) {
    let source = chain_of(15);
    let mut chain = restarted(&source);
    extend(&mut chain, 5, 1);
    load(&mut chain, &source, 1..loaded + 1);
    let mut rival = Chain::new(easy_params());
    for height in 1..=fork {
        let shared = if height > 15 { block(&chain, height) } else { block(&source, height) };
        rival.insert_block(at(1_000_000), shared).expect("valid");
    }
    let branch = extend(&mut rival, 21 - fork, 2);
    let before = (chain.tip(), chain.ledger().clone());
    let mut update = None;
    for block in branch.clone() {
        let outcome = give(&mut chain, block).expect("valid");
        assert_eq!(outcome.invalid, []);
        update = update.or(outcome.update);
    }
    if fork < 15 {
        assert_eq!((update, (chain.tip(), chain.ledger().clone())), (None, before), "it waits");
        update = load(&mut chain, &source, loaded + 1..15);
    }
    let update = update.expect("the branch has more work");
    assert_eq!((update.fork_height, update.disconnected.len()), (Height(fork), 20 - fork as usize));
    assert_eq!(update.connected.len(), branch.len());
    assert_same(&chain, &rival);
    // And back again, to see that the branch can be undone as well.
    let mut other = Chain::new(easy_params());
    let branch = extend(&mut other, 23, 3);
    load(&mut chain, &source, if fork < 15 { 15..15 } else { loaded + 1..15 });
    for block in branch {
        give(&mut chain, block).expect("valid");
    }
    assert_same(&chain, &other);
}

#[test]
fn a_branch_from_below_the_snapshot_waits_for_the_bodies_and_wins_whole() {
    for fork in [0, 1, 7, 13, 14] {
        for loaded in [0, 5, 13] {
            reorg(fork, loaded);
        }
    }
}

#[test]
fn a_branch_from_above_the_snapshot_wins_at_once() {
    for fork in [15, 17, 19] {
        reorg(fork, 3);
    }
}

#[test]
fn a_branch_that_waited_and_does_not_hold_leaves_no_trace() {
    let source = chain_of(10);
    let mut chain = restarted(&source);
    let mut rival = Chain::new(easy_params());
    let branch = extend(&mut rival, 10, 2);
    // Person 9 has nothing to pay with.
    let payment = pay(&rival.genesis(), 9, 2, 10, 0);
    let bad = block_on(&rival, at(1_000), 2, &[payment]);
    for block in branch.into_iter().chain([bad.clone()]) {
        give(&mut chain, block).expect("nobody looks at balances yet");
    }
    load(&mut chain, &source, 1..9);
    let outcome = chain.load(block(&source, 9)).expect("its own block");
    assert!(
        matches!(outcome.invalid[..], [(hash, RuleError::InsufficientFunds { .. })] if hash == bad.hash())
    );
    assert_same(&chain, &source);
}

#[test]
fn headers_that_do_not_lead_from_this_genesis_to_this_tip_are_refused() {
    let source = chain_of(5);
    let snapshot = source.snapshot();
    let start = |snapshot: &Snapshot, tip| Chain::from_snapshot(easy_params(), snapshot.clone(), tip);
    for height in [0, 1, 4] {
        assert!(matches!(start(&snapshot, block(&source, height)), Err(ChainError::UnknownHeader(_))));
    }
    for missing in 0..4 {
        let mut snapshot = snapshot.clone();
        snapshot.headers.remove(missing);
        assert!(matches!(start(&snapshot, block(&source, 5)), Err(ChainError::UnknownParent(_))));
    }
    let mut tip = block(&source, 5);
    tip.body.coinbase.reward = Amount(1);
    let refused = start(&snapshot, tip).expect_err("another body");
    assert!(matches!(refused, ChainError::Rule(RuleError::MerkleRoot { .. })));
    let other = ChainParams { data_bytes_max: 7, ..easy_params() };
    let refused = Chain::from_snapshot(other, snapshot, block(&source, 5)).expect_err("another genesis");
    assert!(matches!(refused, ChainError::UnknownParent(_)));
}

#[test]
fn balances_that_are_not_those_of_the_blocks_are_found_and_replaced() {
    let source = chain_of(8);
    let mut snapshot = source.snapshot();
    snapshot.accounts = chain_of(7).ledger.accounts();
    let mut chain = Chain::from_snapshot(easy_params(), snapshot, block(&source, 8)).expect("it links");
    load(&mut chain, &source, 1..7);
    assert_eq!(chain.load(block(&source, 7)), Err(ChainError::WrongSnapshot));
    let update = chain.abandon_snapshot().update.expect("a change");
    assert_eq!((update.fork_height, update.disconnected.len()), (Height(8), 0));
    assert_same(&chain, &source);
    let mut rival = Chain::new(easy_params());
    for block in extend(&mut rival, 9, 2) {
        give(&mut chain, block).expect("valid");
    }
    assert_same(&chain, &rival);
}

#[test]
fn without_one_body_the_chain_ends_below_it_until_that_body_comes() {
    for lost in [1, 6, 9] {
        let source = chain_of(10);
        let mut chain = restarted(&source);
        extend(&mut chain, 3, 2);
        let after = (chain.tip(), chain.ledger().clone());
        load(&mut chain, &source, 1..lost);
        let mut wrong = block(&source, lost);
        wrong.body.transactions.clear();
        wrong.body.coinbase.extra_nonce = 77;
        assert!(chain.load(wrong).is_err());
        let update = chain.abandon_snapshot().update.expect("a change");
        assert_eq!(update.fork_height, Height(lost - 1));
        assert_eq!(*chain.ledger(), chain_of(lost - 1).ledger);
        assert!(chain.unloaded().is_empty() && chain.lacks_bodies());
        // What was not loaded is missing; what came after the snapshot is here.
        let missing = chain.missing_bodies();
        let heights = missing.iter().map(|hash| chain.position(hash).expect("a header").0.0);
        assert_eq!(heights.collect::<Vec<_>>(), (lost..10).collect::<Vec<_>>());
        for height in (lost..10).rev() {
            let Block { header, body } = block(&source, height);
            chain.insert_body(header.hash(), body).expect("valid");
        }
        assert_eq!((chain.tip(), chain.ledger().clone()), after);
    }
}

#[test]
fn a_block_that_the_replay_finds_invalid_is_so_for_good() {
    let mut chain = chain_of(2);
    let mut snapshot = chain.snapshot();
    // Person 9 has nothing to pay with.
    let payment = pay(&chain.genesis(), 9, 2, 10, 0);
    let bad = block_on(&chain, at(30), 1, &[payment]);
    chain.insert_header(at(1_000), bad.header).expect("nothing is wrong with it");
    let next = crate::testing::proven(Block {
        header: Header { previous: bad.hash(), ..bad.header },
        ..bad.clone()
    });
    snapshot.headers.extend([bad.header, next.header]);
    let source = chain_of(2);
    let mut chain = Chain::from_snapshot(easy_params(), snapshot, next).expect("it links");
    load(&mut chain, &source, 1..3);
    let refused = chain.load(bad.clone()).expect_err("the replay sees balances");
    assert!(matches!(refused, ChainError::Rule(RuleError::InsufficientFunds { .. })));
    chain.abandon_snapshot();
    assert_eq!((chain.tip(), chain.missing_bodies()[0]), (source.tip(), bad.hash()));
    let outcome = chain.insert_body(bad.hash(), bad.body).expect("nobody looks at balances yet");
    assert_eq!(outcome.invalid.len(), 1);
    assert_same(&chain, &source);
}

#[test]
fn a_body_that_a_peer_sent_meanwhile_is_loaded_all_the_same() {
    let source = chain_of(10);
    let mut chain = restarted(&source);
    for height in [3, 2] {
        give(&mut chain, block(&source, height)).expect("valid");
    }
    chain.load(block(&source, 1)).expect("valid");
    assert_eq!(chain.unloaded(), 4..10);
    load(&mut chain, &source, 4..10);
    assert_same(&chain, &source);
}
