//! The pace of mining: when a miner finds a block, and the nonce that it then shows.
//!
//! Proof of work is real but easy, and time is simulated. A room of the simulator has the rules of every room and an
//! easier target: at the hash rate that its miners have together, 6.4 hashes a second, a block in ten seconds takes
//! 64 hashes. *When* a miner finds its block is drawn from its hash rate and its job's target; a search has no
//! memory, so each new job draws anew. *What* it finds is a nonce of that header, found by hashing, which at such
//! targets costs microseconds. So nothing in the node is told that this is a simulation: blocks prove their work,
//! and the difficulty follows the hash rate over the same range of ratios.

use super::random::Random;
use crate::consensus::ChainParams;
use crate::miner::{Job, scan};
use crate::primitives::Target;
use crate::units::{RoomName, Timestamp};

/// The hash rate of a room's miners together, in hashes per 1000 seconds.
pub const ROOM_RATE: u64 = 6_400;

/// The rules of a simulated room.
#[must_use]
pub fn params() -> ChainParams {
    let spacing = ChainParams::room(RoomName::default()).spacing;
    ChainParams {
        starting_bits: Target::for_hashes(ROOM_RATE * u64::from(spacing) / 1000).compact(),
        limit_bits: Target::for_hashes(4).compact(),
        // The subsidy halves within a simulation.
        halving_interval: 500,
        ..ChainParams::room(RoomName::default())
    }
}

/// When a miner of `rate` hashes per 1000 seconds finds a nonce for a job that it begins now.
pub(super) fn found_at(random: &mut Random, now: Timestamp, job: &Job, rate: u64) -> Option<Timestamp> {
    let hashes = job.target.work().approximate() as u64;
    (rate > 0).then(|| now.plus_ms(random.wait(hashes * 1_000_000 / rate)))
}

/// A nonce for the job, the first from a random one on.
pub(super) fn nonce(random: &mut Random, job: &Job) -> Option<u32> {
    let start = u32::try_from(random.below(1 << 31)).unwrap_or_default();
    scan(&job.header, &job.target, start, u32::MAX)
}
