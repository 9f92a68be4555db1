//! The chain: every known block, the active chain among them, and who owns what at its tip.
//!
//! [`Chain`] takes headers and bodies in any order that connects, follows the most cumulative work, and reports each
//! change as one [`ChainUpdate`]. A change is whole or does not happen: a branch that turns out invalid leaves the
//! ledger as it was. Left out: where blocks come from and where they are kept.

mod ledger;
mod query;
mod snapshot;
mod survey;
#[cfg(test)]
mod tests;
mod tree;
mod update;

use std::collections::VecDeque;
use std::sync::Arc;

pub use ledger::{Account, Ledger};
pub use snapshot::Snapshot;
pub use survey::{ANSWERS_MAX, Survey};
pub use tree::SIDE_ENTRIES_MAX;
pub use update::ChainUpdate;

use crate::consensus::retarget::Pace;
use crate::consensus::{ChainParams, CheckedBlock, RuleError, check_body, check_header, nothing_known};
use crate::primitives::{Block, BlockHash, Body, Header, TransactionId};
use crate::units::{Height, Timestamp};
use ledger::Undo;
use snapshot::Replay;
use tree::{State, Tree};

/// An announced block whose branch is further back than so many blocks of work is not taken on its own: a branch
/// that matters comes as headers first. The difficulty eases with the time since a block's parent: a rival of the last
/// minute costs a third of a block's work, one from a hundred blocks ago next to none.
pub const ANNOUNCED_DEPTH_MAX: u32 = 6;

/// What announced blocks beside the active chain may take together, in bytes: 32 of the largest. The oldest bodies make
/// room, and are fetched again should their branch come to matter: they need nobody's money.
pub const BESIDE_BYTES_MAX: u64 = 8 << 20;

/// The block tree, the best chain in it, and its ledger.
#[derive(Debug)]
pub struct Chain {
    params: ChainParams,
    genesis: BlockHash,
    tree: Tree,
    /// The best chain, genesis first: the place is the height.
    active: Vec<BlockHash>,
    /// How to take back the last blocks of `active`: all but the genesis, or those above a snapshot.
    undos: Vec<Undo>,
    ledger: Ledger,
    /// While the bodies below a snapshot are still to come.
    replay: Option<Replay>,
    /// Announced blocks that did not join the active chain when they came, the oldest first, with their bytes.
    beside: VecDeque<(BlockHash, u64)>,
}

/// Why a header or a block was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// It breaks a rule.
    #[error("{code}: {0}", code = .0.code())]
    Rule(#[from] RuleError),
    /// Its parent is not known: sync first.
    #[error("the parent {0} is not known")]
    UnknownParent(BlockHash),
    /// A body whose header is not known.
    #[error("the header {0} is not known")]
    UnknownHeader(BlockHash),
    /// Known as invalid: it was judged and reported before.
    #[error("the block {0} is known to be invalid")]
    KnownInvalid(BlockHash),
    /// An announced block too far back to matter.
    #[error("the block {0} is more than {ANNOUNCED_DEPTH_MAX} blocks of work behind the tip")]
    Stale(BlockHash),
    /// Too many blocks beside the best chain.
    #[error("more than {SIDE_ENTRIES_MAX} blocks beside the chain")]
    TooManyBranches,
    /// The accounts of a snapshot are not those of its blocks.
    #[error("the stored balances are not what the blocks come to")]
    WrongSnapshot,
}

/// What taking a block came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The change of the best chain, if it changed.
    pub update: Option<ChainUpdate>,
    /// Blocks that turned out invalid once their turn in the ledger came, and why.
    pub invalid: Vec<(BlockHash, RuleError)>,
}

impl Chain {
    /// A chain at its room's genesis.
    #[must_use]
    pub fn new(params: ChainParams) -> Self {
        let block = params.genesis();
        let genesis = block.hash();
        let tree = Tree::new(genesis, block, Pace::genesis(&params));
        Self {
            params,
            genesis,
            tree,
            active: vec![genesis],
            undos: Vec::new(),
            ledger: Ledger::default(),
            replay: None,
            beside: VecDeque::new(),
        }
    }

