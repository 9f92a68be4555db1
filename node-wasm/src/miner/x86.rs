//! The vectors of x86-64 processors: sixteen lanes with AVX-512, eight with AVX2.
//!
//! The search itself is [`crate::miner::lanes`]; here are the instructions, and the question whether the processor has
//! them. This is the one place that may be unsafe.

#![allow(
    unsafe_code,
    reason = "instructions that not every processor has: `available` asks before it gives them out"
)]

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m256i, __m512i, _mm256_add_epi32, _mm256_and_si256, _mm256_cmpeq_epi32, _mm256_or_si256,
    _mm256_set1_epi32, _mm256_setzero_si256, _mm256_sllv_epi32, _mm256_srlv_epi32, _mm256_testz_si256,
    _mm256_xor_si256, _mm512_add_epi32, _mm512_and_si512, _mm512_rorv_epi32, _mm512_set1_epi32,
    _mm512_srlv_epi32, _mm512_testn_epi32_mask, _mm512_xor_si512,
};
use std::{array, mem};

use crate::miner::Scan;
use crate::miner::lanes::{Lanes, scan_lanes};
use crate::miner::sha256::Word;
use crate::primitives::{Header, Target};

/// The scans that this processor has vectors for, the fastest first.
pub(crate) fn available() -> impl Iterator<Item = Scan> {
    let avx512: Option<Scan> = is_x86_feature_detected!("avx512f").then_some(scan_avx512);
    let avx2: Option<Scan> = is_x86_feature_detected!("avx2").then_some(scan_avx2);
    avx512.into_iter().chain(avx2)
}

fn scan_avx512(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    #[target_feature(enable = "avx512f")]
    fn scan(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
        scan_lanes::<Sixteen>(header, target, start, count)
    }
    // SAFETY: `available` gives this function out where the processor has the feature.
    unsafe { scan(header, target, start, count) }
}

fn scan_avx2(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    #[target_feature(enable = "avx2")]
    fn scan(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
        scan_lanes::<Eight>(header, target, start, count)
    }
    // SAFETY: `available` gives this function out where the processor has the feature.
    unsafe { scan(header, target, start, count) }
}

/// The nonces from the first lane on, as words of the message.
fn nonces<const COUNT: usize>(first: u32) -> [u32; COUNT] {
    array::from_fn(|lane| first.wrapping_add(lane as u32).swap_bytes())
}

#[derive(Clone, Copy)]
struct Sixteen(__m512i);

// SAFETY, for all of it: only `scan_avx512` computes with these vectors.
impl Word for Sixteen {
    #[inline(always)]
    fn known(word: u32) -> Self {
        Self(unsafe { _mm512_set1_epi32(word.cast_signed()) })
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm512_add_epi32(self.0, other.0) })
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(unsafe { _mm512_xor_si512(self.0, other.0) })
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(unsafe { _mm512_and_si512(self.0, other.0) })
    }
    // Shifts by vectors, because their amounts are values: the compiler makes constants of them.
    #[inline(always)]
    fn rotr<const N: u32>(self) -> Self {
        Self(unsafe { _mm512_rorv_epi32(self.0, Self::known(N).0) })
    }
    #[inline(always)]
    fn shr<const N: u32>(self) -> Self {
        Self(unsafe { _mm512_srlv_epi32(self.0, Self::known(N).0) })
    }
}

impl Lanes for Sixteen {
    const COUNT: u32 = 16;

    #[inline(always)]
    fn nonces(first: u32) -> Self {
        // SAFETY: any bits are a vector.
        Self(unsafe { mem::transmute::<[u32; 16], __m512i>(nonces(first)) })
    }
    #[inline(always)]
    fn any_zero(self) -> bool {
        unsafe { _mm512_testn_epi32_mask(self.0, self.0) != 0 }
    }
}

#[derive(Clone, Copy)]
struct Eight(__m256i);

// SAFETY, for all of it: only `scan_avx2` computes with these vectors.
impl Word for Eight {
    #[inline(always)]
    fn known(word: u32) -> Self {
        Self(unsafe { _mm256_set1_epi32(word.cast_signed()) })
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm256_add_epi32(self.0, other.0) })
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(unsafe { _mm256_xor_si256(self.0, other.0) })
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(unsafe { _mm256_and_si256(self.0, other.0) })
    }
    #[inline(always)]
    fn rotr<const N: u32>(self) -> Self {
        let high = unsafe { _mm256_sllv_epi32(self.0, Self::known(32 - N).0) };
        Self(unsafe { _mm256_or_si256(self.shr::<N>().0, high) })
    }
    #[inline(always)]
    fn shr<const N: u32>(self) -> Self {
        Self(unsafe { _mm256_srlv_epi32(self.0, Self::known(N).0) })
    }
}

impl Lanes for Eight {
    const COUNT: u32 = 8;

    #[inline(always)]
    fn nonces(first: u32) -> Self {
        // SAFETY: any bits are a vector.
        Self(unsafe { mem::transmute::<[u32; 8], __m256i>(nonces(first)) })
    }
    #[inline(always)]
    fn any_zero(self) -> bool {
        unsafe {
            let zeros = _mm256_cmpeq_epi32(self.0, _mm256_setzero_si256());
            _mm256_testz_si256(zeros, zeros) == 0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::available;
    use crate::miner::scan::cases;
    use crate::test;

    #[test]
    fn every_scan_finds_what_the_reference_finds() {
        available().for_each(cases::check);
    }
}
