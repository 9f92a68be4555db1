//! How a node comes back from stored records, and when a snapshot is stored for the next time.
//!
//! A start reads the snapshot, the blocks after it, checked whole, and then, with the node at work, the bodies below it.
//! Without a snapshot that holds it reads every block from genesis, checked whole. Whatever the records are, the node
//! ends up with a chain that its blocks bear out. Left out: reading and writing, which is the host's.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::record::{self, Stored};
use crate::chain::{Chain, ChainUpdate, Snapshot};
use crate::codec::{decode, encode};
use crate::node::Node;
use crate::primitives::Block;
use crate::units::{Height, Timestamp};

/// Blocks and payments together after which another snapshot is due: what a start checks whole, a tenth of a second
/// in a tab.
pub const DUE_AFTER: u32 = 1_000;
/// In a long chain a snapshot is due only after its height divided by this: a snapshot has 80 bytes for each block, and
/// does not cost many times what the blocks since the last one did.
pub const DUE_FRACTION: u32 = 8;

/// Records per read before a node is at work: 32 MB of the largest blocks, 50 kB of empty ones.
pub const CHUNK: u32 = 128;
/// Records per read beside a running node: a quarter of a second of the largest blocks, 10,000 small ones in less than
/// a second.
const CHUNK_BESIDE: u32 = 32;

/// The record of a chain's snapshot.
#[must_use]
pub fn write_snapshot(chain: &Chain) -> Vec<u8> {
    record::seal(&encode(&chain.snapshot()))
}

/// Reads a snapshot's record; `None` when it is not as it was written.
#[must_use]
pub fn read_snapshot(record: &[u8]) -> Option<Snapshot> {
    decode(record::open(record)?).ok()
}

/// A start: what is to be read next, and what became of it.
#[derive(Debug, Default)]
pub struct Start {
    /// The snapshot, until the record at its height is here.
    snapshot: Option<Snapshot>,
    height: u32,
    refused: Option<String>,
}

impl Start {
    /// The start of a fresh node, from the record of a snapshot where there is one.
    #[must_use]
    pub fn new(record: Option<&[u8]>) -> Self {
        let snapshot = record.and_then(read_snapshot);
        let damaged = record.is_some() && snapshot.is_none();
        Self { snapshot, height: 0, refused: damaged.then(|| "it is damaged".to_owned()) }
    }

    /// From which height on records are to be read.
    #[must_use]
    pub fn next(&self, node: &Node) -> u32 {
        self.snapshot.as_ref().map_or(node.chain().height().0 + 1, |snapshot| snapshot.height().0)
    }

    /// Takes the records from [`Self::next`] on, in order; none are the end. Whether there may be more.
    ///
    /// # Errors
    /// The first height whose record does not hold, and why: the stored chain ends below it.
    pub fn take(
        &mut self,
        node: &mut Node,
        now: Timestamp,
        records: Vec<(u32, Vec<u8>)>,
    ) -> Result<bool, (u32, String)> {
        let mut more = !records.is_empty();
        let mut records = records.into_iter();
        if let Some(snapshot) = self.snapshot.take() {
            let (height, bytes) = records.next().unwrap_or_default();
            let tip = intact(snapshot.height().0, height, &bytes);
            let started =
                tip.and_then(|tip| node.start_from(snapshot, tip).map_err(|error| error.to_string()));
            if let Err(why) = started {
                self.refused = Some(why);
                return Ok(true);
            }
            (self.height, more) = (height, true);
        }
        for (height, bytes) in records {
            let next = node.chain().height().0 + 1;
            let taken = intact(next, height, &bytes).and_then(|block| {
                // The block was in time when it was stored; a clock that was set back since does not make it bad.
                let at = now.max(Timestamp(u64::from(block.header.time.0) * 1000));
                node.restore(at, block).map_err(|error| error.to_string())?;
                // One of another height may hold, and lead nowhere.
                let follows = node.chain().height().0 == next;
                if follows { Ok(()) } else { Err("it is another block".to_owned()) }
            });
            taken.map_err(|why| (next, why))?;
        }
        Ok(more)
    }

