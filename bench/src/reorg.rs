//! A reorg of 100 blocks of 1,000 payments, beside connecting 100 of them.
//!
//! Both begin with all bodies here and checked but the first, which is empty: no signature is verified meanwhile.
//! Figures of a turn: seconds to connect the one branch, seconds to disconnect it and connect the other.

use node_wasm::chain::Chain;
use node_wasm::primitives::Block;

use crate::Platform;
use crate::room::{Branch, now};

/// Full blocks of each branch.
const BLOCKS: usize = 100;

pub(crate) fn turn(platform: Platform) -> [f64; 2] {
    let mut branch = Branch::new();
    let mut chain = Chain::new(branch.params().clone());
    for block in branch.funding() {
        chain.insert_block(now(), block).expect("valid");
    }
    let mut rival = branch.rival();
    let connect = switch(platform, &mut chain, &branch_of(&mut branch));
    let mut better = branch_of(&mut rival);
    better.push(rival.empty());
    [connect, switch(platform, &mut chain, &better)]
}

/// An empty block and the full ones after it.
fn branch_of(branch: &mut Branch) -> Vec<Block> {
    let first = branch.empty();
    std::iter::once(first).chain((0..BLOCKS).map(|_| branch.full())).collect()
}

/// Brings a branch, its first body last: how long the chain takes to switch to it.
fn switch(platform: Platform, chain: &mut Chain, blocks: &[Block]) -> f64 {
    for block in blocks {
        chain.insert_header(now(), block.header).expect("valid");
    }
    for block in &blocks[1..] {
        chain.insert_body(block.hash(), block.body.clone()).expect("valid");
    }
    let seconds = platform.seconds(|| {
        let outcome = chain.insert_body(blocks[0].hash(), blocks[0].body.clone()).expect("valid");
        assert_eq!(outcome.update.map(|update| update.connected.len()), Some(blocks.len()));
    });
    assert_eq!(Some(chain.tip().hash), blocks.last().map(Block::hash));
    seconds
}
