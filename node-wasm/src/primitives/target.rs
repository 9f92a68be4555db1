//! Targets and work: how hard a hash was to find.
//!
//! The compact form follows Bitcoin's `arith_uint256::SetCompact` and `GetBlockProof`; encodings that Bitcoin
//! merely tolerates (negative, overflowing, zero, more digits than needed) are refused, so that one target has
//! one encoding.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use ruint::{Uint, aliases::U256};

use super::BlockHash;

/// A target in Bitcoin's compact form ("nBits"): `mantissa * 256^(exponent - 3)`, exponent in the top byte.
#[derive(Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct CompactTarget(pub u32);

/// The largest number that a block's hash, read as a little-endian number, may be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(U256);

/// How many hashes a block or a chain stands for, on average.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work(U256);

impl CompactTarget {
    /// The target, or `None` where the form is negative, zero, overflowing or not the shortest.
    #[must_use]
    pub fn expand(self) -> Option<Target> {
        let exponent = (self.0 >> 24) as usize;
        let mantissa = U256::from(self.0 & 0x007f_ffff);
        if exponent > 34 {
            return None;
        }
        let value = if exponent <= 3 {
            mantissa >> (8 * (3 - exponent))
        } else {
            mantissa.checked_shl(8 * (exponent - 3))?
        };
        let target = Target::new(value)?;
        (target.compact() == self).then_some(target)
    }
}

impl Target {
    /// The easiest target: every hash meets it.
    pub const MAX: Self = Self(U256::MAX);

    /// A target, or `None` for zero, which no hash could meet.
    #[must_use]
    pub fn new(value: U256) -> Option<Self> {
        (!value.is_zero()).then_some(Self(value))
    }

    /// The target that takes `hashes` attempts on average.
    #[must_use]
    pub fn for_hashes(hashes: u64) -> Self {
        Self(quotient(U256::MAX, U256::from(hashes.max(1))))
    }

    /// The number itself.
    #[must_use]
    pub const fn value(self) -> U256 {
        self.0
    }

    /// The shortest compact form, rounded down to three digits of 256 as Bitcoin's `GetCompact` does.
    #[must_use]
    pub fn compact(self) -> CompactTarget {
        let mut exponent = self.0.bit_len().div_ceil(8);
        let mut mantissa: u32 = if exponent <= 3 {
            self.0.wrapping_to::<u32>() << (8 * (3 - exponent))
        } else {
            (self.0 >> (8 * (exponent - 3))).wrapping_to::<u32>()
        };
        // The mantissa's top bit is a sign: a digit more keeps it clear.
        if mantissa & 0x0080_0000 != 0 {
            mantissa >>= 8;
            exponent += 1;
        }
        CompactTarget((exponent as u32) << 24 | mantissa)
    }

    /// Whether `hash` meets this target.
    #[must_use]
    pub fn is_met_by(self, hash: &BlockHash) -> bool {
        U256::from_le_bytes(hash.0) <= self.0
    }

    /// How many hashes it takes to meet this target, on average: `2^256 / (target + 1)`, as Bitcoin counts.
    #[must_use]
    pub fn work(self) -> Work {
        // 2^256 does not fit, and (2^256 - (t + 1)) / (t + 1) + 1 is the same number.
        match self.0.checked_add(U256::from(1)) {
            Some(above) => Work(quotient(!self.0, above) + U256::from(1)),
            None => Work(U256::from(1)),
        }
    }
}

impl Work {
    /// No work: a genesis.
    pub const ZERO: Self = Self(U256::ZERO);

    /// The sum; 256 bits outlast every chain, and it stays at the top should one not.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The number as a floating-point one, for display.
    #[must_use]
    pub fn approximate(self) -> f64 {
        f64::from(self.0)
    }
}

impl BorshSerialize for Work {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(&self.0.to_le_bytes::<32>())
    }
}

impl BorshDeserialize for Work {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        <[u8; 32]>::deserialize_reader(reader).map(|bytes| Self(U256::from_le_bytes(bytes)))
    }
}

