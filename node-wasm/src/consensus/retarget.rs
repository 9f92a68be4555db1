//! The difficulty rule: relative ASERT on the chain's clock, with an easing of the block that keeps the room
//! waiting. CONSENSUS.md, "Difficulty", derives it and measures its attack.
//!
//! Guarantees: no input panics or overflows, a later time never makes a block harder, and over many blocks
//! the exponents add up to the time that passed, so that a false time gains nothing lasting.
//!
//! Leaves out: whether a header's time is acceptable, and where a block's ancestors are found.

use ruint::{Uint, aliases::U256};

use super::bitcoin::Period;
use super::{ChainParams, Profile, RuleError};
use crate::primitives::{CompactTarget, Target};
use crate::units::BlockTime;

/// One doubling of the target, in the units of [`asert`]'s exponent.
const DOUBLING: i64 = 1 << 16;

/// What a block leaves behind for the difficulty of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// In a room.
    Room(RoomPace),
    /// Under Bitcoin's rules.
    Bitcoin(Period),
}

/// What a room's block leaves behind for the difficulty of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomPace {
    bits: CompactTarget,
    /// The latest time of the block and its ancestors; `None` at the genesis, whose time is a constant.
    clock: Option<BlockTime>,
    /// By how many seconds the block moved the clock; `None` for the genesis and its children.
    gap: Option<u32>,
}

impl Pace {
    /// What the genesis leaves.
    #[must_use]
    pub const fn genesis(params: &ChainParams) -> Self {
        match params.profile {
            Profile::Room => Self::Room(RoomPace::genesis(params)),
            Profile::Bitcoin => Self::Bitcoin(Period::genesis(params)),
        }
    }

    /// What a child with this time and target leaves.
    #[must_use]
    pub fn child(&self, time: BlockTime, bits: CompactTarget) -> Self {
        match self {
            Self::Room(pace) => Self::Room(pace.child(time, bits)),
            Self::Bitcoin(period) => Self::Bitcoin(period.child(time, bits)),
        }
    }

    /// The target that a child with this time must have.
    #[must_use]
    pub fn bits_at(&self, params: &ChainParams, time: BlockTime) -> CompactTarget {
        match self {
            Self::Room(pace) => pace.bits_at(params, time),
            Self::Bitcoin(period) => period.bits(params),
        }
    }

    /// Checks a child's time, where the difficulty rule needs more of it than the median and the clock do.
    ///
    /// # Errors
    /// The broken rule.
    pub fn check_time(&self, time: BlockTime) -> Result<(), RuleError> {
        match self {
            Self::Room(_) => Ok(()),
            Self::Bitcoin(period) => period.check_time(time),
        }
    }
}

impl RoomPace {
    /// What the genesis leaves: its child has the starting target, whenever it comes.
    #[must_use]
    pub const fn genesis(params: &ChainParams) -> Self {
        Self { bits: params.starting_bits, clock: None, gap: None }
    }

    /// What a child with this time and target leaves.
    #[must_use]
    pub fn child(&self, time: BlockTime, bits: CompactTarget) -> Self {
        Self { bits, clock: self.clock.max(Some(time)), gap: self.gap_to(time) }
    }

    /// The target that a child with this time must have.
    #[must_use]
    pub fn bits_at(&self, params: &ChainParams, time: BlockTime) -> CompactTarget {
        let parent = self.bits.expand().unwrap_or_else(|| params.limit());
        next_target(params, parent, self.gap.map(i64::from), self.gap_to(time).map(i64::from)).compact()
    }

    fn gap_to(&self, time: BlockTime) -> Option<u32> {
        self.clock.map(|clock| time.0.saturating_sub(clock.0))
    }
}

/// The target of a block: what its parent's gap made due, plus what its own wait beyond the room's patience
/// eases at once. The parent's wait beyond patience has eased the parent itself and is not counted again.
///
/// A gap is by how many seconds a block moved the chain's clock. `None`, a gap from the genesis, counts as the
/// spacing.
#[must_use]
pub fn next_target(
    params: &ChainParams,
    parent: Target,
    parent_gap: Option<i64>,
    own_gap: Option<i64>,
) -> Target {
    let (spacing, patience) = (i64::from(params.spacing), i64::from(params.patience));
    let half_life = i64::from(params.half_life.max(1));
    let easing_max = half_life.saturating_mul(i64::from(params.easing_max));
    let due = parent_gap.unwrap_or(spacing).min(patience).saturating_sub(spacing);
    let waited = own_gap.unwrap_or(spacing).saturating_sub(patience).clamp(0, easing_max);
    asert(parent, due.saturating_add(waited).saturating_mul(DOUBLING) / half_life, params.limit())
}

