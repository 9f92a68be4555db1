//! The search for a nonce on the browser's vectors: four nonces at a time.
//!
//! It finds exactly what [`crate::miner::scan()`] finds. Every engine has had these vectors (SIMD128) since 2023; one
//! without cannot load the module at all. An engine compiles it well only after some calls, and never swaps code
//! that is running: search in slices of a few milliseconds to tens of them.

use std::arch::wasm32::{
    i8x16_shuffle, u32x4, u32x4_add, u32x4_all_true, u32x4_shl, u32x4_shr, u32x4_splat, v128, v128_and,
    v128_or, v128_xor,
};

use crate::miner::kernel::scan_lanes;
use crate::miner::sha256::Lanes;
use crate::primitives::{Header, Target};

/// The first of `count` nonces from `start` on with which the header's hash meets the target. The search ends at
/// the largest nonce: it does not wrap.
#[must_use]
#[target_feature(enable = "simd128")]
pub fn scan(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    scan_lanes::<Vector>(header, target, start, count)
}

/// Four words.
#[derive(Clone, Copy)]
struct Vector(v128);

impl Lanes for Vector {
    const COUNT: u32 = 4;

    #[inline(always)]
    fn splat(word: u32) -> Self {
        Self(u32x4_splat(word))
    }
    #[inline(always)]
    fn count_from(first: u32) -> Self {
        Self(u32x4_add(u32x4_splat(first), u32x4(0, 1, 2, 3)))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(u32x4_add(self.0, other.0))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(v128_and(self.0, other.0))
    }
    #[inline(always)]
    fn rotr<const N: u32>(self) -> Self {
        Self(v128_or(u32x4_shr(self.0, N), u32x4_shl(self.0, 32 - N)))
    }
    #[inline(always)]
    fn shr<const N: u32>(self) -> Self {
        Self(u32x4_shr(self.0, N))
    }
    #[inline(always)]
    fn swap_bytes(self) -> Self {
        let same = self.0;
        Self(i8x16_shuffle::<3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12>(same, same))
    }
    #[inline(always)]
    fn any_zero(self) -> bool {
        !u32x4_all_true(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::scan;
    use crate::miner::scan::cases;
    use crate::test;

    #[test]
    fn agrees_with_whole_hashes() {
        cases::agrees_with_whole_hashes(scan);
    }

    #[test]
    fn ends_where_it_should() {
        cases::ends_where_it_should(scan);
    }

    #[test]
    fn meets_an_equal_target() {
        cases::meets_an_equal_target(scan);
    }

    #[test]
    fn finds_bitcoins_nonces() {
        cases::finds_bitcoins_nonces(scan);
    }
}
