//! A start at 10,000 blocks: from a snapshot and the blocks after it, beside one that reads every block.
//!
//! Every tenth block has ten payments among a thousand people. The snapshot is the oldest that the writer would leave,
//! so that no start has more blocks to check whole. Left out: the disk, and the bodies below the snapshot, which are
//! read when the node is at work.
//!
//! Figures of a turn: seconds from the records in memory to tip and balances, reading every block; and from the snapshot.

use node_wasm::chain::Chain;
use node_wasm::host::record;
use node_wasm::host::restore::{DUE_AFTER, Schedule, Start, write_snapshot};
use node_wasm::node::{Config, Node};
use node_wasm::primitives::Block;
use node_wasm::testing::key;

use crate::Platform;
use crate::room::{Branch, now};

const BLOCKS: u32 = 10_000;
/// Each block whose height is a multiple of this has payments, ...
const PAYING_EVERY: u32 = 10;
/// ... so many of them.
const PAYMENTS: usize = 10;

/// What a host has stored.
#[derive(Debug)]
pub(crate) struct Store {
    /// From height 1 on.
    blocks: Vec<(u32, Vec<u8>)>,
    snapshot: Vec<u8>,
    /// That of the snapshot.
    height: u32,
}

impl Store {
    pub(crate) fn new() -> Self {
        let mut branch = Branch::new();
        let mut blocks = Vec::from(branch.funding());
        blocks.extend((3..=BLOCKS).map(|height| match height % PAYING_EVERY {
            0 => branch.paying(PAYMENTS),
            _ => branch.empty(),
        }));
        let whole = chain_of(&blocks);
        let heights: Vec<u32> = (0..BLOCKS).collect();
        let height = heights
            .partition_point(|height| Schedule::resume(&whole, *height).is_due(whole.height(), DUE_AFTER));
        Self {
            blocks: (1..).zip(&blocks).map(|(height, block)| (height, record::write(block))).collect(),
            snapshot: write_snapshot(&chain_of(&blocks[..height])),
            height: heights[height],
        }
    }

    pub(crate) fn turn(&self, platform: Platform) -> [f64; 2] {
        let (whole, expected) = self.start(platform, None);
        let (from_snapshot, node) = self.start(platform, Some(&self.snapshot));
        assert_eq!(node.chain().height().0, BLOCKS);
        assert!(node.chain().snapshot() == expected.chain().snapshot(), "another chain, or other balances");
        [whole, from_snapshot]
    }

    /// How many seconds a start takes, and the node that started.
    fn start(&self, platform: Platform, snapshot: Option<&[u8]>) -> (f64, Node) {
        let params = Branch::new().params().clone();
        let mut node = Node::new(Config { params, node_key: key(4).public(), seed: 4 }, now());
        let mut records = self.blocks.clone();
        let seconds = platform.seconds(|| {
            let mut start = Start::new(snapshot);
            let next = start.next(&node) as usize;
            assert_eq!(start.take(&mut node, now(), records.split_off(next - 1)), Ok(true));
            assert_eq!(start.height(), snapshot.map_or(0, |_| self.height));
        });
        (seconds, node)
    }
}

fn chain_of(blocks: &[Block]) -> Chain {
    let mut chain = Chain::new(Branch::new().params().clone());
    for block in blocks {
        chain.insert_block(now(), block.clone()).expect("valid");
    }
    chain
}
