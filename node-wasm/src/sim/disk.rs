//! A node's disk: the records that its host keeps, as a browser's store keeps them, and what a crash leaves of them.
//!
//! A disk that lags holds the last batches back; a crash loses some of those, and may tear the last one that it does
//! not lose: some of its records are written, one of them cut or flipped. That is more than a browser's store allows
//! itself, whose batches are whole. A disk that rots loses a record at a crash, or a bit of it, of a block or of the
//! snapshot. Left out: what a host makes of the records, which is [`super::store`]'s.

use std::collections::{BTreeMap, VecDeque};

use super::random::Random;
use crate::host::restore::DUE_AFTER;
use crate::host::unwritten::Batch;
use crate::primitives::TransactionId;

/// How a player's host stores.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storage {
    /// How many batches its disk may hold back.
    pub(super) lag: usize,
    /// How many of a thousand times a transaction is still under way when there is something to write: it waits, and goes
    /// into one batch with what comes then.
    pub(super) busy: u64,
    /// After how many blocks and payments a snapshot is due. A room of the simulator is young: after as many as in a tab
    /// none would ever be.
    pub(super) due_after: u32,
    /// How long it takes in the mean until the next body is loaded, in milliseconds.
    pub(super) body_ms: u64,
    /// How many of a thousand crashes damage a record that was written long ago.
    pub(super) rot: u64,
}

impl Default for Storage {
    fn default() -> Self {
        Self { lag: 0, busy: 0, due_after: DUE_AFTER, body_ms: 0, rot: 0 }
    }
}

impl Storage {
    pub(super) fn draw(random: &mut Random) -> Self {
        Self {
            lag: [0, 0, 1, 2, 5][random.place(5)],
            busy: [0, 0, 900][random.place(3)],
            due_after: [1, 2, 8, DUE_AFTER][random.place(4)],
            body_ms: [0, 1_000, 5_000][random.place(3)],
            rot: [0, 0, 500][random.place(3)],
        }
    }
}

/// What a record is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Snapshot,
    Block(u32),
    Payment(TransactionId),
}

/// Keys, with the record that they get, or none.
type Records = Vec<(Key, Option<Vec<u8>>)>;

/// A disk.
#[derive(Debug)]
pub(super) struct Disk {
    records: BTreeMap<Key, Vec<u8>>,
    unsynced: VecDeque<Records>,
    storage: Storage,
    /// Whether no record was ever damaged.
    sound: bool,
}

impl Disk {
    /// An empty disk.
    pub(super) const fn new(storage: Storage) -> Self {
        Self { records: BTreeMap::new(), unsynced: VecDeque::new(), storage, sound: true }
    }

    /// Whether all that was ever written is kept.
    pub(super) const fn is_prompt(&self) -> bool {
        self.storage.lag == 0 && self.storage.busy == 0 && self.sound
    }

    /// Whether no record was ever damaged: what is kept is what a node had at some time.
    pub(super) const fn is_sound(&self) -> bool {
        self.sound
    }

    /// The snapshot's record.
    pub(super) fn snapshot(&self) -> Option<&[u8]> {
        self.records.get(&Key::Snapshot).map(Vec::as_slice)
    }

    /// The records of the blocks from height `from` on, at most `count`, in order.
    pub(super) fn blocks(&self, from: u32, count: u32) -> Vec<(u32, Vec<u8>)> {
        let blocks = self.records.range(Key::Block(from)..).map_while(|(key, record)| match key {
            Key::Block(height) => Some((*height, record.clone())),
            Key::Snapshot | Key::Payment(_) => None,
        });
        blocks.take(count as usize).collect()
    }

    /// The ids and records of the waiting payments.
    pub(super) fn mempool(&self) -> impl Iterator<Item = (TransactionId, &[u8])> {
        self.records.iter().filter_map(|(key, record)| match key {
            Key::Payment(id) => Some((*id, record.as_slice())),
            Key::Snapshot | Key::Block(_) => None,
        })
    }

    /// Deletes every block from height `from` on.
    pub(super) fn truncate(&mut self, from: u32) {
        let gone = self.blocks(from, u32::MAX);
        self.push(gone.into_iter().map(|(height, _)| (Key::Block(height), None)).collect());
    }

    /// Writes a batch. Nobody resets a simulated node, so that nothing is cleared.
    pub(super) fn write(&mut self, batch: Batch) {
        let snapshot = batch.snapshot.map(|record| (Key::Snapshot, record));
        let blocks = batch.blocks.into_iter().map(|(height, record)| (Key::Block(height), record));
        let mempool = batch.mempool.into_iter().map(|(id, record)| (Key::Payment(id), record));
        self.push(snapshot.into_iter().chain(blocks).chain(mempool).collect());
    }

    fn push(&mut self, records: Records) {
        self.unsynced.push_back(records);
        while self.unsynced.len() > self.storage.lag {
            self.sync_one();
        }
    }

    fn sync_one(&mut self) {
        for (key, record) in self.unsynced.pop_front().into_iter().flatten() {
            match record {
                Some(record) => self.records.insert(key, record),
                None => self.records.remove(&key),
            };
        }
    }

    /// The machine dies: what was held back is lost from somewhere on.
    pub(super) fn crash(&mut self, random: &mut Random) {
        for _ in 0..random.place(self.unsynced.len() + 1) {
            self.sync_one();
        }
        if let Some(torn) = self.unsynced.pop_front().filter(|torn| !torn.is_empty() && random.chance(500)) {
            self.tear(torn, random);
        }
        self.unsynced.clear();
        if random.chance(self.storage.rot) {
            self.rot(random);
        }
    }

    /// Writes some of a batch, in whatever order, and damages the last.
    fn tear(&mut self, mut torn: Records, random: &mut Random) {
        for last in (1..torn.len()).rev() {
            torn.swap(last, random.place(last + 1));
        }
        torn.truncate(random.place(torn.len()) + 1);
        if let Some((_, Some(record))) = torn.last_mut() {
            damage(record, random);
        }
        self.sound = false;
        self.unsynced.push_front(torn);
        self.sync_one();
    }

    /// Loses the snapshot or a block, or a bit of it.
    fn rot(&mut self, random: &mut Random) {
        let height = self.records.keys().filter(|key| matches!(key, Key::Block(_))).count();
        let key = match u32::try_from(random.place(2 * height)) {
            Ok(place) if (place as usize) < height => Key::Block(place + 1),
            _ => Key::Snapshot,
        };
        let Some(record) = self.records.get_mut(&key) else { return };
        damage(record, random);
        if random.chance(300) {
            self.records.remove(&key);
        }
        self.sound = false;
    }
}

/// Cuts a record off, or flips a bit of it.
fn damage(record: &mut Vec<u8>, random: &mut Random) {
    let at = random.place(record.len());
    if random.chance(500) {
        record.truncate(at);
    } else if let Some(byte) = record.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}
