//! Signatures per second: blocks of 1,000 payments validated whole, beside `verify_strict` alone on the same payments.
//!
//! Figures of a turn: signatures per second alone, with keys that are parsed already; payments per second in a block.

use ed25519_dalek::{Signature, VerifyingKey};
use node_wasm::chain::Chain;
use node_wasm::primitives::{Block, BlockHash};

use crate::Platform;
use crate::room::{Branch, PAYMENTS, now};

/// Blocks before the chain begins anew.
const BLOCKS: usize = 8;

#[derive(Debug)]
pub(crate) struct Verify {
    funding: [Block; 2],
    blocks: Vec<Block>,
    chain: Chain,
    next: usize,
}

impl Verify {
    pub(crate) fn new() -> Self {
        let mut branch = Branch::new();
        let funding = branch.funding();
        let chain = Chain::new(branch.params().clone());
        Self { funding, blocks: (0..BLOCKS).map(|_| branch.full()).collect(), chain, next: 0 }
    }

    pub(crate) fn turn(&mut self, platform: Platform) -> [f64; 2] {
        if self.next == 0 {
            self.chain = Chain::new(self.chain.params().clone());
            for block in &self.funding {
                self.chain.insert_block(now(), block.clone()).expect("valid");
            }
        }
        let block = self.blocks[self.next].clone();
        self.next = (self.next + 1) % BLOCKS;
        let signatures = signatures(&block, &self.chain.genesis());
        let (before, after) = signatures.split_at(PAYMENTS / 2);
        // Half before and half after, so that a machine that slows down meanwhile strikes both alike.
        let mut alone = platform.seconds(|| check(before));
        let whole = platform.seconds(|| {
            let outcome = self.chain.insert_block(now(), block).expect("valid");
            assert!(outcome.update.is_some(), "the block did not join the chain");
        });
        alone += platform.seconds(|| check(after));
        [alone, whole].map(|seconds| PAYMENTS as f64 / seconds)
    }
}

fn check(signatures: &[(VerifyingKey, Vec<u8>, Signature)]) {
    for (key, message, signature) in signatures {
        key.verify_strict(message, signature).expect("valid");
    }
}

fn signatures(block: &Block, genesis: &BlockHash) -> Vec<(VerifyingKey, Vec<u8>, Signature)> {
    let parse = |transaction: &node_wasm::primitives::Transaction| {
        let key = VerifyingKey::from_bytes(&transaction.payment.sender.0).expect("a key");
        (key, transaction.payment.signed_bytes(genesis), Signature::from_bytes(&transaction.signature.0))
    };
    block.body.transactions.iter().map(parse).collect()
}
