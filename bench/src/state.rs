//! What a long chain costs: a node with 100,000 empty blocks, taken one after another as they come from a file.
//!
//! Figures of a turn: seconds for an empty block around height 1,000, and around 100,000; for one of ten payments around
//! 1,000, and around 100,000; and how many bytes of memory the program takes.

use std::ops::Range;

use node_wasm::node::{Config, Input, Node, Output};
use node_wasm::primitives::Block;
use node_wasm::testing::key;

use crate::Platform;
use crate::room::{Branch, now};

/// Blocks that are timed together: long against the clock's resolution in a browser.
const BATCH: u32 = 500;
/// How many batches there are in all, ...
const BATCHES: u32 = 100_000 / BATCH;
/// ... which of them are counted as those around 1,000, ...
const EARLY: Range<u32> = 2..14;
/// ... and which as those around 100,000.
const LATE: Range<u32> = BATCHES - 12..BATCHES;
/// Blocks with payments that follow each counted batch: enough to be timed.
const PAYING: u32 = 20;
/// How many payments each of them has.
const PAYMENTS: usize = 10;

pub(crate) fn turn(platform: Platform) -> [f64; 5] {
    let mut branch = Branch::new();
    let config = Config { params: branch.params().clone(), node_key: key(1).public(), seed: 1 };
    let mut node = Node::new(config, now());
    for block in branch.funding() {
        take(&mut node, block);
    }
    let [mut early, mut late] = [Costs::default(), Costs::default()];
    for batch in 0..BATCHES {
        let empty = time(platform, &mut node, (0..BATCH).map(|_| branch.empty()).collect());
        let costs = match batch {
            _ if EARLY.contains(&batch) => &mut early,
            _ if LATE.contains(&batch) => &mut late,
            _ => continue,
        };
        costs.empty.push(empty);
        costs.paying.push(time(platform, &mut node, (0..PAYING).map(|_| branch.paying(PAYMENTS)).collect()));
    }
    assert!(node.chain().height().0 >= BATCH * BATCHES);
    let seconds = [&early.empty, &late.empty, &early.paying, &late.paying].map(|seconds| least(seconds));
    let [early, late, early_paying, late_paying] = seconds;
    [early, late, early_paying, late_paying, (platform.memory)()]
}

/// Seconds for a block, one for each batch.
#[derive(Default)]
struct Costs {
    empty: Vec<f64>,
    paying: Vec<f64>,
}

fn time(platform: Platform, node: &mut Node, blocks: Vec<Block>) -> f64 {
    let count = blocks.len() as f64;
    let seconds = platform.seconds(|| blocks.into_iter().for_each(|block| take(node, block)));
    seconds / count
}

fn take(node: &mut Node, block: Block) {
    node.handle(now(), Input::Import(vec![block]));
    while let Some(output) = node.poll() {
        assert!(!matches!(output, Output::Imported { error: Some(_), .. }), "{output:?}");
    }
}

/// The machine's own time: what interrupts a batch makes it longer.
fn least(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(f64::INFINITY, f64::min)
}
