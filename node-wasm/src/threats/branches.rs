//! Branches that come in parts, out of order, never whole or with a rotten end: C11, C12 and C25.

use super::*;
use crate::primitives::Header;
use crate::test;
use crate::testing::pay;

/// A tree of blocks: branches that spend differently, some of them more than there is.
fn grown(noise: &mut Noise, blocks: usize) -> Vec<Block> {
    let mut grown: Vec<Block> = Vec::new();
    let mut chains = vec![chain_of(0, 1)];
    while grown.len() < blocks {
        let from = noise.below(chains.len());
        let mut chain = copied(&chains[from], noise);
        let miner = 1 + u8::try_from(noise.below(3)).expect("small");
        let now = at(10 * (u64::from(chain.height().0) + 1) + noise.next() % 5);
        let nonce = chain.account(&crate::testing::address(1)).nonce;
        let amount = if noise.below(6) == 0 { 1_000_000 } else { 1 + noise.next() % 100 };
        let payments: Vec<_> =
            if noise.below(2) == 0 { vec![pay(&chain.genesis(), 1, 2, amount, nonce)] } else { vec![] };
        let mut block = block_on(&chain, now, miner, &payments);
        block.body.coinbase.extra_nonce = noise.next();
        block.header.merkle_root = block.body.merkle_root();
        let block = proven(block);
        grown.push(block.clone());
        // A branch goes on from what holds.
        if chain
            .insert_block(now, block)
            .is_ok_and(|outcome| outcome.invalid.is_empty() && outcome.update.is_some())
        {
            chains.push(chain);
        }
    }
    grown
}

/// Takes a block as a sync brings it: its header, then its body.
fn take(chain: &mut Chain, block: &Block) -> Result<Outcome, ChainError> {
    chain.insert_header(at(20_000), block.header)?;
    chain.insert_body(block.hash(), block.body.clone())
}

/// The chain up to some height.
fn copied(chain: &Chain, noise: &mut Noise) -> Chain {
    let height = chain.height().0;
    let height = height - u32::try_from(noise.below(height.min(4) as usize + 1)).expect("small");
    let mut copy = Chain::new(chain.params().clone());
    for height in 1..=height {
        let block = chain.block_at(Height(height)).expect("a block");
        copy.insert_block(at(10_000_000), (*block).clone()).expect("it was valid");
    }
    copy
}

#[test]
fn c11_whatever_the_order_of_branches_the_state_is_that_of_a_replay() {
    for seed in 0..12 {
        let mut noise = Noise::new(seed);
        let blocks = grown(&mut noise, 40);
        let mut tips = Vec::new();
        for _ in 0..2 {
            let mut chain = Chain::new(easy_params());
            let mut open: Vec<&Block> = blocks.iter().collect();
            while !open.is_empty() {
                let block = open.swap_remove(noise.below(open.len()));
                let before = (chain.tip(), chain.ledger().clone());
                let changed = match take(&mut chain, block) {
                    Ok(outcome) => outcome.update.is_some(),
                    // Its turn comes when its parent is there.
                    Err(ChainError::UnknownParent(_)) => {
                        open.push(block);
                        false
                    }
                    Err(_) => false,
                };
                assert!(
                    changed || (chain.tip(), chain.ledger().clone()) == before,
                    "seed {seed}: a half change"
                );
                assert!(!changed || chain.tip().work > before.0.work, "seed {seed}: less work won");
                assert_eq!(*chain.ledger(), replayed(&chain), "seed {seed}");
            }
            tips.push(chain.tip().work);
        }
        assert_eq!(tips[0], tips[1], "seed {seed}: the order decides over ties only");
    }
}

#[test]
fn c11_a_reorg_of_a_thousand_blocks_ends_whole_or_not_at_all() {
    let mut ours = chain_of(1_000, 1);
    let theirs = {
        let mut theirs = chain_of(1_000, 2);
        let all = theirs.account(&crate::testing::address(2)).balance.0;
        let everything = pay(&theirs.genesis(), 2, 3, all - 1, 0);
        extend_by(&mut theirs, 2, &[everything]);
        theirs
    };
    let before = (ours.tip(), ours.ledger().clone());
    let blocks: Vec<_> =
        (1..=1_001).map(|height| theirs.block_at(Height(height)).expect("a block")).collect();
    for block in &blocks {
        ours.insert_header(at(20_000), block.header).expect("valid");
    }
    // All but the first: nothing can change.
    for block in blocks.iter().skip(1) {
        assert_eq!(ours.insert_body(block.hash(), block.body.clone()), Ok(Outcome::default()));
    }
    assert_eq!((ours.tip(), ours.ledger().clone()), before);
    let outcome = ours.insert_body(blocks[0].hash(), blocks[0].body.clone()).expect("valid");
    let update = outcome.update.expect("a reorg");
    assert_eq!((update.disconnected.len(), update.connected.len()), (1_000, 1_001));
    assert_eq!((ours.tip(), ours.ledger()), (theirs.tip(), theirs.ledger()));
}

