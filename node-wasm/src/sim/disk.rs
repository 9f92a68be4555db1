//! A node's store as its host keeps it: blocks by height and the waiting payments, written behind the node, and what
//! a crash leaves of them.
//!
//! Each change of the chain or of the mempool is one batch. A disk that lags holds the last batches back; a crash loses some of those, and
//! may tear the last one that it does not lose: half of its records written, the last of them cut or flipped. That
//! is more than a browser's store allows itself, whose batches are whole.

use std::collections::{BTreeMap, VecDeque};

use super::random::Random;
use crate::chain::ChainUpdate;
use crate::codec::{decode, encode};
use crate::host::record::{self, Stored};
use crate::node::{MempoolChange, Node};
use crate::primitives::{Transaction, TransactionId};
use crate::units::Timestamp;

/// What a record is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Block(u32),
    Payment(TransactionId),
}

/// Keys, with the record that they get, or none.
type Batch = Vec<(Key, Option<Vec<u8>>)>;

/// A store.
#[derive(Debug)]
pub(super) struct Disk {
    records: BTreeMap<Key, Vec<u8>>,
    unsynced: VecDeque<Batch>,
    /// How many batches may be held back.
    lag: usize,
}

impl Disk {
    /// An empty store that holds back at most `lag` batches.
    pub(super) const fn new(lag: usize) -> Self {
        Self { records: BTreeMap::new(), unsynced: VecDeque::new(), lag }
    }

    /// Writes a change of the chain.
    pub(super) fn write(&mut self, update: &ChainUpdate) {
        let heights = |count: usize| (update.fork_height.0 + 1..).take(count);
        let mut batch: BTreeMap<u32, Option<Vec<u8>>> =
            heights(update.disconnected.len()).map(|height| (height, None)).collect();
        let records = update.connected.iter().map(|block| Some(record::write(block)));
        batch.extend(heights(update.connected.len()).zip(records));
        self.push(batch.into_iter().map(|(height, record)| (Key::Block(height), record)).collect());
    }

    /// Writes a change of a node's mempool.
    pub(super) fn write_payments(&mut self, change: &MempoolChange, node: &Node) {
        let record = |id: &TransactionId| Some(record::seal(&encode(&*node.mempool().get(id)?.transaction)));
        let changed = change.added.iter().chain(&change.removed);
        self.push(changed.map(|id| (Key::Payment(*id), record(id))).collect());
    }

    /// Whether all that was ever written is kept.
    pub(super) const fn is_prompt(&self) -> bool {
        self.lag == 0
    }

    fn push(&mut self, batch: Batch) {
        self.unsynced.push_back(batch);
        while self.unsynced.len() > self.lag {
            self.sync_one();
        }
    }

    /// The machine dies: what was held back is lost from somewhere on.
    pub(super) fn crash(&mut self, random: &mut Random) {
        for _ in 0..random.place(self.unsynced.len() + 1) {
            self.sync_one();
        }
        if let Some(mut torn) = self.unsynced.pop_front().filter(|_| random.chance(500)) {
            torn.truncate(random.place(torn.len()) + 1);
            if let Some((_, Some(record))) = torn.last_mut() {
                let at = random.place(record.len());
                if random.chance(500) {
                    record.truncate(at);
                } else {
                    record[at] ^= 1 << random.below(8);
                }
            }
            self.unsynced.push_front(torn);
            self.sync_one();
        }
        self.unsynced.clear();
    }

    /// Loads what holds into a new node, and deletes the rest, as the browser's store does where it has no snapshot.
    pub(super) fn restore(&mut self, now: Timestamp, node: &mut Node) {
        let mut next = 1;
        while let Some(bytes) = self.records.get(&Key::Block(next)) {
            let Stored::Intact(block) = record::read(bytes) else { break };
            let at = now.max(Timestamp(u64::from(block.header.time.0) * 1000));
            if node.restore(at, block).is_err() {
                break;
            }
            next += 1;
        }
        self.records.retain(|key, bytes| match key {
            Key::Block(height) => *height < next,
            Key::Payment(id) => {
                let payment = record::open(bytes).and_then(|bytes| decode::<Transaction>(bytes).ok());
                payment.into_iter().for_each(|payment| node.restore_payment(now, payment));
                node.mempool().get(id).is_some()
            }
        });
    }

    fn sync_one(&mut self) {
        for (key, record) in self.unsynced.pop_front().into_iter().flatten() {
            match record {
                Some(record) => self.records.insert(key, record),
                None => self.records.remove(&key),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::chain::Chain;
    use crate::node::Config;
    use crate::sim::random::Purpose;
    use crate::test;
    use crate::testing::{START, block_on, easy_params, key};

    #[test]
    fn a_crash_leaves_a_beginning_of_what_was_written() {
        let mut chain = Chain::new(easy_params());
        let mut lengths = std::collections::BTreeSet::new();
        let mut updates = Vec::new();
        for minute in 1..=8 {
            let now = START.plus_ms(60_000 * minute);
            let block = block_on(&chain, now, 1, &[]);
            updates.extend(chain.insert_block(now, block).expect("it holds").update);
        }
        for seed in 0..200 {
            let mut disk = Disk::new(3);
            updates.iter().for_each(|update| disk.write(update));
            disk.crash(&mut Random::new(seed, Purpose::Disk));
            let config = Config { params: easy_params(), node_key: key(1).public(), seed };
            let mut node = Node::new(config, START);
            disk.restore(START, &mut node);
            let height = node.chain().height();
            assert_eq!(chain.hash_at(height), Some(node.chain().tip().hash), "seed {seed}");
            assert_eq!(disk.records.len(), height.0 as usize, "what does not hold is deleted");
            lengths.insert(height.0);
        }
        assert_eq!(Vec::from_iter(lengths), [5, 6, 7, 8], "three of eight may be lost");
        let reorg =
            ChainUpdate { disconnected: vec![Arc::clone(&updates[7].connected[0])], ..updates[7].clone() };
        let mut disk = Disk::new(0);
        updates
            .iter()
            .chain([&ChainUpdate { connected: Vec::new(), ..reorg }])
            .for_each(|update| disk.write(update));
        assert_eq!(disk.records.len(), 7, "what left the chain leaves the disk");
    }
}
