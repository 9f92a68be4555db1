//! What x86-64 processors have for the miner: vectors of sixteen words (AVX-512) or eight (AVX2), and instructions for
//! SHA-256 itself (SHA-NI), which do two nonces in turn, as each waits for the one before it.
//!
//! The search by vectors is [`crate::miner::lanes`]; here are the instructions, and the question whether the processor
//! has them. This is the one place that may be unsafe.

#![allow(
    unsafe_code,
    reason = "instructions that not every processor has: `available` asks before it gives them out"
)]

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_add_epi32, _mm_alignr_epi8, _mm_cvtsi128_si32, _mm_setr_epi32,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi32, _mm_unpackhi_epi64,
    _mm_unpacklo_epi64, _mm256_add_epi32, _mm256_and_si256, _mm256_cmpeq_epi32, _mm256_or_si256,
    _mm256_set1_epi32, _mm256_setzero_si256, _mm256_sllv_epi32, _mm256_srlv_epi32, _mm256_testz_si256,
    _mm256_xor_si256, _mm512_add_epi32, _mm512_and_si512, _mm512_rorv_epi32, _mm512_set1_epi32,
    _mm512_srlv_epi32, _mm512_testn_epi32_mask, _mm512_xor_si512,
};
use std::{array, mem};

use crate::miner::Scan;
use crate::miner::lanes::{Lanes, scan_lanes};
use crate::miner::scan::{Search, find, groups};
use crate::miner::sha256::{DIGEST_BITS, END, HEADER_BITS, INITIAL, K, Word};
use crate::primitives::{Header, Target};

/// The scans that this processor has instructions for, by name, the fastest first.
pub(crate) fn available() -> impl Iterator<Item = (&'static str, Scan)> {
    let has_sha = is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1");
    let scans: [(bool, &str, Scan); 3] = [
        (is_x86_feature_detected!("avx512f"), "avx512", scan_avx512),
        (has_sha, "sha", scan_sha),
        (is_x86_feature_detected!("avx2"), "avx2", scan_avx2),
    ];
    scans.into_iter().filter_map(|(available, name, scan)| available.then_some((name, scan)))
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

fn scan_sha(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    #[target_feature(enable = "sha,sse4.1")]
    fn scan(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
        let search = Search::new(header, target);
        for group in groups(start, count, 2) {
            if pair::is_promising(&search, *group.start())
                && let Some(found) = find(header, target, group)
            {
                return Some(found);
            }
        }
        None
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

/// Two hashes in turn, by the instructions for SHA-256. They take the state as two vectors, which Intel calls ABEF and
/// CDGH by the words in them from the highest down, and four words of the message at a time.
mod pair {
    use super::*;

    type State = [__m128i; 2];

    /// Whether one of two nonces may meet the target: `false` is certain.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    pub(super) fn is_promising(search: &Search, first: u32) -> bool {
        let [w0, w1, w2] = search.words;
        let end = words([END, 0, 0, 0]);
        let block = |nonce| [words([w0, w1, w2, nonce]), end, words([0; 4]), words([0, 0, 0, HEADER_BITS])];
        let [a, b] = nonces(first);
        let digests = compress(state(search.midstate), [block(a), block(b)]);
        let block = |digest| {
            let [low, high] = in_order(digest);
            [low, high, end, words([0, 0, 0, DIGEST_BITS])]
        };
        let [[_, a], [_, b]] = compress(state(INITIAL), digests.map(block));
        let may_hold = |cdgh| _mm_cvtsi128_si32(cdgh).cast_unsigned() & search.mask == 0;
        may_hold(a) || may_hold(b)
    }

    /// The compressions of two blocks, from the same state.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn compress(start: State, mut blocks: [[__m128i; 4]; 2]) -> [State; 2] {
        let mut states = [start; 2];
        let (constants, _) = K.as_chunks::<4>();
        for (at, k) in constants.iter().enumerate() {
            for (state, block) in states.iter_mut().zip(&mut blocks) {
                let [w0, w1, w2, w3] = *block;
                let kw = _mm_add_epi32(w0, words(*k));
                let cdgh = _mm_sha256rnds2_epu32(state[1], state[0], kw);
                *state = [_mm_sha256rnds2_epu32(state[0], cdgh, _mm_shuffle_epi32::<0x0e>(kw)), cdgh];
                let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8::<4>(w3, w2));
                // What follows the last rounds is not used.
                let next = if at < 12 { _mm_sha256msg2_epu32(sum, w3) } else { w0 };
                *block = [w1, w2, w3, next];
            }
        }
        states.map(|[abef, cdgh]| [_mm_add_epi32(abef, start[0]), _mm_add_epi32(cdgh, start[1])])
    }

    /// A state as the instructions take it.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn state([a, b, c, d, e, f, g, h]: [u32; 8]) -> State {
        [words([f, e, b, a]), words([h, g, d, c])]
    }

    /// A state as words of a message.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn in_order([abef, cdgh]: State) -> [__m128i; 2] {
        let (abef, cdgh) = (_mm_shuffle_epi32::<0x1b>(abef), _mm_shuffle_epi32::<0x1b>(cdgh));
        [_mm_unpacklo_epi64(abef, cdgh), _mm_unpackhi_epi64(abef, cdgh)]
    }

    /// Four words, the first in the lowest lane.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn words(words: [u32; 4]) -> __m128i {
        let [a, b, c, d] = words.map(u32::cast_signed);
        _mm_setr_epi32(a, b, c, d)
    }
}

#[cfg(test)]
mod tests {
    use super::available;
    use crate::miner::scan::cases;
    use crate::test;

    #[test]
    fn every_scan_finds_what_the_reference_finds() {
        available().for_each(|(_, scan)| cases::check(scan));
    }
}
