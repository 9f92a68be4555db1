//! A player's host and its disk: what it writes, how its node starts from it, and how it loads the rest.
//!
//! What is written, when a snapshot is due and what a start makes of the records is decided where a tab decides it,
//! in [`crate::host`]; this is the part that a tab has in `web`. A start takes no time, because nothing reaches a node
//! before it is over; the bodies below a snapshot come one by one, and everything else happens in between: frames,
//! blocks, sleep, the next crash. Checked here: a node starts with balances that its blocks come to, and with all that it
//! had where the disk lost nothing; a sound disk never costs a node anything; whatever is lost, a node keeps what was
//! replayed; and when all is loaded, nothing is missing.

use std::collections::VecDeque;

use super::check::Checked;
use super::disk::Disk;
use super::player::{Life, Player};
use super::world::World;
use crate::chain::Chain;
use crate::codec::decode;
use crate::host::restore::{self, Bodies, CHUNK, Start};
use crate::host::{record, unwritten::Unwritten};
use crate::node::Node;
use crate::primitives::Transaction;
use crate::units::{Height, Timestamp};
use crate::wire::Tip;

/// The bodies that a node lacks after its start.
#[derive(Debug)]
pub(super) struct Loading {
    bodies: Bodies,
    /// What was read, and not given to the node yet.
    read: VecDeque<(u32, Vec<u8>)>,
    /// When the next one is there.
    pub(super) due: Timestamp,
}

/// What a start came to.
pub(super) struct Started {
    pub(super) unwritten: Unwritten,
    pub(super) loading: Option<Loading>,
    /// The height of the snapshot that it began with; 0 is none.
    snapshot: u32,
    /// What did not hold.
    lost: Option<String>,
}

impl Started {
    /// Starts a fresh node from what a disk holds.
    fn from(disk: &mut Disk, node: &mut Node, now: Timestamp, clock: Timestamp) -> Self {
        let (mut start, mut lost) = (Start::new(disk.snapshot()), None);
        loop {
            let records = disk.blocks(start.next(node), CHUNK);
            match start.take(node, clock, records) {
                Ok(true) => {}
                Ok(false) => break,
                Err((height, why)) => {
                    disk.truncate(height);
                    lost = Some(format!("block {height}: {why}"));
                    break;
                }
            }
        }
        let mut unwritten = Unwritten::default();
        unwritten.resume(node.chain(), start.height());
        if let Some(why) = start.refused() {
            unwritten.drop_snapshot();
            lost = Some(format!("the snapshot: {why}"));
        }
        for (_, bytes) in disk.mempool() {
            let payment = record::open(bytes).and_then(|bytes| decode::<Transaction>(bytes).ok());
            payment.into_iter().for_each(|payment| node.restore_payment(clock, payment));
        }
        unwritten.drop_missing(disk.mempool().map(|(id, _)| id), node.mempool());
        let bodies = Bodies::of(node.chain());
        let loading = bodies.next().map(|_| Loading { bodies, read: VecDeque::new(), due: now });
        Self { unwritten, loading, snapshot: start.height(), lost }
    }
}

impl World {
    /// Starts a fresh node from what its player's disk holds.
    pub(super) fn start(&mut self, place: usize, node: &mut Node) -> Started {
        let player = &mut self.players[place];
        let clock = player.clock(self.now);
        if player.tips.is_empty() {
            player.tips.push(node.chain().tip());
        }
        let started = Started::from(&mut player.disk, node, self.now, clock);
        self.report.snapshots += u64::from(started.snapshot > 0);
        let tip = node.chain().tip();
        self.audit(place, &format!("starts {} {:?}", started.snapshot, started.lost), &tip.hash.0);
        if let Err(what) = self.check_start(place, node, &started) {
            self.fail(Some(place), what);
        }
        started
    }

