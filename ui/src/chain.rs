//! The part of the chain that the page holds: enough for the strip and for the rows in sight.
//!
//! Guarantees: never more than [`BLOCKS_HELD_MAX`] blocks, however long the chain; no block above or beside the tip
//! that the node last told. What is missing is asked for as it comes into sight.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use node_wasm::api::{BLOCKS_MAX, BlockSummary};

/// A few screens of rows and the strip. Each block is about 300 bytes.
pub const BLOCKS_HELD_MAX: usize = 1_000;

/// Blocks by height.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    blocks: BTreeMap<u32, Rc<BlockSummary>>,
}

/// A part of the chain to ask the node for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The highest height.
    pub from: u32,
    /// How many blocks down from it.
    pub count: u32,
}

impl Chain {
    /// The block at a height, if it is held.
    #[must_use]
    pub fn block(&self, height: u32) -> Option<&Rc<BlockSummary>> {
        self.blocks.get(&height)
    }

    /// The blocks down from a height for as long as they are held, at most `count`.
    pub fn down_from(&self, height: u32, count: usize) -> impl Iterator<Item = &Rc<BlockSummary>> {
        (0..=height).rev().take(count).map_while(|height| self.blocks.get(&height))
    }

    /// A block became the tip: whatever was at its height or above is gone.
    pub fn extend(&mut self, block: BlockSummary) {
        self.cut(block.height);
        self.blocks.insert(block.height, Rc::new(block));
        self.evict();
    }

    /// The chain ends below a height.
    pub fn cut(&mut self, height: u32) {
        self.blocks.split_off(&height);
    }

    /// The node's word on its tip: drops what contradicts it.
    pub fn agree(&mut self, height: u32, tip: &str) {
        if let Some(above) = height.checked_add(1) {
            self.cut(above);
        }
        if self.blocks.get(&height).is_some_and(|block| block.hash != tip) {
            self.blocks.clear();
        }
    }

    /// Blocks that were asked for have come.
    pub fn fill(&mut self, blocks: Vec<BlockSummary>) {
        let lowest = blocks.last().map(|block| block.height);
        self.blocks.extend(blocks.into_iter().map(|block| (block.height, Rc::new(block))));
        if let Some(lowest) = lowest {
            self.evict_around(lowest);
        }
    }

    /// The highest part of `heights` that is not held.
    #[must_use]
    pub fn missing(&self, heights: Range<u32>) -> Option<Wanted> {
        let from = heights.clone().rev().find(|height| !self.blocks.contains_key(height))?;
        let gap = (heights.start..=from).rev().take_while(|height| !self.blocks.contains_key(height)).count();
        let count = u32::try_from(gap).unwrap_or(BLOCKS_MAX).min(BLOCKS_MAX);
        Some(Wanted { from, count })
    }

    fn evict(&mut self) {
        while self.blocks.len() > BLOCKS_HELD_MAX {
            self.blocks.pop_first();
        }
    }

    /// Drops what is furthest from `height`, but for the tip's end, which the strip shows.
    fn evict_around(&mut self, height: u32) {
        let excess = self.blocks.len().saturating_sub(BLOCKS_HELD_MAX);
        if excess == 0 {
            return;
        }
        let tip = self.blocks.keys().next_back().copied().unwrap_or(0);
        let mut far: VecDeque<u32> =
            self.blocks.keys().copied().filter(|held| held.saturating_add(BLOCKS_MAX) < tip).collect();
        for _ in 0..excess {
            // They are in order: the furthest is at one of the ends.
            let distance = |end: Option<&u32>| end.map(|held| held.abs_diff(height));
            let low = distance(far.front()) > distance(far.back());
            let Some(held) = (if low { far.pop_front() } else { far.pop_back() }) else { return };
            self.blocks.remove(&held);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn block(height: u32, branch: &str) -> BlockSummary {
        BlockSummary {
            height,
            hash: format!("{branch}{height}"),
            time: u64::from(height) * 10_000,
            miner: "tab1miner".to_owned(),
            transactions: 0,
            size: 200,
            reward: "5000".to_owned(),
            mine: false,
        }
    }

    fn heights(chain: &Chain, from: u32) -> Vec<u32> {
        chain.down_from(from, 100).map(|block| block.height).collect()
    }

    #[test]
    fn another_branch_replaces_what_is_above_it() {
        let mut chain = Chain::default();
        (0..=5).for_each(|height| chain.extend(block(height, "a")));
        chain.extend(block(3, "b"));
        assert_eq!(heights(&chain, 3), [3, 2, 1, 0]);
        assert_eq!(chain.block(3).map(|block| block.hash.as_str()), Some("b3"));
        assert_eq!(chain.block(4), None);
    }

    #[test]
    fn a_tip_that_contradicts_is_believed() {
        let mut chain = Chain::default();
        (0..=5).for_each(|height| chain.extend(block(height, "a")));
        chain.agree(5, "a5");
        assert_eq!(heights(&chain, 5).len(), 6);
        chain.agree(4, "a4");
        assert_eq!(heights(&chain, 4).len(), 5);
        chain.agree(4, "b4");
        assert_eq!(chain, Chain::default());
    }

    #[test]
    fn only_the_gap_in_sight_is_asked_for() {
        let mut chain = Chain::default();
        assert_eq!(chain.missing(90..100), Some(Wanted { from: 99, count: 10 }));
        assert_eq!(chain.missing(0..10_000), Some(Wanted { from: 9_999, count: BLOCKS_MAX }));
        chain.fill((95..100).rev().map(|height| block(height, "a")).collect());
        assert_eq!(chain.missing(90..100), Some(Wanted { from: 94, count: 5 }));
        assert_eq!(chain.missing(95..100), None);
        assert_eq!(chain.missing(0..0), None);
    }

    #[test]
    fn ten_thousand_blocks_are_walked_in_bounded_memory() {
        let mut chain = Chain::default();
        let tip = 10_000_u32;
        for top in (0..=tip).rev().step_by(BLOCKS_MAX as usize) {
            let low = top.saturating_sub(BLOCKS_MAX - 1);
            chain.fill((low..=top).rev().map(|height| block(height, "a")).collect());
            assert!(chain.blocks.len() <= BLOCKS_HELD_MAX);
            assert_eq!(chain.missing(low..top + 1), None, "the page in sight stays");
        }
        assert_eq!(heights(&chain, tip).len(), 100, "the strip's end stays");
        (tip + 1..tip + 3_000).for_each(|height| chain.extend(block(height, "a")));
        assert_eq!(chain.blocks.len(), BLOCKS_HELD_MAX);
    }
}
