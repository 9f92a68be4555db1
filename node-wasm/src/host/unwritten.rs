//! What a store does not hold yet: the changes of a node since the last batch.
//!
//! Changes gather until they are taken, so that a sync of thousands of blocks is a few batches, and a reorg is never
//! stored by half. A snapshot goes into the batch of the blocks that it is of, and out with the first of them. What
//! gathers is an entry for each height and each payment that changed since the last batch, shared with the node where it is
//! still there: what comes during one write, and a store that fails is given up. Left out: the store, and when to write.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::record;
use super::restore::{self, Schedule};
use crate::chain::{Chain, ChainUpdate};
use crate::codec::encode;
use crate::mempool::Mempool;
use crate::node::MempoolChange;
use crate::primitives::{Block, Transaction, TransactionId};

/// What is to be written, all of it or nothing.
#[derive(Debug, Default)]
pub struct Batch {
    /// Whether the chain, its snapshot and the mempool are emptied first.
    pub clear: bool,
    /// The record that the snapshot gets, or none; `None` leaves it.
    pub snapshot: Option<Option<Vec<u8>>>,
    /// Heights, with the record that they get, or none.
    pub blocks: Vec<(u32, Option<Vec<u8>>)>,
    /// Payments, with the record that they get, or none.
    pub mempool: Vec<(TransactionId, Option<Vec<u8>>)>,
}

/// What is to be written next.
#[derive(Debug, Default)]
pub struct Unwritten {
    clear: bool,
    snapshot: Option<Option<Vec<u8>>>,
    blocks: BTreeMap<u32, Option<Arc<Block>>>,
    mempool: BTreeMap<TransactionId, Option<Arc<Transaction>>>,
    /// The height of the last block that the store will hold.
    top: u32,
    schedule: Schedule,
    rewrites: u32,
}

impl Unwritten {
    /// The store holds this chain, and a snapshot of it at this height; 0 is none.
    pub fn resume(&mut self, chain: &Chain, snapshot: u32) {
        (self.top, self.schedule) = (chain.height().0, Schedule::resume(chain, snapshot));
    }

    /// The best chain changed.
    pub fn follow(&mut self, update: &ChainUpdate) {
        let fork = update.fork_height.0;
        if fork < self.top {
            self.rewrites += 1;
        }
        self.blocks.extend((fork + 1..=self.top).map(|height| (height, None)));
        let connected = update.connected.iter().map(|block| Some(block.clone()));
        self.blocks.extend((fork + 1..).zip(connected));
        self.top = fork + update.connected.len() as u32;
        if self.schedule.follow(update) {
            self.snapshot = Some(None);
        }
    }

    /// The mempool changed.
    pub fn follow_mempool(&mut self, change: &MempoolChange, mempool: &Mempool) {
        self.mempool.extend(change.removed.iter().map(|id| (*id, None)));
        for id in &change.added {
            // What came may have left again within the same change.
            if let Some(waiting) = mempool.get(id) {
                self.mempool.insert(*id, Some(waiting.transaction.clone()));
            }
        }
    }

    /// The node started with these payments in the store: those that it did not take back are stored no longer.
    pub fn drop_missing(&mut self, stored: impl IntoIterator<Item = TransactionId>, mempool: &Mempool) {
        let missing = stored.into_iter().filter(|id| mempool.get(id).is_none());
        self.mempool.extend(missing.map(|id| (id, None)));
    }

    /// Adds a snapshot of the chain where one is due. What was told before is of this chain.
    pub fn settle(&mut self, chain: &Chain, due_after: u32) {
        if self.schedule.is_due(chain.height(), due_after) {
            self.snapshot = Some(Some(restore::write_snapshot(chain)));
            self.schedule.stored(chain.height());
        }
    }

    /// The stored snapshot is not what it should be: [`Self::settle`] stores another, or none.
    pub fn drop_snapshot(&mut self) {
        (self.snapshot, self.schedule) = (Some(None), Schedule::without());
    }

    /// Forgets the chain and the mempool.
    pub fn clear(&mut self) {
        *self = Self { clear: true, rewrites: self.rewrites + 1, ..Self::default() };
    }

    /// How often stored blocks were replaced: a reader that takes several reads compares it.
    #[must_use]
    pub const fn rewrites(&self) -> u32 {
        self.rewrites
    }