/// The whole part of `dividend / divisor`, which is not 0, bit by bit. Quotients are short here, some twenty to forty
/// bits, and the division that comes with the numbers is made for long ones: 16 KB of the page's program.
#[must_use]
pub fn quotient<const BITS: usize, const LIMBS: usize>(
    dividend: Uint<BITS, LIMBS>,
    divisor: Uint<BITS, LIMBS>,
) -> Uint<BITS, LIMBS> {
    let (mut rest, mut quotient) = (dividend, Uint::ZERO);
    let Some(bits) = dividend.bit_len().checked_sub(divisor.bit_len()) else { return quotient };
    for bit in (0..=bits).rev() {
        // Nothing is shifted out: it has at most as many bits as the dividend.
        let part = divisor << bit;
        if part <= rest {
            rest -= part;
            quotient.set_bit(bit, true);
        }
    }
    quotient
}

impl fmt::Debug for CompactTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompactTarget({self})")
    }
}

impl fmt::Display for CompactTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

impl fmt::Display for Target {
    /// As a block hash is written: 64 digits, the most significant first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.to_be_bytes::<32>()))
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Work({self})")
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test;

    #[test]
    fn compact_targets_expand_as_in_bitcoin() {
        // From Bitcoin Core's arith_uint256 tests and mainnet headers; `None` marks what Core calls negative,
        // overflowing or zero, and what it accepts but would write differently.
        let check = |bits: u32, expect: Option<&str>| {
            let shown = CompactTarget(bits).expand().map(|target| target.to_string());
            let expect = expect.map(|digits| format!("{digits:0>64}"));
            assert_eq!(shown, expect, "{bits:08x}");
        };
        check(0x1d00_ffff, Some("00000000ffff0000000000000000000000000000000000000000000000000000"));
        check(0x1b04_04cb, Some("404cb000000000000000000000000000000000000000000000000"));
        check(0x0112_0000, Some("12"));
        check(0x0112_3456, None);
        check(0x0200_8000, Some("80"));
        check(0x0500_9234, Some("92340000"));
        check(0x2012_3456, Some(&format!("123456{:0>58}", "")));
        check(0x0412_3456, Some("12345600"));
        for refused in [0, 0x0012_3456, 0x0100_3456, 0x0200_0056, 0x0300_0000, 0x0492_3456, 0x04fe_dcba] {
            check(refused, None);
        }
        check(0xff12_3456, None);
        check(0x2300_0001, None);
        check(0x0400_0001, None);
    }

    #[test]
    fn compacting_rounds_down_and_is_stable() {
        for shift in 0..255 {
            let target =
                Target::new((U256::from(0x00ff_ffff_u32) << shift) | U256::from(1)).expect("not zero");
            let rounded = target.compact().expand().expect("its own form expands");
            assert!(rounded <= target);
            assert_eq!(rounded.compact(), target.compact());
        }
    }

    #[test]
    fn work_counts_hashes() {
        assert_eq!(Target::MAX.work(), Work(U256::from(1)));
        let bitcoin = CompactTarget(0x1d00_ffff).expand().expect("valid").work();
        assert_eq!(bitcoin, Work(U256::from(0x1_0001_0001_u64)));
        let million = Target::for_hashes(1 << 20).work();
        assert_eq!(million, Work(U256::from(1 << 20)));
    }

    proptest! {
        #[test]
        fn a_quotient_is_that_of_any_other_division(
            limbs in any::<[u64; 8]>(), dividend in 0..256_usize, divisor in 0..256_usize,
        ) {
            let [a, b, c, d, e, f, g, h] = limbs;
            let dividend = U256::from_limbs([a, b, c, d]) >> dividend;
            let divisor = (U256::from_limbs([e, f, g, h]) >> divisor).max(U256::from(1));
            prop_assert_eq!(quotient(dividend, divisor), dividend / divisor);
        }
    }

    #[test]
    fn a_hash_equal_to_the_target_meets_it() {
        let target = Target::for_hashes(256);
        let mut bytes: [u8; 32] = target.value().to_le_bytes();
        assert!(target.is_met_by(&BlockHash(bytes)));
        bytes[31] += 1;
        assert!(!target.is_met_by(&BlockHash(bytes)));
    }
}
