//! How a node comes back from its store: block by block, checked whole, or at once from a snapshot with the bodies
//! below it later.
//!
//! While bodies are being loaded the node takes part in everything. Peers that ask for bodies wait.

#[cfg(test)]
mod tests;

use super::{MempoolChange, Node};
use crate::chain::{Chain, ChainError, Snapshot};
use crate::consensus::check_payment;
use crate::mempool::Waiting;
use crate::primitives::{Block, BlockHash, PeerId, Transaction};
use crate::units::Timestamp;

/// Questions for bodies that wait until all are loaded: a few peers' last ones. Others get what is here.
pub(super) const WAITING_MAX: usize = 16;

impl Node {
    /// Takes a block from the node's own store, in the order of the chain, before anything else happens. Checks
    /// it whole; emits nothing.
    ///
    /// # Errors
    /// Why the block does not hold: it and everything after it has to be fetched again.
    pub fn restore(&mut self, now: Timestamp, block: Block) -> Result<(), ChainError> {
        let outcome = self.chain.insert_block(now, block)?;
        match outcome.invalid.into_iter().next() {
            Some((_, rule)) => Err(rule.into()),
            None => Ok(()),
        }
    }

    /// Takes a waiting payment from the node's own store, after the blocks. As after a reorg, its sender need not be
    /// able to pay for it at the moment.
    pub fn restore_payment(&mut self, now: Timestamp, transaction: Transaction) {
        if check_payment(self.chain.params(), &self.chain.genesis(), &transaction).is_err() {
            return;
        }
        let waiting = Waiting::new(now, transaction);
        let (id, account) = (waiting.id, self.chain.account(&waiting.sender));
        if let Some(removed) = self.mempool.reinsert(waiting, account) {
            self.mempool_changed(MempoolChange { added: vec![id], removed });
        }
    }

    /// Starts from a snapshot and the block at its tip, before anything else happens; emits nothing. The blocks of
    /// [`Chain::unloaded`] are to be loaded then.
    ///
    /// # Errors
    /// Why the snapshot does not hold. The node is as it was.
    pub fn start_from(&mut self, snapshot: Snapshot, tip: Block) -> Result<(), ChainError> {
        self.chain = Chain::from_snapshot(self.chain.params().clone(), snapshot, tip)?;
        Ok(())
    }

    /// Takes the next block below the snapshot from the node's own store, at any time. Where there is none that holds, the
    /// node goes on without the snapshot, from the last block that was loaded; peers have the rest.
    ///
    /// # Errors
    /// Why there is none.
    pub fn load(&mut self, now: Timestamp, block: Result<Block, String>) -> Result<(), String> {
        let loaded = block.and_then(|block| self.chain.load(block).map_err(|error| error.to_string()));
        let (outcome, result) = match loaded {
            Ok(outcome) => (outcome, Ok(())),
            Err(why) => {
                let fallen_back = self.chain.abandon_snapshot();
                self.follow(now, fallen_back);
                // A branch that waited for the bodies may be better than what is left.
                (self.chain.advance(), Err(why))
            }
        };
        self.follow(now, outcome);
        if self.chain.unloaded().is_empty() {
            for (peer, hashes) in std::mem::take(&mut self.waiting) {
                self.serve_bodies(now, peer, &hashes);
            }
        }
        result
    }

    /// Notes a question for bodies of which some are still to be loaded; whether it waits for them.
    pub(super) fn wait_for_bodies(&mut self, peer: PeerId, hashes: &[BlockHash]) -> bool {
        let unloaded = self.chain.unloaded();
        let is_unloaded = |hash: &BlockHash| {
            self.chain.position(hash).is_some_and(|(height, _)| unloaded.contains(&height.0))
                && self.chain.block(hash).is_none()
        };
        if !hashes.iter().any(is_unloaded) {
            return false;
        }
        self.waiting.retain(|(waiting, _)| *waiting != peer);
        let waits = self.waiting.len() < WAITING_MAX;
        if waits {
            self.waiting.push((peer, hashes.to_vec()));
        }
        waits
    }
}