    /// Takes a header. `Ok(false)` when it was known.
    ///
    /// # Errors
    /// When its parent is unknown, or it breaks a rule.
    pub fn insert_header(&mut self, now: Timestamp, header: Header) -> Result<bool, ChainError> {
        let hash = header.hash();
        match self.tree.state(&hash) {
            Some(State::Invalid) => return Err(ChainError::KnownInvalid(hash)),
            Some(State::HeaderOnly | State::Stored(_)) => return Ok(false),
            None => {}
        }
        let parent = self.tree.state(&header.previous).ok_or(ChainError::UnknownParent(header.previous))?;
        // [C-16] A block's ancestors MUST be valid.
        if matches!(parent, State::Invalid) {
            return Err(RuleError::InvalidAncestor.into());
        }
        check_header(&self.params, &self.tree.walk_from(&header.previous).parent(), &header, now)?;
        if !self.tree.has_room(self.active.len()) {
            self.tree.prune(&self.active);
            if !self.tree.has_room(self.active.len()) || !self.tree.contains(&header.previous) {
                return Err(ChainError::TooManyBranches);
            }
        }
        self.tree.insert(hash, header);
        Ok(true)
    }

    /// Takes the header of a block that is announced on its own. `Ok(false)` when it was known.
    ///
    /// # Errors
    /// As for [`Self::insert_header`], and when it is too far back to matter: nothing is kept of it then.
    pub fn insert_announced(&mut self, now: Timestamp, header: Header) -> Result<bool, ChainError> {
        let parent = self.tree.get(&header.previous).ok_or(ChainError::UnknownParent(header.previous))?;
        let depth = self.height().0.saturating_sub(ANNOUNCED_DEPTH_MAX) as usize;
        if parent.work.plus(header.work()) < self.tree.entry(&self.active[depth]).work {
            return Err(ChainError::Stale(header.hash()));
        }
        self.insert_header(now, header)
    }

    /// Takes the body of a known header; one that was known changes nothing, and a wrong one in its place is refused.
    ///
    /// # Errors
    /// When the header is unknown, or the block breaks a rule. After [`RuleError::MerkleRoot`] another body may
    /// still be the right one; after any other rule the block is invalid for good.
    pub fn insert_body(&mut self, hash: BlockHash, body: Body) -> Result<Outcome, ChainError> {
        self.insert_body_with(hash, body, &nothing_known)
    }

    /// The same, but for the signatures of payments whose ids are `known`: the caller has checked those very payments.
    ///
    /// # Errors
    /// As for [`Self::insert_body`].
    pub fn insert_body_with(
        &mut self,
        hash: BlockHash,
        body: Body,
        known: &dyn Fn(&TransactionId) -> bool,
    ) -> Result<Outcome, ChainError> {
        let header = match self.tree.state(&hash) {
            None => return Err(ChainError::UnknownHeader(hash)),
            Some(State::Invalid) => return Err(ChainError::KnownInvalid(hash)),
            Some(State::Stored(known)) if known.block().body == body => return Ok(Outcome::default()),
            Some(State::HeaderOnly | State::Stored(_)) => self.tree.entry(&hash).header,
        };
        let height = self.tree.entry(&hash).height;
        match check_body(&self.params, &self.genesis, height, Block { header, body }, known) {
            Ok(checked) => self.tree.store(checked),
            Err(rule @ RuleError::MerkleRoot { .. }) => return Err(rule.into()),
            Err(rule) => {
                self.tree.invalidate(&hash, &self.active);
                return Err(rule.into());
            }
        }
        Ok(self.advance())
    }

    /// Takes a whole block, as one is announced; one that was known changes nothing.
    ///
    /// # Errors
    /// As for [`Self::insert_announced`] and [`Self::insert_body`].
    pub fn insert_block(&mut self, now: Timestamp, block: Block) -> Result<Outcome, ChainError> {
        self.insert_block_with(now, block, &nothing_known)
    }