    /// Whether the store holds everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.clear && self.snapshot.is_none() && self.blocks.is_empty() && self.mempool.is_empty()
    }

    /// What is to be written; none when the store holds everything.
    pub fn take(&mut self) -> Option<Batch> {
        if self.is_empty() {
            return None;
        }
        let block =
            |(height, block): (u32, Option<Arc<Block>>)| (height, block.map(|block| record::write(&block)));
        let payment = |(id, payment): (TransactionId, Option<Arc<Transaction>>)| {
            (id, payment.map(|payment| record::seal(&encode(&*payment))))
        };
        Some(Batch {
            clear: std::mem::take(&mut self.clear),
            snapshot: self.snapshot.take(),
            blocks: std::mem::take(&mut self.blocks).into_iter().map(block).collect(),
            mempool: std::mem::take(&mut self.mempool).into_iter().map(payment).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;
    use crate::testing::{START, block_on, easy_params, pay};
    use crate::units::Height;

    /// Lengthens a chain by `count` blocks of a miner.
    fn extend(chain: &mut Chain, miner: u8, count: usize, unwritten: &mut Unwritten) {
        for _ in 0..count {
            let now = START.plus_ms(10_000 * (u64::from(chain.height().0) + 1));
            let block = block_on(chain, now, miner, &[]);
            let update = chain.insert_block(now, block).expect("valid").update.expect("the best");
            unwritten.follow(&update);
        }
    }

    /// The heights of a batch, and whether each gets a record.
    fn heights(batch: &Batch) -> Vec<(u32, bool)> {
        batch.blocks.iter().map(|(height, record)| (*height, record.is_some())).collect()
    }

    #[test]
    fn changes_gather_until_they_are_taken_and_the_last_of_each_counts() {
        let (mut chain, mut unwritten) = (Chain::new(easy_params()), Unwritten::default());
        assert!(unwritten.is_empty() && unwritten.take().is_none());
        extend(&mut chain, 1, 3, &mut unwritten);
        let batch = unwritten.take().expect("three blocks");
        assert_eq!(heights(&batch), [(1, true), (2, true), (3, true)]);
        assert_eq!((batch.clear, batch.snapshot, unwritten.rewrites()), (false, None, 0));
        assert!(unwritten.take().is_none(), "all of it was taken");
        // Two blocks leave, one comes, then another.
        let blocks = [2, 3].map(|height| chain.block_at(Height(height)).expect("a block"));
        let back = ChainUpdate {
            fork_height: Height(1),
            disconnected: blocks.iter().rev().cloned().collect(),
            connected: Vec::new(),
        };
        unwritten.follow(&back);
        unwritten.follow(&ChainUpdate { disconnected: Vec::new(), connected: blocks[..1].to_vec(), ..back });
        let batch = unwritten.take().expect("a reorg");
        assert_eq!((heights(&batch), unwritten.rewrites()), (vec![(2, true), (3, false)], 1));
        assert_eq!(batch.blocks[0].1, Some(record::write(&blocks[0])));
    }

    #[test]
    fn a_snapshot_comes_with_its_blocks_and_leaves_with_the_first_of_them() {
        let (mut chain, mut unwritten) = (Chain::new(easy_params()), Unwritten::default());
        unwritten.resume(&chain, 0);
        extend(&mut chain, 1, 2, &mut unwritten);
        unwritten.settle(&chain, 3);
        assert_eq!(unwritten.take().expect("two blocks").snapshot, None, "it is not due");
        extend(&mut chain, 1, 1, &mut unwritten);
        unwritten.settle(&chain, 3);
        let batch = unwritten.take().expect("a block");
        assert_eq!((batch.snapshot, batch.blocks.len()), (Some(Some(restore::write_snapshot(&chain))), 1));
        let back = |height| ChainUpdate {
            fork_height: Height(height),
            disconnected: Vec::new(),
            connected: Vec::new(),
        };
        unwritten.follow(&back(3));
        assert!(unwritten.is_empty(), "nothing of it has left");
        unwritten.follow(&back(2));
        assert_eq!(unwritten.take().expect("a block less").snapshot, Some(None));
        // The next is due at once, and so it is after one that turned out to be bad.
        for _ in 0..2 {
            unwritten.settle(&chain, 3);
            assert!(matches!(unwritten.take().expect("another").snapshot, Some(Some(_))));
            unwritten.settle(&chain, 3);
            assert!(unwritten.is_empty(), "one is enough");
            unwritten.drop_snapshot();
        }
        unwritten.settle(&Chain::new(easy_params()), 3);
        assert_eq!(
            unwritten.take().expect("none").snapshot,
            Some(None),
            "there is nothing to store of genesis"
        );
    }

    #[test]
    fn payments_are_written_as_they_are_now_and_a_reset_forgets_what_gathered() {
        let chain = Chain::new(easy_params());
        let (mut mempool, mut unwritten) = (Mempool::default(), Unwritten::default());
        let [kept, left] = [1, 2].map(|person| pay(&chain.genesis(), person, 9, 10, 0));
        let rich = crate::chain::Account { balance: crate::units::Amount(1000), nonce: 0 };
        mempool.insert(crate::mempool::Waiting::new(START, kept.clone()), rich).expect("it can be paid for");
        let added = vec![kept.id(), left.id()];
        unwritten.follow_mempool(&MempoolChange { added, removed: Vec::new() }, &mempool);
        let removed = vec![left.id()];
        unwritten.follow_mempool(&MempoolChange { added: Vec::new(), removed }, &mempool);
        let mut expected = vec![(kept.id(), Some(record::seal(&encode(&kept)))), (left.id(), None)];
        expected.sort();
        assert_eq!(unwritten.take().expect("payments").mempool, expected);
        extend(&mut Chain::new(easy_params()), 1, 2, &mut unwritten);
        unwritten.drop_snapshot();
        unwritten.clear();
        let batch = unwritten.take().expect("a reset");
        assert!(batch.clear && batch.blocks.is_empty() && batch.snapshot.is_none());
        assert_eq!(unwritten.rewrites(), 1);
    }
}
