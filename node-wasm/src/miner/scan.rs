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

/// What a search over several nonces at a time needs of a header and its target.
#[derive(Clone, Copy)]
pub(super) struct Search {
    /// The state after the header's first 64 bytes.
    pub(super) midstate: [u32; 8],
    /// The words between them and the nonce.
    pub(super) words: [u32; 3],
    /// The bits of the hash's eighth word that are zero wherever the target is met.
    pub(super) mask: u32,
}

impl Search {
    pub(super) fn new(header: &Header, target: &Target) -> Self {
        let Halves { midstate, block } = Halves::of(header);
        let word = |at: usize| u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
        let zeros = target.value().leading_zeros();
        let mask = !u32::MAX.checked_shr(zeros as u32).unwrap_or(0);
        Self { midstate, words: [word(0), word(4), word(8)], mask: mask.swap_bytes() }
    }
}

/// The first of these nonces that meets the target, by whole hashes.
pub(super) fn find(header: &Header, target: &Target, mut nonces: RangeInclusive<u32>) -> Option<u32> {
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

/// What every scan must do, whatever computes it.
#[cfg(test)]
pub(crate) mod cases {
    use proptest::prelude::*;
    use ruint::aliases::U256;

    use super::*;
    use crate::primitives::{CompactTarget, MerkleRoot};
    use crate::units::BlockTime;

    /// Every case there is.
    pub(crate) fn check(scan: impl Fn(&Header, &Target, u32, u32) -> Option<u32>) {
        agrees_with_whole_hashes(&scan);
        ends_where_it_should(&scan);
        meets_an_equal_target(&scan);
        finds_bitcoins_nonces(&scan);
    }

    /// Every header and target, against whole hashes.
    fn agrees_with_whole_hashes(scan: impl Fn(&Header, &Target, u32, u32) -> Option<u32>) {
        let header = (any::<(i32, [u8; 32], [u8; 32], u32, u32)>()).prop_map(
            |(version, previous, root, time, bits)| Header {
                version,
                previous: BlockHash(previous),
                merkle_root: MerkleRoot(root),
                time: BlockTime(time),
                bits: CompactTarget(bits),
                nonce: 0,
            },
        );
        // From every hash meets it to one in 256, and none at all.
        let target = (0_usize..=8, any::<[u64; 4]>(), any::<bool>()).prop_map(|(shift, limbs, none)| {
            let value = if none { U256::from(1) } else { U256::from_limbs(limbs) >> shift };
            Target::new(value).unwrap_or(Target::MAX)
        });
        let start = prop_oneof![any::<u32>(), u32::MAX - 40..=u32::MAX, Just(0)];
        let mut runner = proptest::test_runner::TestRunner::new_with_rng(
            ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() },
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let outcome = runner.run(&(header, target, start, 0_u32..40), |(header, target, start, count)| {
            let expect = (u64::from(start)..u64::from(start) + u64::from(count))
                .filter_map(|nonce| u32::try_from(nonce).ok())
                .find(|nonce| target.is_met_by(&Header { nonce: *nonce, ..header }.hash()));
            prop_assert_eq!(scan(&header, &target, start, count), expect);
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
    }

    /// A hit in every lane, at either end of the nonces, and one place outside.
    fn ends_where_it_should(scan: impl Fn(&Header, &Target, u32, u32) -> Option<u32>) {
        let header = bitcoin()[0];
        let target = header.bits.expand().expect("valid");
        let hit = header.nonce;
        for before in 0..9 {
            let start = hit - before;
            assert_eq!(scan(&header, &target, start, before), None, "{before} nonces, the hit is the next");
            assert_eq!(
                scan(&header, &target, start, before + 1),
                Some(hit),
                "the hit is the last of {before}"
            );
            assert_eq!(scan(&header, &target, start, u32::MAX), Some(hit), "hit after {before} of all");
        }
        assert_eq!(scan(&header, &target, hit + 1, 20), None);
        for start in u32::MAX - 5..=u32::MAX {
            assert_eq!(scan(&header, &target, start, u32::MAX), None, "the search wrapped from {start}");
            assert_eq!(scan(&header, &Target::MAX, start, 1), Some(start));
        }
        assert_eq!(scan(&header, &Target::MAX, 7, 0), None);
    }

    /// The target's own hash is the last that meets it.
    fn meets_an_equal_target(scan: impl Fn(&Header, &Target, u32, u32) -> Option<u32>) {
        for header in bitcoin() {
            let hash = U256::from_le_bytes(header.hash().0);
            let check = |value, expect| {
                let target = Target::new(value).expect("not zero");
                assert_eq!(scan(&header, &target, header.nonce, 1), expect, "{target}");
            };
            check(hash, Some(header.nonce));
            check(hash - U256::from(1), None);
        }
    }

    /// Finds the nonces of Bitcoin's blocks.
    fn finds_bitcoins_nonces(scan: impl Fn(&Header, &Target, u32, u32) -> Option<u32>) {
        for header in bitcoin() {
            let target = header.bits.expand().expect("valid");
            let zeroed = Header { nonce: 0, ..header };
            assert_eq!(scan(&zeroed, &target, header.nonce - 500, 1000), Some(header.nonce), "{header:?}");
        }
    }

    /// Bitcoin's blocks 0, 1, 170 and 125552, field by field as any explorer shows them.
    fn bitcoin() -> [Header; 4] {
        let rows = [
            (
                "0000000000000000000000000000000000000000000000000000000000000000",
                "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
                (1_231_006_505, 0x1d00_ffff, 2_083_236_893),
                "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
            ),
            (
                "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
                "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098",
                (1_231_469_665, 0x1d00_ffff, 2_573_394_689),
                "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048",
            ),
            (
                "000000002a22cfee1f2c846adbd12b3e183d4f97683f85dad08a79780a84bd55",
                "7dac2c5666815c17a3b36427de37bb9d2e2c5ccec3f8633eb91a4205cb4c10ff",
                (1_231_731_025, 0x1d00_ffff, 1_889_418_792),
                "00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee",
            ),
            (
                "00000000000008a3a41b85b8b29ad444def299fee21793cd8b9e567eab02cd81",
                "2b12fcf1b09288fcaff797d71e950e71ae42b91e8bdb2304758dfcffc2b620e3",
                (1_305_998_791, 0x1a44_b9f2, 2_504_433_986),
                "00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d",
            ),
        ];
        rows.map(|(previous, root, (time, bits, nonce), hash)| {
            let root: BlockHash = root.parse().expect("hex");
            let header = Header {
                version: 1,
                previous: previous.parse().expect("hex"),
                merkle_root: MerkleRoot(root.0),
                time: BlockTime(time),
                bits: CompactTarget(bits),
                nonce,
            };
            assert_eq!(header.hash().to_string(), hash);
            header
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{cases, scan_scalar};
    use crate::test;

    #[test]
    fn finds_what_whole_hashes_find() {
        cases::check(scan_scalar);
    }
}
