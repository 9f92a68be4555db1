//! The attacks that `tests/THREATS.md` lists, case by case: a test's name begins with its case, `c04_...`.
//!
//! These tests see what an attacker sees: blocks, headers, payments and bytes from outside, through the public face of
//! chain, mempool and codec. They run natively and in a browser. Left out: attacks on a node among peers, which are in
//! `node/threats.rs`, and those of a relay, which are in `tests/tests/adversary`. The rules themselves are tested one by
//! one, under their own numbers, in `chain/tests.rs`.

mod bitcoin;
mod blocks;
mod branches;
mod encodings;
mod headers;
mod payments;
mod signatures;

use crate::chain::{Chain, ChainError, Ledger, Outcome};
use crate::consensus::RuleError;
use crate::primitives::{Block, Body, Transaction};
use crate::spread::Spread;
use crate::testing::{START, block_on, easy_params, proven};
use crate::units::{Height, Timestamp};

fn at(seconds: u64) -> Timestamp {
    START.plus_ms(seconds * 1000)
}

/// A chain of `count` blocks by test person `miner`, ten seconds apart.
fn chain_of(count: u64, miner: u8) -> Chain {
    let mut chain = Chain::new(easy_params());
    extend(&mut chain, count, miner);
    chain
}

fn extend(chain: &mut Chain, count: u64, miner: u8) -> Vec<Block> {
    (0..count).map(|_| extend_by(chain, miner, &[])).collect()
}

/// A block with these payments ten seconds after the last, taken by the chain.
fn extend_by(chain: &mut Chain, miner: u8, payments: &[Transaction]) -> Block {
    let now = next(chain);
    let block = block_on(chain, now, miner, payments);
    let outcome = chain.insert_block(now, block.clone()).expect("a valid block");
    assert!(outcome.invalid.is_empty() && outcome.update.is_some(), "{outcome:?}");
    block
}

/// When the next block is due.
fn next(chain: &Chain) -> Timestamp {
    at(10 * (u64::from(chain.height().0) + 1))
}

/// The rule that a refused block breaks, judged by its form or by its turn in the ledger.
fn rule_of(result: Result<Outcome, ChainError>) -> RuleError {
    match result {
        Err(ChainError::Rule(rule)) => rule,
        Ok(outcome) => outcome.invalid.into_iter().next().expect("a refusal").1,
        Err(error) => panic!("refused for another reason: {error}"),
    }
}

/// The rule that a block on `chain` breaks once its body was changed and all its proofs made to fit the change. Whatever
/// it is, the chain is as before.
fn broken(chain: &mut Chain, payments: &[Transaction], change: impl FnOnce(&mut Body)) -> RuleError {
    let before = (chain.tip(), chain.ledger().clone());
    let now = next(chain);
    let mut block = block_on(chain, now, 1, payments);
    change(&mut block.body);
    block.header.merkle_root = block.body.merkle_root();
    let rule = rule_of(chain.insert_block(now, proven(block)));
    assert_eq!((chain.tip(), chain.ledger().clone()), before, "a refused block leaves no trace");
    rule
}

/// The state that replaying a chain's blocks from genesis gives.
fn replayed(chain: &Chain) -> Ledger {
    let mut fresh = Chain::new(chain.params().clone());
    for height in 1..=chain.height().0 {
        let block = chain.block_at(Height(height)).expect("a block");
        fresh.insert_block(at(10_000_000), (*block).clone()).expect("it was valid");
    }
    assert_eq!(fresh.tip(), chain.tip());
    fresh.ledger().clone()
}

/// Numbers that a seed decides.
struct Noise(Spread);

impl Noise {
    fn new(seed: u64) -> Self {
        Self(Spread::new(seed))
    }

    fn next(&mut self) -> u64 {
        self.0.below(u64::MAX)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.below(bound as u64)).expect("below the bound")
    }
}
