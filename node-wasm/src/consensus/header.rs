//! What a header must satisfy on top of its parent.
//!
//! Everything that a rule needs of the past is in [`Parent`]; the chain gathers it. Left out: where the parent is
//! from, and what the body must satisfy.

use crate::consensus::retarget::Pace;
use crate::consensus::{ChainParams, Profile, RuleError};
use crate::primitives::{CompactTarget, Header, Target};
use crate::units::{BlockTime, Height, Timestamp};

/// Over how many blocks the median of times is taken, as in Bitcoin.
pub const MEDIAN_SPAN: usize = 11;

/// What the rules need to know of a header's parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The parent's height.
    pub height: Height,
    /// What the parent leaves for the difficulty of its children.
    pub pace: Pace,
    /// The median time of the last [`MEDIAN_SPAN`] blocks up to the parent.
    pub median: BlockTime,
}

/// The median of the last [`MEDIAN_SPAN`] times, or of those there are; times may come in any order.
#[must_use]
pub fn median_time(times: &[BlockTime]) -> BlockTime {
    // Each in its place among those before it: so few need no other sort.
    let mut sorted = Vec::with_capacity(MEDIAN_SPAN);
    for time in times {
        sorted.insert(sorted.partition_point(|other| other < time), *time);
    }
    sorted.get(times.len() / 2).copied().unwrap_or_default()
}

/// The compact target that a child of `parent` must carry when its time is `time`.
#[must_use]
pub fn required_bits(params: &ChainParams, parent: &Parent, time: BlockTime) -> CompactTarget {
    parent.pace.bits_at(params, time)
}

/// Checks a header against its parent and the local clock.
///
/// # Errors
/// The first broken rule. [`RuleError::TimeTooLate`] may hold later; the others never will.
pub fn check_header(
    params: &ChainParams,
    parent: &Parent,
    header: &Header,
    now: Timestamp,
) -> Result<(), RuleError> {
    // [C-06] A height MUST fit 32 bits.
    parent.height.child().ok_or(RuleError::HeightOverflow)?;
    // [C-01] A header's version MUST be that of the room.
    if params.profile == Profile::Room && header.version != params.version {
        return Err(RuleError::Version { got: header.version, expected: params.version });
    }
    // [C-02] A header's compact target MUST be the one that the schedule demands for its parent and its time.
    let expected = required_bits(params, parent, header.time);
    if header.bits != expected {
        return Err(RuleError::Bits { got: header.bits, expected });
    }
    check_proof_of_work(header)?;
    // [C-04] A header's time MUST be after the median of the last 11 blocks.
    if header.time <= parent.median {
        return Err(RuleError::TimeTooEarly { got: header.time, median: parent.median });
    }
    parent.pace.check_time(header.time)?;
    // [C-05] A header's time MUST NOT be further ahead of the local clock than the room allows.
    let latest = BlockTime(now.block_time().0.saturating_add(params.future_max));
    if header.time > latest {
        return Err(RuleError::TimeTooLate { got: header.time, latest });
    }
    Ok(())
}

fn check_proof_of_work(header: &Header) -> Result<(), RuleError> {
    let hash = header.hash();
    let target = header.bits.expand();
    // [C-03] A header's hash MUST NOT exceed its target.
    if !target.is_some_and(|target| target.is_met_by(&hash)) {
        return Err(RuleError::ProofOfWork { hash, target: target.unwrap_or(Target::MAX) });
    }
    Ok(())
}