    /// The same, but for the signatures of payments whose ids are `known`: the caller has checked those very payments.
    ///
    /// # Errors
    /// As for [`Self::insert_block`].
    pub fn insert_block_with(
        &mut self,
        now: Timestamp,
        block: Block,
        known: &dyn Fn(&TransactionId) -> bool,
    ) -> Result<Outcome, ChainError> {
        let hash = block.hash();
        self.insert_announced(now, block.header)?;
        let (size, was_here) = (block.body.size(), self.block(&hash).is_some());
        let outcome = self.insert_body_with(hash, block.body, known)?;
        if !was_here && !self.is_active(&hash) {
            self.beside.push_back((hash, size));
            self.bound_beside();
        }
        Ok(outcome)
    }

    /// What the announced blocks beside the active chain take, in bytes.
    #[must_use]
    pub fn bytes_beside(&self) -> u64 {
        self.beside.iter().map(|(_, size)| size).sum()
    }

    /// Forgets the bodies of the oldest announced blocks beside the active chain until the rest fit.
    fn bound_beside(&mut self) {
        let mut bytes = self.bytes_beside();
        while bytes > BESIDE_BYTES_MAX {
            let Some((hash, size)) = self.beside.pop_front() else { return };
            bytes -= size;
            if !self.is_active(&hash) {
                self.tree.forget_body(&hash);
            }
        }
    }

    /// Follows the complete branch with the most work; on a tie the first seen stays.
    pub(crate) fn advance(&mut self) -> Outcome {
        let mut outcome = Outcome::default();
        while let Some(candidate) = self.tree.better_than(&self.tip_hash()) {
            let branch = self.branch_to(candidate);
            let fork = branch.first().map_or(self.height(), |block| Height(block.height().0 - 1));
            // What is below a snapshot cannot be taken back yet: the branch waits for its blocks.
            if fork < self.floor() {
                break;
            }
            match self.switch_to(fork, branch) {
                Ok(update) => outcome.update = Some(update),
                Err((bad, rule)) => {
                    self.tree.invalidate(&bad, &self.active);
                    outcome.invalid.push((bad, rule));
                }
            }
        }
        outcome
    }

    /// Follows `branch` from `fork` on, or leaves everything as it was and names the block that does not hold.
    fn switch_to(
        &mut self,
        fork: Height,
        branch: Vec<CheckedBlock>,
    ) -> Result<ChainUpdate, (BlockHash, RuleError)> {
        let disconnected = self.disconnect_to(fork);
        for (index, block) in branch.iter().enumerate() {
            match self.ledger.apply(&self.params, block.block()) {
                Ok(undo) => {
                    self.active.push(block.hash());
                    self.undos.push(undo);
                }
                Err(rule) => {
                    let bad = branch[index].hash();
                    self.disconnect_to(fork);
                    self.reconnect(&disconnected);
                    return Err((bad, rule));
                }
            }
        }
        let connected = branch.into_iter().map(|block| block.block().clone()).collect();
        Ok(ChainUpdate { fork_height: fork, disconnected, connected })
    }

    /// The blocks from the best chain to `candidate`, the lowest first.
    fn branch_to(&self, candidate: BlockHash) -> Vec<CheckedBlock> {
        let mut branch = Vec::new();
        let mut hash = candidate;
        while !self.is_active(&hash) {
            let entry = self.tree.entry(&hash);
            if let State::Stored(block) = &entry.state {
                branch.push(block.clone());
            }
            hash = entry.header.previous;
        }
        branch.reverse();
        branch
    }

    /// Takes back the best chain down to `fork`; gives the blocks, the highest first.
    fn disconnect_to(&mut self, fork: Height) -> Vec<Arc<Block>> {
        let mut disconnected = Vec::new();
        while self.height() > fork {
            let (Some(hash), Some(undo)) = (self.active.pop(), self.undos.pop()) else { break };
            self.ledger.revert(undo);
            disconnected.extend(self.tree.block(&hash));
        }
        disconnected
    }

    /// Puts back what [`Self::disconnect_to`] took.
    fn reconnect(&mut self, disconnected: &[Arc<Block>]) {
        for block in disconnected.iter().rev() {
            let undo = self.ledger.apply(&self.params, block);
            let undo = undo.unwrap_or_else(|rule| unreachable!("it held on this very ledger before: {rule}"));
            self.active.push(block.hash());
            self.undos.push(undo);
        }
    }
}