/// `reference * 2^(exponent / 65536)`, at least 1 and at most `limit`: aserti3-2d's arithmetic to the bit, so
/// that Bitcoin Cash's published vectors run through this function.
#[must_use]
pub fn asert(reference: Target, exponent: i64, limit: Target) -> Target {
    let fraction = exponent.rem_euclid(DOUBLING) as u64;
    // 65536 * 2^(fraction / 65536) by a cubic that is off by at most 0.013 %. The sum just fits in 64 bits.
    let factor = 65_536
        + ((195_766_423_245_049 * fraction
            + 971_821_376 * fraction.pow(2)
            + 5_127 * fraction.pow(3)
            + (1 << 47))
            >> 48);
    // Below 2^273: a target times a factor below 2^17.
    let product = Uint::<320, 5>::from(reference.value()) * Uint::from(factor);
    let shift = exponent.div_euclid(DOUBLING) - 16;
    let width = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
    let scaled = if shift < 0 { product >> width } else { product.checked_shl(width).unwrap_or(Uint::MAX) };
    let bounded = U256::saturating_from(scaled).clamp(U256::from(1), limit.value());
    Target::new(bounded).expect("the clamp's bounds are not zero")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test;
    use crate::units::RoomName;

    fn params() -> ChainParams {
        ChainParams::room("lobby".parse::<RoomName>().expect("a valid name"))
    }

    fn difficulty(target: Target) -> f64 {
        target.work().approximate().log2()
    }

    #[test]
    fn the_exponential_doubles_and_halves_exactly() {
        let check = |reference: u64, exponent: i64, expect: u64| {
            let target = |value: u64| Target::new(U256::from(value)).expect("not zero");
            assert_eq!(asert(target(reference), exponent, target(1 << 60)), target(expect), "{exponent}");
        };
        check(1 << 40, 0, 1 << 40);
        check(1 << 40, DOUBLING, 1 << 41);
        check(1 << 40, -3 * DOUBLING, 1 << 37);
        check(1 << 40, -40 * DOUBLING, 1);
        check(1 << 40, i64::MIN, 1);
        check(1 << 40, 20 * DOUBLING, 1 << 60);
        check(1 << 40, i64::MAX, 1 << 60);
    }

    #[test]
    fn the_cubic_follows_the_exponential_at_every_fraction() {
        let reference = Target::for_hashes(1 << 40);
        let mut last = reference;
        for exponent in 0..=DOUBLING {
            let target = asert(reference, exponent, Target::MAX);
            let error = difficulty(reference) - difficulty(target) - exponent as f64 / DOUBLING as f64;
            assert!(target >= last && error.abs() < 2e-4, "{exponent}: off by {error}");
            last = target;
        }
    }

    fn child(pace: RoomPace, params: &ChainParams, time: i64) -> RoomPace {
        let time = BlockTime(u32::try_from(time).expect("in range"));
        pace.child(time, pace.bits_at(params, time))
    }

    fn bits_difficulty(bits: CompactTarget) -> f64 {
        difficulty(bits.expand().expect("valid"))
    }

    #[test]
    fn the_first_block_has_the_starting_target_and_the_second_eases_by_its_own_wait_only() {
        let params = params();
        let genesis = RoomPace::genesis(&params);
        for time in [0, 1, 1_800_000_000, u32::MAX] {
            assert_eq!(genesis.bits_at(&params, BlockTime(time)), params.starting_bits);
        }
        let first = child(genesis, &params, 1_800_000_000);
        let second = |gap| first.bits_at(&params, BlockTime(1_800_000_000 + gap));
        assert_eq!(second(0), params.starting_bits);
        assert_eq!(second(params.patience), params.starting_bits);
        let eased = bits_difficulty(params.starting_bits)
            - bits_difficulty(second(params.patience + 2 * params.half_life));
        assert!((eased - 2.0).abs() < 1e-3, "{eased}");
    }

    #[test]
    fn a_wait_beyond_patience_counts_once() {
        let params = params();
        let patience = i64::from(params.patience);
        let parent = Target::for_hashes(1 << 30);
        let late = next_target(&params, parent, Some(patience + 100), Some(0));
        assert_eq!(late, next_target(&params, parent, Some(patience), Some(0)));
    }

    #[test]
    fn a_time_in_the_past_does_not_move_the_clock() {
        let params = params();
        let first = child(RoomPace::genesis(&params), &params, 1000);
        assert_eq!(child(first, &params, 1), child(first, &params, 1000));
        assert_eq!(child(first, &params, 1).clock, Some(BlockTime(1000)));
    }

    fn check_later_is_never_harder(parent: Target, first: i64, second: i64, other: i64) {
        let (params, other) = (params(), Some(other));
        let (early, late) = (Some(first.min(second)), Some(first.max(second)));
        assert!(next_target(&params, parent, other, early) <= next_target(&params, parent, other, late));
        assert!(next_target(&params, parent, early, other) <= next_target(&params, parent, late, other));
    }

    proptest! {
        #[test]
        fn later_is_never_harder(bits in 0usize..256, first: i64, second: i64, other: i64) {
            let parent = Target::new(U256::from(1) << bits).expect("not zero");
            check_later_is_never_harder(parent, first, second, other);
        }

        #[test]
        fn later_is_never_harder_nearby(first in -50i64..400, second in -50i64..400, other in -50i64..400) {
            check_later_is_never_harder(Target::for_hashes(1 << 24), first, second, other);
        }

        #[test]
        fn exponents_add_up_to_the_time_that_passed(steps in prop::collection::vec(-30i64..60, 1..30)) {
            // Whatever the order of the stamps: the clock against the schedule is all that remains, except that
            // the last gap's part within patience takes effect at the next block.
            let mut params = params();
            params.limit_bits = Target::MAX.compact();
            params.starting_bits = Target::for_hashes(1 << 60).compact();
            let (spacing, patience) = (i64::from(params.spacing), i64::from(params.patience));
            let (mut time, mut blocks) = (1_000_000, 1);
            let mut pace = child(RoomPace::genesis(&params), &params, time);
            for step in steps {
                time += step;
                pace = child(pace, &params, time);
                blocks += 1;
            }
            let passed = i64::from(pace.clock.expect("past the genesis").0) - 1_000_000;
            let gap = i64::from(pace.gap.expect("past the first block"));
            let ahead = spacing * (blocks - 2) - (passed - gap.min(patience));
            let start = bits_difficulty(params.starting_bits);
            let expect = (start + ahead as f64 / f64::from(params.half_life)).max(0.0);
            // The cubic's error and the compact form's rounding, per block.
            let got = bits_difficulty(pace.bits);
            prop_assert!((got - expect).abs() < 3e-4 * blocks as f64, "{got} {expect}");
        }
    }
}