    /// The height of the snapshot that the node started from; 0 is none.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Why the snapshot was of no use, if it was not.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }
}

/// The records of the bodies that a node lacks after its start: what is to be read next, beside the running node.
#[derive(Clone, Debug)]
pub struct Bodies(Range<u32>);

impl Bodies {
    /// Those that are still to be loaded.
    #[must_use]
    pub fn of(chain: &Chain) -> Self {
        Self(chain.unloaded())
    }

    /// From which height on records are to be read, and how many at most.
    #[must_use]
    pub fn next(&self) -> Option<(u32, u32)> {
        (!self.0.is_empty()).then(|| (self.0.start, CHUNK_BESIDE.min(self.0.end - self.0.start)))
    }

    /// Takes what was read, in order; gives what [`body`] is to be given. A record that is missing is one that does not
    /// hold.
    pub fn take(&mut self, records: Vec<(u32, Vec<u8>)>) -> Vec<(u32, Vec<u8>)> {
        let next = self.0.start;
        self.0.start = records.last().map_or(self.0.end, |(last, _)| *last + 1);
        if records.is_empty() { vec![(next, Vec::new())] } else { records }
    }
}

/// Gives a node the next record below the snapshot that it started from. One that does not hold ends the chain there
/// until the peers have sent the rest. `Ok` as well when nothing is to be loaded any more.
///
/// # Errors
/// The first height that is lost, and why.
pub fn body(node: &mut Node, now: Timestamp, height: u32, bytes: &[u8]) -> Result<(), (u32, String)> {
    // A peer may have sent some of what is to be loaded.
    let Some(next) = node.chain().unloaded().next().filter(|next| *next <= height) else { return Ok(()) };
    let block = intact(next, height, bytes);
    node.load(now, block).map_err(|why| (node.chain().height().0 + 1, why))
}

fn intact(expected: u32, height: u32, bytes: &[u8]) -> Result<Block, String> {
    if height != expected {
        return Err("the record is missing".to_owned());
    }
    match record::read(bytes) {
        Stored::Intact(block) => Ok(block),
        Stored::Damaged(_) => Err("its checksum does not match".to_owned()),
        Stored::Unreadable => Err("it is unreadable".to_owned()),
    }
}

/// When the next snapshot is due, and whether the stored one still is of the stored chain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Schedule {
    /// The height of the stored snapshot; 0 is none.
    height: u32,
    /// Blocks and payments since then.
    since: u32,
}

impl Schedule {
    /// What is to be done after a start from a snapshot at `height`, or from genesis.
    #[must_use]
    pub fn resume(chain: &Chain, height: u32) -> Self {
        let blocks = (height + 1..=chain.height().0).map_while(|height| chain.block_at(Height(height)));
        Self { height, since: blocks.map(|block| weight(&block)).fold(0, u32::saturating_add) }
    }

    /// The stored snapshot is none. The next is due at once: without one a start checks every block.
    #[must_use]
    pub const fn without() -> Self {
        Self { height: 0, since: u32::MAX }
    }

    /// Notes a change of the chain; whether the stored snapshot must go with it.
    pub fn follow(&mut self, update: &ChainUpdate) -> bool {
        let undone = update.fork_height.0 < self.height;
        if undone {
            *self = Self::without();
        }
        let weights = update.connected.iter().map(|block| weight(block));
        self.since = weights.fold(self.since, u32::saturating_add);
        undone
    }

    /// Whether a snapshot at this height is due, where one is after so many blocks and payments: [`DUE_AFTER`].
    #[must_use]
    pub fn is_due(&self, height: Height, due_after: u32) -> bool {
        height.0 > 0 && self.since >= due_after.max(height.0 / DUE_FRACTION)
    }

    /// A snapshot at this height is being stored.
    pub const fn stored(&mut self, height: Height) {
        *self = Self { height: height.0, since: 0 };
    }
}

fn weight(block: &Block) -> u32 {
    u32::try_from(block.body.transactions.len()).unwrap_or(u32::MAX).saturating_add(1)
}
