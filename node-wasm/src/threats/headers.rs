//! Headers that lie about time or target: C8, C9, and C18's half that needs no peer.
//!
//! Left out: C6 and C7, whose rules are the Bitcoin profile's (`chain/tests.rs`, and `bitcoin.rs` here).

use super::*;
use crate::consensus::required_bits;
use crate::primitives::{CompactTarget, Target};
use crate::test;
use crate::units::BlockTime;

/// A proven block with this time on the tip.
fn block_at(chain: &Chain, time: BlockTime) -> Block {
    let mut block = block_on(chain, next(chain), 1, &[]);
    block.header.time = time;
    block.header.bits = required_bits(chain.params(), &chain.tip_context(), time);
    proven(block)
}

#[test]
fn c08_times_at_the_median_and_at_the_future_bound_by_the_second() {
    let mut chain = chain_of(12, 1);
    let median = chain.tip_context().median;
    let now = at(130);
    let latest = BlockTime(now.block_time().0 + chain.params().future_max);
    let early = |time| (time, Some(RuleError::TimeTooEarly { got: time, median }));
    let late = |time| (time, Some(RuleError::TimeTooLate { got: time, latest }));
    for (time, expect) in [
        early(BlockTime(0)),
        early(BlockTime(median.0 - 1)),
        early(median),
        (BlockTime(median.0 + 1), None),
        (BlockTime(latest.0 - 1), None),
        (latest, None),
        late(BlockTime(latest.0 + 1)),
        late(BlockTime(u32::MAX)),
    ] {
        let result = chain.insert_header(now, block_at(&chain, time).header);
        assert_eq!(result, expect.map_or(Ok(true), |rule| Err(rule.into())), "{time:?}");
    }
}

#[test]
fn c09_no_compact_target_but_the_due_one_is_taken() {
    let mut chain = chain_of(12, 1);
    let block = block_on(&chain, at(130), 1, &[]);
    let due = block.header.bits;
    let lies = [
        0,                   // zero
        0x0080_0000,         // zero with a sign
        0x0480_0001,         // negative
        0x04ff_ffff,         // negative
        0xff12_3456,         // overflowing
        0x2300_0001,         // overflowing
        0x2100_ffff,         // 2^256 and more
        0x2080_0000,         // negative, the size of the limit
        due.0 + 1,           // one easier: above the limit
        due.0 - 1,           // one harder
        0x2000_7fff,         // not the shortest form
        0x1d00_ffff,         // Bitcoin's limit
        due.0 ^ 0x0080_0000, // the due one with a sign
    ];
    for bits in lies.map(CompactTarget) {
        let mut header = block.header;
        header.bits = bits;
        // Whatever it claims, its work is done where there can be any.
        if let Some(target) = bits.expand().filter(|target| *target >= Target::for_hashes(1 << 10)) {
            while !target.is_met_by(&header.hash()) {
                header.nonce += 1;
            }
        }
        let result = chain.insert_header(at(130), header);
        assert_eq!(result, Err(RuleError::Bits { got: bits, expected: due }.into()), "{bits}");
    }
    assert_eq!(chain.insert_header(at(130), block.header), Ok(true));
}

#[test]
fn c18_a_refused_block_is_known_by_its_hash_and_judged_once() {
    let mut chain = chain_of(5, 1);
    let mut bad = block_on(&chain, at(60), 1, &[]);
    bad.body.coinbase.reward.0 += 1;
    bad.header.merkle_root = bad.body.merkle_root();
    let bad = proven(bad);
    assert!(matches!(rule_of(chain.insert_block(at(60), bad.clone())), RuleError::CoinbaseReward { .. }));
    for _ in 0..3 {
        assert_eq!(chain.insert_header(at(60), bad.header), Err(ChainError::KnownInvalid(bad.hash())));
        assert_eq!(chain.insert_block(at(60), bad.clone()), Err(ChainError::KnownInvalid(bad.hash())));
    }
    extend(&mut chain, 1, 1);
}
