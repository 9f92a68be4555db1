//! The search for a nonce, one at a time: the portable way, and the reference for every other.
//!
//! The first 64 bytes of a header do not hold the nonce, so their compression, the midstate, is done once. What is
//! left takes two compressions per nonce by the `sha2` crate, which uses the processor's instructions for SHA-256
//! where there are any. Faster ways must find exactly what this finds; [`cases`] holds them to it.

use std::ops::RangeInclusive;

use sha2::block_api::compress256;

use super::sha256::INITIAL;
use crate::primitives::{BlockHash, Header, Target};

/// The first of `count` nonces from `start` on with which the header's hash meets the target. The search ends at
/// the largest nonce: it does not wrap.
#[must_use]
pub fn scan_scalar(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    let Halves { midstate, mut block } = Halves::of(header);
    nonces(start, count)?.find(|nonce| {
        block[12..16].copy_from_slice(&nonce.to_le_bytes());
        let mut first = midstate;
        compress256(&mut first, &[block]);
        let mut second = INITIAL;
        compress256(&mut second, &[block_of_digest(&first)]);
        target.is_met_by(&BlockHash(digest(&second)))
    })
}

/// The nonces that a search covers, or `None` where there are none.
pub(super) fn nonces(start: u32, count: u32) -> Option<RangeInclusive<u32>> {
    Some(start..=start.saturating_add(count.checked_sub(1)?))
}

/// The nonces that a search covers, in groups of so many; the last may be of fewer.
pub(crate) fn groups(start: u32, count: u32, size: u32) -> impl Iterator<Item = RangeInclusive<u32>> {
    nonces(start, count).into_iter().flat_map(move |all| {
        let last = *all.end();
        all.step_by(size as usize).map(move |first| first..=last.min(first.saturating_add(size - 1)))
    })
}

/// What a search over several nonces at a time needs of a header and its target.
#[derive(Clone, Copy)]
pub(crate) struct Search {
    /// The state after the header's first 64 bytes.
    pub(crate) midstate: [u32; 8],
    /// The words between them and the nonce.
    pub(crate) words: [u32; 3],
    /// The bits of the hash's eighth word that are zero wherever the target is met.
    pub(crate) mask: u32,
}

impl Search {
    pub(crate) fn new(header: &Header, target: &Target) -> Self {
        let Halves { midstate, block } = Halves::of(header);
        let word = |at: usize| u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
        let zeros = target.value().leading_zeros();
        let mask = !u32::MAX.checked_shr(zeros as u32).unwrap_or(0);
        Self { midstate, words: [word(0), word(4), word(8)], mask: mask.swap_bytes() }
    }
}

/// Does as [`scan_scalar()`] does, by whole hashes: the plainest way, for where there is nothing better.
#[must_use]
pub fn scan_whole(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    find(header, target, nonces(start, count)?)
}

/// The first of these nonces that meets the target, by whole hashes.
pub(crate) fn find(header: &Header, target: &Target, mut nonces: RangeInclusive<u32>) -> Option<u32> {
    nonces.find(|nonce| target.is_met_by(&Header { nonce: *nonce, ..*header }.hash()))
}

/// The two blocks that a header is hashed in.
struct Halves {
    /// The state after the first.
    midstate: [u32; 8],
    /// The second: 16 bytes of header, the nonce last, and the padding.
    block: [u8; 64],
}

impl Halves {
    fn of(header: &Header) -> Self {
        const SPLIT: usize = 64;
        let bytes = header.bytes();
        let mut block = [0; SPLIT];
        block.copy_from_slice(&bytes[..SPLIT]);
        let mut midstate = INITIAL;
        compress256(&mut midstate, &[block]);
        block = padding(Header::SIZE);
        block[..Header::SIZE - SPLIT].copy_from_slice(&bytes[SPLIT..]);
        Self { midstate, block }
    }
}

/// The last block of a message of `length` bytes, with zeros in place of the message (FIPS 180-4, 5.1.1).
fn padding(length: usize) -> [u8; 64] {
    let mut block = [0; 64];
    block[length % 64] = 0x80;
    block[56..].copy_from_slice(&(8 * length as u64).to_be_bytes());
    block
}

fn block_of_digest(state: &[u32; 8]) -> [u8; 64] {
    let mut block = padding(32);
    block[..32].copy_from_slice(&digest(state));
    block
}

fn digest(state: &[u32; 8]) -> [u8; 32] {
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

#[cfg(test)]
pub(crate) mod cases;

#[cfg(test)]
mod tests {
    use super::{cases, scan_scalar};
    use crate::test;

    #[test]
    fn finds_what_whole_hashes_find() {
        cases::check(scan_scalar);
    }
}
