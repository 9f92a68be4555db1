//! Blocks that lie about what they hold: C1 to C5, C21 and C22.

use super::*;
use crate::chain::Account;
use crate::codec::{decode, encode};
use crate::consensus::ChainParams;
use crate::crypto::sha256;
use crate::host::chain_file::{self, ChainFileError, FILE_BYTES_MAX};
use crate::primitives::merkle;
use crate::test;
use crate::testing::{address, key, pay};
use crate::units::Amount;
use crate::wire::relay::RELAY_FRAME_BYTES_MAX;
use crate::wire::{Frame, FrameError, Message, MessageError};

#[test]
fn c01_a_body_that_was_changed_on_the_way_is_refused_and_the_original_still_taken() {
    let mut chain = chain_of(5, 1);
    let payments: Vec<_> = (0..5).map(|nonce| pay(&chain.genesis(), 1, 2, 10, nonce)).collect();
    let block = block_on(&chain, at(60), 1, &payments);
    // The tail repeated once, and as Bitcoin's tree would hash it, to a whole power of two; the order; the parts.
    let changes: [fn(&mut Body); 6] = [
        |body| body.transactions.push(body.transactions[4].clone()),
        |body| body.transactions.extend_from_within(3..5),
        |body| body.transactions.swap(0, 1),
        |body| drop(body.transactions.pop()),
        |body| body.transactions[2].signature.0[63] ^= 1,
        |body| body.coinbase.reward.0 += 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = block.clone();
        change(&mut changed.body);
        let rule = rule_of(chain.insert_block(at(60), changed));
        assert!(matches!(rule, RuleError::MerkleRoot { .. }), "change {number}: {rule}");
    }
    assert!(chain.insert_block(at(60), block).expect("the header was never at fault").update.is_some());
}

#[test]
fn c02_no_list_of_nodes_has_the_root_of_a_list_of_leaves() {
    let leaves: Vec<_> = (0..32_u8).map(|number| [number; 32]).collect();
    for count in (4..=32).step_by(2) {
        let pairs: Vec<_> = leaves[..count].chunks(2).map(|pair| merkle::root(pair).0).collect();
        assert_ne!(merkle::root(&leaves[..count]), merkle::root(&pairs), "{count} leaves");
        // 64 bytes that are two nodes, as the one leaf.
        let inner = [leaves[0], leaves[1]].concat();
        assert_ne!(merkle::root(&leaves[..2]).0, sha256(&[&inner]));
    }
}

#[test]
fn c03_a_payment_takes_effect_once_in_one_block_or_in_two() {
    let mut chain = chain_of(5, 1);
    let payment = pay(&chain.genesis(), 1, 2, 10, 0);
    let twice = broken(&mut chain, std::slice::from_ref(&payment), |body| {
        body.transactions.push(body.transactions[0].clone());
        body.coinbase.reward.0 += 1;
    });
    assert_eq!(twice, RuleError::Nonce { got: 0, expected: 1 });
    extend_by(&mut chain, 1, std::slice::from_ref(&payment));
    let again = broken(&mut chain, &[payment], |_| {});
    assert_eq!(again, RuleError::Nonce { got: 0, expected: 1 });
    assert_eq!(chain.account(&address(2)), Account { balance: Amount(10), nonce: 0 });
}

#[test]
fn c04_amounts_fees_and_subsidies_at_the_u64_limit_create_nothing() {
    let mut chain = chain_of(5, 1);
    let genesis = chain.genesis();
    let with = |amount: u64, fee: u64| {
        let mut payment = pay(&genesis, 1, 2, 10, 0).payment;
        (payment.amount, payment.fee) = (Amount(amount), Amount(fee));
        payment.sign(&genesis, &key(1))
    };
    let balance = chain.account(&address(1)).balance;
    let unaffordable =
        |amount, fee| (amount, fee, RuleError::InsufficientFunds { cost: Amount(u64::MAX), balance });
    let overflowing = |amount, fee| (amount, fee, RuleError::AmountOverflow);
    let max = u64::MAX;
    // Two that add up to 2^64 and more were Bitcoin's 184 billion (CVE-2010-5139).
    for (amount, fee, expect) in [
        overflowing(max, 1),
        overflowing(1, max),
        overflowing(max, max),
        overflowing(1 << 63, 1 << 63),
        overflowing(max - 9_000, 9_001),
        unaffordable(max, 0),
        unaffordable(0, max),
        unaffordable(max - 1, 1),
    ] {
        let lie = with(amount, fee);
        let rule = broken(&mut chain, &[pay(&genesis, 1, 2, 10, 0)], |body| body.transactions[0] = lie);
        assert_eq!(rule, expect, "{amount} {fee}");
    }
    for reward in [max, max - 5_000, max - 5_000 + 1, 0] {
        let rule = broken(&mut chain, &[], |body| body.coinbase.reward = Amount(reward));
        assert_eq!(rule, RuleError::CoinbaseReward { got: Amount(reward), expected: Amount(5_000) });
    }
    // Where the subsidy alone fills an account, the next one does not wrap it, nor does a fee on top of it.
    let mut chain = Chain::new(ChainParams { subsidy: Amount(max), ..easy_params() });
    extend_by(&mut chain, 1, &[]);
    let before = chain.ledger().clone();
    let full = block_on(&chain, at(20), 1, &[]);
    assert_eq!(rule_of(chain.insert_block(at(20), full)), RuleError::AmountOverflow);
    let fee = pay(&chain.genesis(), 1, 2, 10, 0);
    let mut block = block_on(&chain, at(20), 3, &[]);
    block.body.transactions.push(fee);
    block.header.merkle_root = block.body.merkle_root();
    assert_eq!(rule_of(chain.insert_block(at(20), proven(block))), RuleError::AmountOverflow);
    assert_eq!(*chain.ledger(), before);
    assert!(block_on_is_fine(&mut chain, 3), "another's account has room");
}

