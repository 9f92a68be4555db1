//! A snapshot of the best chain: its headers and its accounts. A chain that starts from one is at its tip at once; the
//! bodies below come later, from where they are kept.
//!
//! Guarantees: a body that comes later is the very one that was checked before it was kept, for it is its header's. Once
//! all are here they have been replayed from genesis, and the accounts are those of the replay, or the snapshot is
//! named as wrong. Until then a branch that leaves the chain below the snapshot waits: no ledger is taken back by half.
//! Left out: signatures, which were checked before a block was kept.

#[cfg(test)]
mod tests;

use std::ops::Range;

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Account, Chain, ChainError, ChainUpdate, Ledger, Outcome, Undo};
use crate::consensus::{ChainParams, recheck_body};
use crate::primitives::{Address, Block, BlockHash, Header};
use crate::units::Height;

/// The best chain's headers, genesis left out, and its accounts.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Snapshot {
    headers: Vec<Header>,
    accounts: Vec<(Address, Account)>,
}

impl Snapshot {
    /// The height of the tip.
    #[must_use]
    pub fn height(&self) -> Height {
        Height(u32::try_from(self.headers.len()).unwrap_or(u32::MAX))
    }
}

/// What the blocks of a chain from a snapshot come to, as far as they are here without a gap.
#[derive(Debug, Default)]
pub(super) struct Replay {
    ledger: Ledger,
    undos: Vec<Undo>,
}

impl Chain {
    /// The chain as it is, bodies left out.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let headers = self.active.iter().skip(1).map(|hash| self.tree.entry(hash).header);
        Snapshot { headers: headers.collect(), accounts: self.ledger.accounts() }
    }

    /// A chain at the tip of a snapshot, which comes as a whole block. The headers are taken as checked.
    ///
    /// # Errors
    /// When the headers do not follow each other from genesis up to this tip.
    pub fn from_snapshot(params: ChainParams, snapshot: Snapshot, tip: Block) -> Result<Self, ChainError> {
        let mut chain = Self::new(params);
        for header in snapshot.headers {
            if header.previous != chain.tip_hash() {
                return Err(ChainError::UnknownParent(header.previous));
            }
            let hash = header.hash();
            chain.tree.insert(hash, header);
            chain.active.push(hash);
        }
        if tip.hash() != chain.tip_hash() {
            return Err(ChainError::UnknownHeader(tip.hash()));
        }
        chain.tree.trust(&chain.active);
        chain.ledger = Ledger::of(snapshot.accounts);
        chain.replay = Some(Replay::default());
        chain.take_body(chain.height(), tip)?;
        Ok(chain)
    }

    /// The heights whose bodies are still to come.
    #[must_use]
    pub fn unloaded(&self) -> Range<u32> {
        let first = self.replay.as_ref().map_or(self.floor().0, |replay| count(&replay.undos) + 1);
        first..self.floor().0
    }

    /// Takes the body of the next block below the snapshot. The last of them may let a branch win that waited for it.
    ///
    /// # Errors
    /// When it is not that block, its body is not its own, or the snapshot turns out not to be what the blocks come to:
    /// [`Self::abandon_snapshot`] is left.
    pub fn load(&mut self, block: Block) -> Result<Outcome, ChainError> {
        let hash = block.hash();
        let next = Height(self.unloaded().start);
        // Another block of this chain would be kept and lead nowhere: nothing more would be loaded.
        if self.active_height(&hash) != Some(next) {
            return Err(ChainError::UnknownHeader(hash));
        }
        self.take_body(next, block)
    }

    fn take_body(&mut self, height: Height, block: Block) -> Result<Outcome, ChainError> {
        self.tree.store(recheck_body(height, block)?);
        self.catch_up_replay()?;
        Ok(self.advance())
    }

    /// Goes on without the snapshot, from the last block that was replayed. What is above it is known by its header,
    /// and missing.
    pub fn abandon_snapshot(&mut self) -> Outcome {
        let Some(replay) = self.replay.take() else { return Outcome::default() };
        (self.ledger, self.undos) = (replay.ledger, replay.undos);
        let gone = self.active.split_off(self.undos.len() + 1);
        let disconnected = gone.iter().rev().filter_map(|hash| self.block(hash)).collect();
        // Balances that were wrong may have spoken against blocks that hold.
        self.tree.mistrust(gone.first(), &self.active);
        let update = ChainUpdate { fork_height: self.height(), disconnected, connected: Vec::new() };
        Outcome { update: Some(update), invalid: Vec::new() }
    }

    /// The lowest height that the chain can be taken back to.
    pub(super) fn floor(&self) -> Height {
        Height(self.height().0.saturating_sub(count(&self.undos)))
    }

    fn active_height(&self, hash: &BlockHash) -> Option<Height> {
        let height = self.tree.get(hash)?.height;
        self.is_active(hash).then_some(height)
    }

    /// Replays what is here without a gap; at the tip the replay's past becomes the chain's.
    fn catch_up_replay(&mut self) -> Result<(), ChainError> {
        let Some(replay) = &mut self.replay else { return Ok(()) };
        while let Some(hash) = self.active.get(replay.undos.len() + 1) {
            let Some(block) = self.tree.block(hash) else { return Ok(()) };
            replay.undos.push(replay.ledger.apply(&self.params, &block)?);
        }
        if replay.ledger.accounts() != self.ledger.accounts() {
            return Err(ChainError::WrongSnapshot);
        }
        self.undos = std::mem::take(&mut replay.undos);
        self.replay = None;
        Ok(())
    }
}

fn count(undos: &[Undo]) -> u32 {
    u32::try_from(undos.len()).unwrap_or(u32::MAX)
}
