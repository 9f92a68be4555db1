//! Bitcoin's difficulty rule, and BIP54's cure of its time-warp flaw: the schedule of the [`Profile::Bitcoin`] chain.
//!
//! No room uses it. With it Bitcoin's own headers and published cases run through the code that rooms' headers run
//! through: encoding, hash, targets, work, median time, and the walk of the block tree.
//!
//! [`Profile::Bitcoin`]: super::Profile::Bitcoin

use ruint::{Uint, aliases::U256};

use super::{ChainParams, RuleError};
use crate::primitives::target::quotient;
use crate::primitives::{BlockHash, CompactTarget, Header, MerkleRoot, Target};
use crate::units::BlockTime;

/// Blocks between two changes of the target.
pub const INTERVAL: u32 = 2016;
/// How long they should take, in seconds: two weeks.
pub const TIMESPAN: u32 = 14 * 24 * 60 * 60;
/// How far the first block of a period may be before its parent, in seconds (BIP54).
pub const WARP_MAX: u32 = 7200;

/// What a block leaves behind for the difficulty and the times of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The block's place in its period, from 0.
    place: u32,
    bits: CompactTarget,
    time: BlockTime,
    /// The time of the period's first block.
    start: BlockTime,
}

impl Period {
    /// What the genesis leaves.
    #[must_use]
    pub const fn genesis(params: &ChainParams) -> Self {
        Self { place: 0, bits: params.starting_bits, time: params.genesis_time, start: params.genesis_time }
    }

    /// What the last block before a change of the target leaves, given the time of its period's first block.
    #[must_use]
    pub const fn last(bits: CompactTarget, start: BlockTime, time: BlockTime) -> Self {
        Self { place: INTERVAL - 1, bits, time, start }
    }

    /// What a child with this time and target leaves.
    #[must_use]
    pub const fn child(&self, time: BlockTime, bits: CompactTarget) -> Self {
        let place = (self.place + 1) % INTERVAL;
        Self { place, bits, time, start: if place == 0 { time } else { self.start } }
    }

    /// The target that a child must have: its parent's, or after a whole period one that would have made the period
    /// take two weeks, changed at most fourfold. The period is measured from its first to its last block, which is
    /// 2015 blocks: Bitcoin's off-by-one.
    #[must_use]
    pub fn bits(&self, params: &ChainParams) -> CompactTarget {
        if self.place + 1 < INTERVAL {
            return self.bits;
        }
        let took = i64::from(self.time.0) - i64::from(self.start.0);
        let took = took.clamp(i64::from(TIMESPAN / 4), i64::from(TIMESPAN * 4)).unsigned_abs();
        let parent = self.bits.expand().unwrap_or_else(|| params.limit());
        // Below 2^279: a target times a number below 2^23.
        let product = Uint::<320, 5>::from(parent.value()) * Uint::from(took);
        let bounded =
            U256::saturating_from(quotient(product, Uint::from(TIMESPAN))).min(params.limit().value());
        Target::new(bounded).unwrap_or_else(|| params.limit()).compact()
    }

    /// Checks a child's time against the ends of its period.
    ///
    /// # Errors
    /// When the child is the first of its period and too far before its parent, or the last and before the first.
    pub fn check_time(&self, time: BlockTime) -> Result<(), RuleError> {
        let earliest = BlockTime(self.time.0.saturating_sub(WARP_MAX));
        // [C-17] The first block of a period MUST NOT be more than 7200 s before its parent.
        if self.place + 1 == INTERVAL && time < earliest {
            return Err(RuleError::PeriodStart { got: time, earliest });
        }
        // [C-18] The last block of a period MUST NOT be before its first.
        if self.place + 2 == INTERVAL && time < self.start {
            return Err(RuleError::PeriodEnd { got: time, earliest: self.start });
        }
        Ok(())
    }
}

/// Bitcoin's genesis header.
#[must_use]
pub const fn genesis() -> Header {
    const ROOT: [u8; 32] = [
        0x3b, 0xa3, 0xed, 0xfd, 0x7a, 0x7b, 0x12, 0xb2, 0x7a, 0xc7, 0x2c, 0x3e, 0x67, 0x76, 0x8f, 0x61, 0x7f,
        0xc8, 0x1b, 0xc3, 0x88, 0x8a, 0x51, 0x32, 0x3a, 0x9f, 0xb8, 0xaa, 0x4b, 0x1e, 0x5e, 0x4a,
    ];
    Header {
        version: 1,
        previous: BlockHash([0; 32]),
        merkle_root: MerkleRoot(ROOT),
        time: BlockTime(1_231_006_505),
        bits: CompactTarget(0x1d00_ffff),
        nonce: 2_083_236_893,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn targets_change_as_on_bitcoins_main_chain() {
        // The cases of Bitcoin Core's `pow_tests.cpp`: the period's first time, its last, the target before and after.
        let check = |start, end, before, after| {
            let last = Period::last(CompactTarget(before), BlockTime(start), BlockTime(end));
            assert_eq!(last.bits(&ChainParams::bitcoin()), CompactTarget(after), "{start}");
        };
        // Blocks 30,240 to 32,255: the first change there was.
        check(1_261_130_161, 1_262_152_739, 0x1d00_ffff, 0x1d00_d86a);
        // Blocks 0 to 2,015: never easier than the limit.
        check(1_231_006_505, 1_233_061_996, 0x1d00_ffff, 0x1d00_ffff);
        // Blocks 66,528 to 68,543: at most four times as hard.
        check(1_279_008_237, 1_279_297_671, 0x1c05_a3f4, 0x1c01_68fd);
        // Blocks 46,368 to 48,383: at most four times as easy.
        check(1_263_163_443, 1_269_211_443, 0x1c38_7f6f, 0x1d00_e1fd);
    }

    #[test]
    fn a_period_is_measured_over_2015_blocks() {
        // Blocks every 600 s exactly: 2015 gaps of them count as two weeks, so the target falls by a part in 2016.
        let params = ChainParams::bitcoin();
        let mut period = Period { bits: CompactTarget(0x1b04_04cb), ..Period::genesis(&params) };
        for number in 1..INTERVAL {
            assert_eq!(period.bits(&params), CompactTarget(0x1b04_04cb), "block {number}");
            period =
                period.child(BlockTime(params.genesis_time.0 + 600 * number), CompactTarget(0x1b04_04cb));
        }
        let before = U256::from(0x0404cb) << (8 * 24);
        let expect = before * U256::from(2015 * 600) / U256::from(TIMESPAN);
        assert_eq!(period.bits(&params), Target::new(expect).expect("not zero").compact());
    }
}
