//! What a run came to.

use std::fmt;

use super::finding::Finding;
use crate::chain::ChainUpdate;
use crate::crypto::Digest;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The hash of everything that every node did: equal for equal runs, wherever they run.
    pub audit: Digest,
    /// How many nodes there were.
    pub nodes: usize,
    /// How long it took on the virtual clock, in milliseconds.
    pub ms: u64,
    /// How long the nodes needed for one tip after everything was mended, in milliseconds, ...
    pub tip_ms: u64,
    /// ... and until the acknowledged payments were everywhere as well.
    pub rest_ms: u64,
    /// The height of the tip that all agreed on.
    pub height: u32,
    /// How many blocks were part of some node's chain at some time.
    pub blocks: usize,
    /// How often a node left blocks for better ones, ...
    pub reorgs: u64,
    /// ... and how many at most at once.
    pub deepest: usize,
    /// How many payments were acknowledged.
    pub payments: usize,
    /// How often a node started again after a crash.
    pub restarts: u64,
    /// How often a node started from a snapshot, ...
    pub snapshots: u64,
    /// ... how often a body below one was lost, ...
    pub lost: u64,
    /// ... and how often a better branch had waited for all of them.
    pub waited: u64,
    /// How often the relay sent a node away that did not read what it was sent.
    pub too_slow: u64,
    /// How often a node said that it is possibly isolated.
    pub doubts: u64,
    /// Blocks with a fault that honest nodes refused.
    pub refused: u64,
    /// Frames that arrived, relay's words included.
    pub frames: u64,
    /// Bytes that nodes sent.
    pub bytes: u64,
    /// What happened, one by one.
    pub events: u64,
    /// What the scenario is about.
    pub findings: Vec<Finding>,
}

impl Report {
    pub(super) fn updated(&mut self, update: &ChainUpdate) {
        self.reorgs += u64::from(!update.disconnected.is_empty());
        self.deepest = self.deepest.max(update.disconnected.len());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} nodes, {} min: height {}, {} blocks, {} reorgs (deepest {}), {} payments, {} restarts, \
             {} from a snapshot, {} bodies lost, {} branches waited, {} too slow, {} doubts, {} refused, {} frames; \
             agreed after {}.{} s; audit {}",
            self.nodes,
            self.ms / 60_000,
            self.height,
            self.blocks,
            self.reorgs,
            self.deepest,
            self.payments,
            self.restarts,
            self.snapshots,
            self.lost,
            self.waited,
            self.too_slow,
            self.doubts,
            self.refused,
            self.frames,
            self.rest_ms / 1000,
            self.rest_ms % 1000 / 100,
            hex::encode(&self.audit[..8]),
        )
    }
}
