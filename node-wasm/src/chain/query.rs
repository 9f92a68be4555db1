//! What can be asked of a chain.

use std::sync::Arc;

use super::{Account, Chain, Ledger, State};
use crate::consensus::{ChainParams, Parent};
use crate::primitives::{Address, Block, BlockHash, Header, Work};
use crate::units::Height;
use crate::wire::{Message, Tip};

impl Chain {
    /// The room's parameters.
    #[must_use]
    pub const fn params(&self) -> &ChainParams {
        &self.params
    }

    /// The hash of the room's genesis block.
    #[must_use]
    pub const fn genesis(&self) -> BlockHash {
        self.genesis
    }

    /// The height of the tip.
    #[must_use]
    pub fn height(&self) -> Height {
        Height(u32::try_from(self.active.len() - 1).unwrap_or(u32::MAX))
    }

    /// The last block of the best chain.
    #[must_use]
    pub fn tip(&self) -> Tip {
        let hash = self.tip_hash();
        Tip { hash, height: self.height(), work: self.tree.entry(&hash).work }
    }

    /// What a child of the tip has to follow.
    #[must_use]
    pub fn tip_context(&self) -> Parent {
        self.tree.walk_from(&self.tip_hash()).parent()
    }

    /// The account of an address at the tip.
    #[must_use]
    pub fn account(&self, address: &Address) -> Account {
        self.ledger.account(address)
    }

    /// All accounts at the tip.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Whether the header is known, valid or not.
    #[must_use]
    pub fn contains(&self, hash: &BlockHash) -> bool {
        self.tree.contains(hash)
    }

    /// Whether the block's own bytes are here.
    #[must_use]
    pub fn block(&self, hash: &BlockHash) -> Option<Arc<Block>> {
        self.tree.block(hash)
    }

    /// The block of the best chain at a height.
    #[must_use]
    pub fn block_at(&self, height: Height) -> Option<Arc<Block>> {
        self.tree.block(self.active.get(height.0 as usize)?)
    }

    /// The hash of the best chain's block at a height.
    #[must_use]
    pub fn hash_at(&self, height: Height) -> Option<BlockHash> {
        self.active.get(height.0 as usize).copied()
    }

    /// The height of a known block and the work of the chain up to it.
    #[must_use]
    pub fn position(&self, hash: &BlockHash) -> Option<(Height, Work)> {
        self.tree.get(hash).map(|entry| (entry.height, entry.work))
    }

    /// Whether a block is part of the best chain.
    #[must_use]
    pub fn is_active(&self, hash: &BlockHash) -> bool {
        self.tree.get(hash).is_some_and(|entry| self.active.get(entry.height.0 as usize) == Some(hash))
    }

    /// How many headers are known beside the best chain.
    #[must_use]
    pub fn headers_beside(&self) -> usize {
        self.tree.beside(self.active.len())
    }

    /// Hashes from the best known header back to the genesis, ever further apart: another node finds the last
    /// common block in them.
    #[must_use]
    pub fn locator(&self) -> Vec<BlockHash> {
        let mut locator = Vec::new();
        // The branch of headers beside the active chain, its first few, then the active chain in doubling steps.
        let mut hash = self.tree.best_header();
        while !self.is_active(&hash) {
            if locator.len() < 10 {
                locator.push(hash);
            }
            hash = self.tree.entry(&hash).header.previous;
        }
        let mut height = self.tree.entry(&hash).height.0;
        let mut step = 1;
        while height > 0 && locator.len() < Message::LOCATOR_MAX - 1 {
            locator.push(self.active[height as usize]);
            if locator.len() >= 20 {
                step *= 2;
            }
            height = height.saturating_sub(step);
        }
        locator.push(self.genesis);
        locator
    }

    /// The headers of the best chain after the first hash of `locator` that is on it, at most `count`; from the
    /// genesis when none is.
    #[must_use]
    pub fn headers_after(&self, locator: &[BlockHash], count: usize) -> Vec<Header> {
        let common = locator.iter().find(|hash| self.is_active(hash));
        let start = common.map_or(0, |hash| self.tree.entry(hash).height.0 as usize) + 1;
        self.active.iter().skip(start).take(count).map(|hash| self.tree.entry(hash).header).collect()
    }

    /// Whether bodies are missing on the way to the best header: at once, where listing them walks all of the way.
    #[must_use]
    pub fn lacks_bodies(&self) -> bool {
        !self.tree.entry(&self.tree.best_header()).complete
    }

    /// The bodies that are missing on the way to the best header, the lowest first.
    #[must_use]
    pub fn missing_bodies(&self) -> Vec<BlockHash> {
        self.missing_before(self.tree.best_header())
    }

    /// Whether a block is known by its header, has more work than the active chain, and is not known to break a rule.
    #[must_use]
    pub(crate) fn is_better(&self, hash: &BlockHash) -> bool {
        let better = |entry: &super::tree::Entry| {
            entry.work > self.tip().work && !matches!(entry.state, State::Invalid)
        };
        self.tree.get(hash).is_some_and(better)
    }

    /// The bodies that are missing on the way to a block that is in the tree, the lowest first.
    #[must_use]
    pub(crate) fn missing_before(&self, mut hash: BlockHash) -> Vec<BlockHash> {
        let mut missing = Vec::new();
        while !self.is_active(&hash) {
            let entry = self.tree.entry(&hash);
            if matches!(entry.state, State::HeaderOnly) {
                missing.push(hash);
            }
            hash = entry.header.previous;
        }
        missing.reverse();
        missing
    }

    /// The last hash of the best chain.
    pub(super) fn tip_hash(&self) -> BlockHash {
        self.active.last().copied().unwrap_or(self.genesis)
    }
}