fn block_on_is_fine(chain: &mut Chain, miner: u8) -> bool {
    let block = block_on(chain, next(chain), miner, &[]);
    chain.insert_block(next(chain), block).is_ok_and(|outcome| outcome.update.is_some())
}

#[test]
fn c05_a_block_has_one_coinbase_of_its_own_height_and_reward() {
    let mut chain = chain_of(5, 1);
    // One less, one more, and the height of a neighbour.
    for reward in [4_999, 5_001] {
        let rule = broken(&mut chain, &[], |body| body.coinbase.reward = Amount(reward));
        assert_eq!(rule, RuleError::CoinbaseReward { got: Amount(reward), expected: Amount(5_000) });
    }
    for height in [0, 5, 7, u32::MAX] {
        let rule = broken(&mut chain, &[], |body| body.coinbase.height = Height(height));
        assert_eq!(rule, RuleError::CoinbaseHeight { got: Height(height), expected: Height(6) });
    }
    // None and two cannot be written down: what is left of the bytes, or too much, is no block.
    let bytes = encode(&block_on(&chain, at(60), 1, &[]));
    let (header, body) = bytes.split_at(80);
    assert_eq!(body.len(), 44, "a coinbase and no payment");
    assert!(decode::<Block>(&[header, &body[40..]].concat()).is_err());
    assert!(decode::<Block>(&[header, &body[..40], body].concat()).is_err());
    // The same miner's coinbases differ by their height, and so have ids of their own.
    let ids: std::collections::BTreeSet<_> =
        (1..=5).map(|height| chain.block_at(Height(height)).expect("a block").body.coinbase.id()).collect();
    assert_eq!(ids.len(), 5);
}

/// A list message with so many entries of no content.
fn listed(kind: u8, entry_bytes: usize, count: usize) -> Vec<u8> {
    let count_bytes = u32::try_from(count).expect("small").to_le_bytes();
    [&[kind][..], &count_bytes, &vec![0; entry_bytes * count]].concat()
}

#[test]
fn c21_what_is_at_its_limit_is_taken_and_one_over_is_not() {
    let check = |kind: u8, entry_bytes: usize, limit: usize| {
        assert!(Message::decode(&listed(kind, entry_bytes, limit)).is_ok(), "kind {kind} at {limit}");
        let over = Message::decode(&listed(kind, entry_bytes, limit + 1));
        assert_eq!(over, Err(MessageError::TooMany { kind, count: limit + 1, limit }), "kind {kind}");
    };
    check(5, 32 + 20 + 8 + 8 + 8 + 4 + 64, Message::TRANSACTIONS_MAX);
    check(7, 32, Message::LOCATOR_MAX);
    check(8, 80, Message::HEADERS_MAX);
    check(9, 32, Message::BODIES_MAX);
    check(10, 32 + 44, Message::BODIES_MAX);
    check(11, 32, Message::BODIES_MAX);
    check(13, 32, Message::INVENTORY_MAX);
    check(14, 32, Message::TRANSACTIONS_MAX);
    const { assert!(Frame::BYTES_MAX < RELAY_FRAME_BYTES_MAX, "a frame fits its envelope") };
    let frame = |bytes| Frame::decode(&vec![0; bytes]);
    assert!(!matches!(frame(Frame::BYTES_MAX), Err(FrameError::TooLarge(_))));
    assert_eq!(frame(Frame::BYTES_MAX + 1), Err(FrameError::TooLarge(Frame::BYTES_MAX + 1)));
    let file = |bytes| chain_file::read(&vec![0; bytes], Default::default());
    assert_eq!(file(FILE_BYTES_MAX), Err(ChainFileError::NotAChainFile));
    assert_eq!(file(FILE_BYTES_MAX + 1), Err(ChainFileError::TooLarge(FILE_BYTES_MAX + 1)));
}

#[test]
fn c22_a_miner_cannot_pay_itself_more_than_subsidy_and_fees() {
    let mut chain = chain_of(5, 1);
    let payments: Vec<_> = (0..3).map(|nonce| pay(&chain.genesis(), 1, 2, 10, nonce)).collect();
    // A fee twice, the fees of a payment that is not there, the amounts as if they were fees.
    for more in [1, 3, 30] {
        let rule = broken(&mut chain, &payments, |body| body.coinbase.reward.0 += more);
        assert_eq!(rule, RuleError::CoinbaseReward { got: Amount(5_003 + more), expected: Amount(5_003) });
    }
    let removed = broken(&mut chain, &payments, |body| drop(body.transactions.pop()));
    assert_eq!(removed, RuleError::CoinbaseReward { got: Amount(5_003), expected: Amount(5_002) });
    extend_by(&mut chain, 3, &payments);
    assert_eq!(chain.ledger().supply(), Some(Amount(6 * 5_000)), "fees move, and create nothing");
}