#[test]
fn c12_of_equal_work_the_first_that_was_whole_stays() {
    let mut chain = chain_of(3, 1);
    let (first, second) = (block_on(&chain, at(40), 1, &[]), block_on(&chain, at(40), 2, &[]));
    // The second's header comes first; what counts is the whole block.
    chain.insert_header(at(40), second.header).expect("valid");
    chain.insert_block(at(40), first.clone()).expect("valid");
    assert_eq!(chain.insert_block(at(40), second), Ok(Outcome::default()));
    assert_eq!(chain.tip().hash, first.hash());
}

#[test]
fn c25_a_branch_that_is_given_up_half_way_does_not_stand_in_the_way_of_the_next_block() {
    let mut theirs = chain_of(30, 2);
    for parts in [0, 1, 15, 29] {
        let mut ours = chain_of(10, 1);
        let blocks: Vec<_> =
            (1..=30).map(|height| theirs.block_at(Height(height)).expect("a block")).collect();
        for block in &blocks {
            ours.insert_header(at(2_000), block.header).expect("valid");
        }
        // From the top, so that none of it can be connected; then nothing more comes.
        for block in blocks.iter().rev().take(parts) {
            assert_eq!(ours.insert_body(block.hash(), block.body.clone()), Ok(Outcome::default()));
        }
        let own = extend_by(&mut ours, 1, &[]);
        assert_eq!(ours.tip().hash, own.hash(), "{parts} parts");
        assert_eq!(*ours.ledger(), replayed(&ours));
        // It comes after all.
        for block in &blocks {
            ours.insert_body(block.hash(), block.body.clone()).expect("as before");
        }
        assert_eq!(ours.tip().hash, theirs.tip().hash);
    }
    extend(&mut theirs, 1, 2);
}

#[test]
fn c25_a_switch_that_fails_in_the_middle_is_undone_and_the_next_block_taken() {
    let genesis = chain_of(0, 1).genesis();
    let mut theirs = chain_of(20, 2);
    extend_by(&mut theirs, 2, &[pay(&genesis, 2, 3, 90_000, 0)]);
    // The next spends what is gone: its form is fine, and only its turn in the ledger shows it.
    let bad = block_on(&theirs, next(&theirs), 2, &[pay(&genesis, 2, 3, 90_000, 1)]);
    let child = child_of(&bad);
    let tail = [bad.clone(), child.clone(), child_of(&child)];
    let mut ours = chain_of(23, 1);
    let before = (ours.tip(), ours.ledger().clone());
    let valid = (1..=21).map(|height| (*theirs.block_at(Height(height)).expect("a block")).clone());
    let mut last = Outcome::default();
    for block in valid.chain(tail.clone()) {
        last = take(&mut ours, &block).expect("its form is fine");
    }
    // 24 blocks against 23: the switch was tried, and failed at the 22nd.
    assert!(
        matches!(last.invalid[..], [(hash, RuleError::InsufficientFunds { .. })] if hash == bad.hash()),
        "{last:?}"
    );
    assert_eq!((ours.tip(), ours.ledger().clone()), before);
    for block in tail {
        assert_eq!(take(&mut ours, &block), Err(ChainError::KnownInvalid(block.hash())));
    }
    extend(&mut ours, 1, 1);
    assert_eq!(*ours.ledger(), replayed(&ours));
}

/// An empty block on another, ten seconds later, whether that holds or not.
fn child_of(parent: &Block) -> Block {
    let mut block = block_on(&chain_of(0, 1), at(0), 2, &[]);
    block.body.coinbase.height = Height(parent.body.coinbase.height.0 + 1);
    block.header = Header { previous: parent.hash(), merkle_root: block.body.merkle_root(), ..parent.header };
    block.header.time.0 += 10;
    proven(block)
}