    fn check_start(&self, place: usize, node: &Node, started: &Started) -> Checked {
        let Player { disk, tips, .. } = &self.players[place];
        if let Some(lost) = started.lost.as_ref().filter(|_| disk.is_sound()) {
            return Err(format!("it could not start from a sound disk; {lost}"));
        }
        let tip = node.chain().tip();
        let has_all = tips.last().is_none_or(|last| *last == tip);
        if (disk.is_prompt() && !has_all) || (disk.is_sound() && !has_all && !tips.contains(&tip)) {
            return Err(format!("it starts at {} {}, where it did not stop", tip.height, tip.hash));
        }
        self.checker.check_ledger(node)?;
        self.checker.check_mempool(node)
    }

    /// Gives a node the next body that its disk has read, if it still lacks any.
    pub(super) fn load(&mut self, place: usize) {
        let player = &mut self.players[place];
        let (sound, wait) = (player.disk.is_sound(), self.disks.wait(player.part.storage.body_ms));
        let Some(life) = player.life.as_mut() else { return };
        let Some(mut loading) = life.loading.take() else { return };
        if let (Some((from, count)), true) = (loading.bodies.next(), loading.read.is_empty()) {
            loading.read = loading.bodies.take(player.disk.blocks(from, count)).into();
        }
        let Some((height, bytes)) = loading.read.pop_front() else { return };
        loading.due = self.now.plus_ms(wait);
        let (tip, replayed) = (life.node.chain().tip(), replayed(life.node.chain()));
        life.loading = Some(loading);
        let mut lost = None;
        self.drive(place, |life, clock| {
            lost = restore::body(&mut life.node, clock, height, &bytes).err();
            if lost.is_some() {
                life.unwritten.drop_snapshot();
            }
            lost.is_some()
        });
        self.report.lost += u64::from(lost.is_some());
        self.audit(place, &format!("loads {height} {lost:?}"), &[]);
        let Some(Life { node, .. }) = &self.players[place].life else { return };
        self.report.waited += u64::from(lost.is_none() && node.chain().tip() != tip);
        let checks = || -> Checked {
            if let Some((height, why)) = lost.filter(|_| sound) {
                return Err(format!("a sound disk lost block {height}: {why}"));
            }
            if node.chain().tip().work < replayed.work {
                return Err(format!("it fell back below {}, which was replayed", replayed.hash));
            }
            if node.chain().unloaded().is_empty() {
                check_whole(node.chain())?;
                return self.checker.check_ledger(node);
            }
            Ok(())
        };
        if let Err(what) = checks() {
            self.fail(Some(place), what);
        }
    }

    /// Which node still lacks bodies below its snapshot.
    pub(super) fn unloaded(&self) -> Option<String> {
        let loads = |player: &Player| {
            player.life.as_ref().is_some_and(|life| !life.node.chain().unloaded().is_empty())
        };
        let place = self.players.iter().position(loads)?;
        Some(format!("node {place} has not loaded all of its chain"))
    }

    /// Writes what changed, unless the disk is at work.
    pub(super) fn store(&mut self, place: usize) {
        let Player { life: Some(life), disk, tips, part, .. } = &mut self.players[place] else { return };
        if self.disks.chance(part.storage.busy) {
            return;
        }
        life.unwritten.settle(life.node.chain(), part.storage.due_after);
        life.unwritten.take().into_iter().for_each(|batch| disk.write(batch));
        let tip = life.node.chain().tip();
        if tips.last() != Some(&tip) {
            tips.push(tip);
        }
    }
}

/// The last block below which nothing is still to be loaded.
fn replayed(chain: &Chain) -> Tip {
    let unloaded = chain.unloaded();
    let height = Height(if unloaded.is_empty() { chain.height().0 } else { unloaded.start - 1 });
    let hash = chain.hash_at(height).unwrap_or_default();
    let work = chain.position(&hash).map(|(_, work)| work).unwrap_or_default();
    Tip { hash, height, work }
}

