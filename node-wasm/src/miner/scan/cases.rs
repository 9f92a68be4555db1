//! What every search for a nonce must do, whatever computes it: headers at random and known ones, against whole hashes.
//!
//! The kernels' native tests (`tests/tests/kernels.rs`) run these cases too, as a module of their own.

use proptest::prelude::*;
use ruint::aliases::U256;

use crate::primitives::{BlockHash, CompactTarget, Header, MerkleRoot, Target};
use crate::units::BlockTime;

/// Every case there is.
pub(crate) fn check(scan: impl Fn(&Header, &Target, u32, u32) -> Option<u32>) {
    agrees_with_whole_hashes(&scan);
    ends_where_it_should(&scan);
    meets_an_equal_target(&scan);
    finds_bitcoins_nonces(&scan);
    finds_every_nonce(&scan);
    finds_hashes_of_any_length(&scan);
}

/// Every header and target, against whole hashes.
fn agrees_with_whole_hashes(scan: impl Fn(&Header, &Target, u32, u32) -> Option<u32>) {
    let header =
        (any::<(i32, [u8; 32], [u8; 32], u32, u32)>()).prop_map(|(version, previous, root, time, bits)| {
            Header {
                version,
                previous: BlockHash(previous),
                merkle_root: MerkleRoot(root),
                time: BlockTime(time),
                bits: CompactTarget(bits),
                nonce: 0,
            }
        });
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
        assert_eq!(scan(&header, &target, start, before + 1), Some(hit), "the hit is the last of {before}");
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

/// Searched from one hit to the next, nothing is left out: hits in every lane, and several in one group.
fn finds_every_nonce(scan: impl Fn(&Header, &Target, u32, u32) -> Option<u32>) {
    const COUNT: u32 = 500;
    let header = bitcoin()[1];
    for hashes in [2, 3, 16, 200] {
        let target = Target::for_hashes(hashes);
        let mut found = Vec::new();
        let mut next = 0;
        while let Some(nonce) = scan(&header, &target, next, COUNT - next) {
            found.push(nonce);
            next = nonce + 1;
        }
        let meets = |nonce: &u32| target.is_met_by(&Header { nonce: *nonce, ..header }.hash());
        assert_eq!(found, (0..COUNT).filter(meets).collect::<Vec<_>>(), "one in {hashes}");
    }
}

/// Hashes that begin with every number of zero bits, each under the hardest target that it meets.
fn finds_hashes_of_any_length(scan: impl Fn(&Header, &Target, u32, u32) -> Option<u32>) {
    // Found by a search of Bitcoin's first header: the first nonces whose hashes begin with 0, 1, 2, ... zeros.
    const NONCES: [u32; 26] = [
        1, 2, 0, 6, 33, 159, 450, 426, 641, 236, 395, 5964, 6573, 4200, 28898, 87595, 111_733, 8603, 250_707,
        571_247, 3_301_822, 1_085_914, 8_177_459, 7_449_301, 30_350_845, 65_525_861,
    ];
    for (zeros, nonce) in NONCES.into_iter().enumerate() {
        let header = Header { nonce, ..bitcoin()[0] };
        let hash = U256::from_le_bytes(header.hash().0);
        assert_eq!(hash.leading_zeros(), zeros, "{header:?}");
        let target = Target::new(hash).expect("not zero");
        assert_eq!(scan(&header, &target, nonce, 1), Some(nonce), "{zeros} zeros");
        let harder = Target::new(hash - U256::from(1)).expect("not zero");
        assert_eq!(scan(&header, &harder, nonce, 1), None, "{zeros} zeros, the target one less");
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