/// Every block of a chain is here.
fn check_whole(chain: &Chain) -> Checked {
    let missing = (0..=chain.height().0).find(|height| chain.block_at(Height(*height)).is_none());
    missing.map_or(Ok(()), |height| Err(format!("all is loaded, and block {height} is not here")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::node::Config;
    use crate::sim::disk::Storage;
    use crate::sim::random::{Purpose, Random};
    use crate::test;
    use crate::testing::{START, block_on, easy_params, key};

    const BLOCKS: u64 = 9;

    /// A chain of blocks, stored as it grew, and a disk after a crash.
    fn crashed(storage: Storage, seed: u64) -> (Chain, Disk) {
        let (mut chain, mut disk) = (Chain::new(easy_params()), Disk::new(storage));
        let mut unwritten = Unwritten::default();
        for minute in 1..=BLOCKS {
            let now = START.plus_ms(60_000 * minute);
            let block = block_on(&chain, now, 1, &[]);
            let update = chain.insert_block(now, block).expect("it holds").update.expect("it is the best");
            unwritten.follow(&update);
            unwritten.settle(&chain, storage.due_after);
            disk.write(unwritten.take().expect("a block"));
        }
        disk.crash(&mut Random::new(seed, Purpose::Disk));
        (chain, disk)
    }

    /// A node that starts from a disk and loads all; the height of the snapshot, and whether anything was lost.
    fn started(disk: &mut Disk) -> (Node, u32, bool) {
        let mut node = Node::new(Config { params: easy_params(), node_key: key(1).public(), seed: 1 }, START);
        let Started { snapshot, lost, loading, .. } = Started::from(disk, &mut node, START, START);
        let mut lost = lost.is_some();
        let mut loading = loading.map(|loading| loading.bodies);
        while let Some((from, count)) = loading.as_ref().and_then(Bodies::next) {
            let read = loading.as_mut().map(|bodies| bodies.take(disk.blocks(from, count)));
            for (height, bytes) in read.into_iter().flatten() {
                lost |= restore::body(&mut node, START, height, &bytes).is_err();
            }
        }
        (node, snapshot, lost)
    }

    #[test]
    fn a_crash_leaves_a_beginning_of_what_was_written() {
        let mut seen = BTreeSet::new();
        for seed in 0..400 {
            let (chain, mut disk) = crashed(Storage { lag: 3, due_after: 4, ..Storage::default() }, seed);
            let (node, snapshot, lost) = started(&mut disk);
            let height = node.chain().height();
            assert_eq!(chain.hash_at(height), Some(node.chain().tip().hash), "seed {seed}");
            assert!(!lost || !disk.is_sound(), "seed {seed}");
            check_whole(node.chain()).expect("all was loaded");
            seen.insert((height.0, snapshot, lost));
        }
        let heights: BTreeSet<u32> = seen.iter().map(|(height, ..)| *height).collect();
        let snapshots: BTreeSet<u32> = seen.iter().map(|(_, snapshot, _)| *snapshot).collect();
        assert_eq!(Vec::from_iter(heights), [6, 7, 8, 9], "three of nine may be lost");
        assert_eq!(Vec::from_iter(snapshots), [0, 4, 8], "one was torn");
        assert!(seen.iter().any(|(.., lost)| *lost) && seen.iter().any(|(.., lost)| !lost));
    }

    #[test]
    fn what_rots_costs_what_it_held() {
        let mut heights = BTreeSet::new();
        for seed in 0..400 {
            let storage = Storage { rot: 1000, due_after: 4, ..Storage::default() };
            let (chain, mut disk) = crashed(storage, seed);
            let (node, snapshot, lost) = started(&mut disk);
            let height = node.chain().height();
            assert_eq!(chain.hash_at(height), Some(node.chain().tip().hash), "seed {seed}");
            // A last block that is gone, or a snapshot, is one that never was.
            assert!(!disk.is_sound() && (lost || snapshot == 0 || height.0 == 8), "seed {seed}");
            check_whole(node.chain()).expect("all was loaded");
            // What is lost below a snapshot is deleted as the node's chain becomes shorter.
            if height.0 >= snapshot {
                assert!(disk.blocks(height.0 + 1, CHUNK).is_empty(), "what does not hold is deleted");
            }
            heights.insert((height.0, snapshot));
        }
        let below = (0..7).map(|height| (height, 8));
        assert_eq!(
            Vec::from_iter(heights),
            Vec::from_iter(BTreeSet::from_iter(below.chain([(7, 0), (8, 8), (9, 0)])))
        );
    }
}
