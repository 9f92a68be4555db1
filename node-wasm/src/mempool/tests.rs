//! Tests of the mempool: who gets in, who has to go, and what comes back.

use super::*;
use crate::primitives::BlockHash;
use crate::test;
use crate::testing::{START, address, key, pay};

const ROOM: BlockHash = BlockHash([7; 32]);

fn rich() -> Account {
    Account { balance: Amount(1_000_000), nonce: 0 }
}

fn with_fee(from: u8, nonce: u64, fee: u64, data: usize) -> Transaction {
    let mut payment = pay(&ROOM, from, 200, 10, nonce).payment;
    payment.fee = Amount(fee);
    payment.data = vec![0; data];
    payment.sign(&ROOM, &key(from))
}

fn mempool(payments: &[Transaction]) -> Mempool {
    let mut mempool = Mempool::default();
    for payment in payments {
        mempool.insert(Waiting::new(START, payment.clone()), rich()).expect("it gets in");
    }
    mempool
}

/// A block that confirmed these payments. It need not hold.
fn undone(payments: impl IntoIterator<Item = Transaction>) -> Arc<crate::primitives::Block> {
    let mut block = crate::consensus::ChainParams::room(crate::units::RoomName::default()).genesis();
    block.body.transactions = payments.into_iter().collect();
    Arc::new(block)
}

fn selected(mempool: &Mempool, bytes: u64, account: Account) -> Vec<(Address, u64, u64)> {
    let shown = |transaction: &Arc<Transaction>| {
        (transaction.sender(), transaction.payment.nonce, transaction.payment.fee.0)
    };
    mempool.select(bytes, |_| account).iter().map(shown).collect()
}

#[test]
fn the_best_payers_go_first_and_nonces_keep_their_order() {
    let mempool = mempool(&[with_fee(1, 1, 90, 0), with_fee(1, 0, 1, 0), with_fee(2, 0, 5, 0)]);
    let expect = [(address(2), 0, 5), (address(1), 0, 1), (address(1), 1, 90)];
    assert_eq!(selected(&mempool, u64::MAX, rich()), expect);
    assert_eq!(selected(&mempool, 2 * with_fee(1, 0, 1, 0).size(), rich()), expect[..2]);
    let poor = Account { balance: Amount(12), nonce: 0 };
    assert_eq!(selected(&mempool, u64::MAX, poor), [(address(1), 0, 1)], "only what can be paid for");
}

#[test]
fn a_fee_counts_per_byte() {
    let mempool = mempool(&[with_fee(1, 0, 10, 500), with_fee(2, 0, 9, 0)]);
    assert_eq!(selected(&mempool, u64::MAX, rich()), [(address(2), 0, 9), (address(1), 0, 10)]);
}

#[test]
fn a_nonce_gap_waits_for_what_fills_it() {
    let mut mempool = mempool(&[with_fee(1, 1, 5, 0)]);
    assert!(selected(&mempool, u64::MAX, rich()).is_empty());
    assert_eq!((mempool.next_nonce(&address(1), 0), mempool.next_nonce(&address(1), 1)), (0, 2));
    mempool.insert(Waiting::new(START, with_fee(1, 0, 5, 0)), rich()).expect("it gets in");
    assert_eq!(selected(&mempool, u64::MAX, rich()).len(), 2);
    let ahead = mempool.insert(Waiting::new(START, with_fee(1, PER_SENDER_MAX, 5, 0)), rich());
    assert_eq!(ahead, Err(MempoolError::TooManyPending));
}

#[test]
fn nonces_may_come_to_their_end() {
    let (last, mut mempool) = (u64::MAX, Mempool::default());
    let account = |nonce| Account { nonce, ..rich() };
    for nonce in [last - 2, last] {
        let back = mempool.reinsert(Waiting::new(START, with_fee(1, nonce, 5, 0)), account(last - 2));
        assert_eq!(back, Some(Vec::new()));
    }
    assert_eq!(mempool.reinsert(Waiting::new(START, with_fee(2, 9, 5, 0)), account(10)), None);
    assert_eq!(selected(&mempool, u64::MAX, account(last - 2)), [(address(1), last - 2, 5)]);
    assert_eq!(selected(&mempool, u64::MAX, account(last)), []);
    let update = ChainUpdate {
        fork_height: crate::units::Height(0),
        disconnected: vec![undone([with_fee(1, last - 1, 5, 0)])],
        connected: Vec::new(),
    };
    let (added, removed) = mempool.follow(START, &update, |_| account(last - 2));
    assert_eq!((added.len(), removed.len(), mempool.len()), (1, 1, 2), "the last goes: it is of no use");
}

#[test]
fn all_waiting_payments_of_a_sender_are_covered_together() {
    let mut mempool = Mempool::default();
    let account = Account { balance: Amount(25), nonce: 0 };
    mempool.insert(Waiting::new(START, pay(&ROOM, 1, 2, 10, 0)), account).expect("11 of 25");
    let second = mempool.insert(Waiting::new(START, pay(&ROOM, 1, 2, 14, 1)), account);
    let expect = RuleError::InsufficientFunds { cost: Amount(15), balance: Amount(14) };
    assert_eq!(second, Err(MempoolError::Rule(expect)));
    mempool.insert(Waiting::new(START, pay(&ROOM, 1, 2, 13, 1)), account).expect("exactly the rest");
    assert_eq!(mempool.pending(&address(1)), Amount(25));
}

#[test]
fn a_payment_is_replaced_for_a_tenth_more_and_not_for_less() {
    let mut mempool = mempool(&[with_fee(1, 0, 100, 0)]);
    let check = |mempool: &mut Mempool, payment: Transaction, needed: u64| {
        let refused = mempool.insert(Waiting::new(START, payment), rich());
        assert_eq!(refused, Err(MempoolError::ReplacementFee { needed }));
    };
    check(&mut mempool, with_fee(1, 0, 109, 0), 110);
    let size = with_fee(1, 0, 1, 0).size();
    check(&mut mempool, with_fee(1, 0, 110, 100), (1100 * (size + 100)).div_ceil(10 * size));
    let old = with_fee(1, 0, 100, 0).id();
    assert_eq!(mempool.insert(Waiting::new(START, with_fee(1, 0, 110, 0)), rich()), Ok(vec![old]));
    assert_eq!(mempool.len(), 1);
    let again = mempool.insert(Waiting::new(START, with_fee(1, 0, 110, 0)), rich());
    assert_eq!(again, Err(MempoolError::Duplicate));
    assert_eq!(
        mempool.insert(Waiting::new(START, with_fee(2, 0, 0, 0)), rich()),
        Err(MempoolError::FeeTooLow)
    );
}

#[test]
fn the_worst_payers_make_room_and_the_bound_holds() {
    let mut mempool = Mempool::default();
    let size = with_fee(1, 0, 1, 512).size();
    let fits = MEMPOOL_BYTES_MAX / size;
    for number in 0..fits {
        let (sender, nonce) = (u8::try_from(number / PER_SENDER_MAX).expect("few"), number % PER_SENDER_MAX);
        mempool
            .insert(Waiting::new(START, with_fee(sender, nonce, 10 + nonce, 512)), rich())
            .expect("there is room");
    }
    let cheap = mempool.insert(Waiting::new(START, with_fee(250, 0, 5, 512)), rich());
    assert_eq!(cheap, Err(MempoolError::Full));
    assert_eq!(mempool.len() as u64, fits);
    let displaced =
        mempool.insert(Waiting::new(START, with_fee(250, 0, 1000, 512)), rich()).expect("it pays more");
    assert_eq!(displaced.len(), 1);
    assert!(mempool.bytes <= MEMPOOL_BYTES_MAX);
    let total: u64 = mempool.iter().map(|waiting| waiting.transaction.size()).sum();
    assert_eq!(mempool.bytes, total);
}

#[test]
fn nobody_makes_room_by_dropping_what_the_newcomer_needs() {
    let mut mempool = Mempool::default();
    // The worst payer of all is first in line of the one who will want room.
    mempool.insert(Waiting::new(START, with_fee(250, 0, 1, 0)), rich()).expect("there is room");
    let size = with_fee(1, 0, 1, 512).size();
    for number in 0..MEMPOOL_BYTES_MAX / size {
        let (sender, nonce) = (u8::try_from(number / PER_SENDER_MAX).expect("few"), number % PER_SENDER_MAX);
        // The last does not fit.
        let _ = mempool.insert(Waiting::new(START, with_fee(sender, nonce, 100, 512)), rich());
    }
    let displaced =
        mempool.insert(Waiting::new(START, with_fee(250, 1, 10_000, 512)), rich()).expect("it pays more");
    assert!(!displaced.contains(&with_fee(250, 0, 1, 0).id()), "its own earlier payment stays");
    // A replacement that needs room counts what it replaces once.
    let before = with_fee(250, 1, 10_000, 512).id();
    let displaced =
        mempool.insert(Waiting::new(START, with_fee(250, 1, 20_000, 512)), rich()).expect("it pays more");
    assert_eq!(displaced, [before]);
    assert!(mempool.bytes <= MEMPOOL_BYTES_MAX);
    let total: u64 = mempool.iter().map(|waiting| waiting.transaction.size()).sum();
    assert_eq!(mempool.bytes, total);
}

#[test]
fn what_a_reorg_undoes_comes_back_within_the_bound_of_its_sender() {
    let mut mempool = Mempool::default();
    let after = Account { nonce: 3, ..rich() };
    for nonce in 3..3 + PER_SENDER_MAX {
        mempool.insert(Waiting::new(START, with_fee(1, nonce, 5, 0)), after).expect("it gets in");
    }
    let update = ChainUpdate {
        fork_height: crate::units::Height(0),
        disconnected: vec![undone((0..3).map(|nonce| with_fee(1, nonce, 5, 0)))],
        connected: Vec::new(),
    };
    let (added, removed) = mempool.follow(START, &update, |_| rich());
    assert_eq!((added.len(), removed.len()), (3, 3));
    assert!(!added.iter().any(|id| mempool.has_checked(id)), "blocks of the store are not checked whole");
    assert!(mempool.has_checked(&with_fee(1, 3, 5, 0).id()));
    let waiting: Vec<u64> = mempool.by_sender[&address(1)].nonces.keys().copied().collect();
    assert_eq!(waiting, Vec::from_iter(0..PER_SENDER_MAX), "the first that can be mined stay");
}

#[test]
fn payments_expire_with_those_that_need_them() {
    let mut mempool = mempool(&[with_fee(1, 0, 5, 0)]);
    let later = START.plus_ms(1000);
    mempool.insert(Waiting::new(later, with_fee(1, 1, 5, 0)), rich()).expect("it gets in");
    assert!(mempool.expire(START.plus_ms(EXPIRY_MS - 1)).is_empty());
    assert_eq!(mempool.expire(START.plus_ms(EXPIRY_MS)).len(), 2);
    assert!(mempool.is_empty());
    assert_eq!((mempool.bytes, mempool.digest()), (0, 0));
}

#[test]
fn equal_sets_have_equal_digests_whatever_their_history() {
    let one = mempool(&[with_fee(1, 0, 5, 0), with_fee(2, 0, 5, 0)]);
    let mut other = mempool(&[with_fee(2, 0, 5, 0), with_fee(3, 0, 5, 0), with_fee(1, 0, 5, 0)]);
    assert_ne!(one.digest(), other.digest());
    other.drop_from(&address(3), 0);
    assert_eq!(one.digest(), other.digest());
}

/// A payment as the mempool is told of it, of one of very many senders.
fn offer(sender: u64, nonce: u64, fee: u64, data: usize) -> Transaction {
    let mut key = crate::crypto::PublicKey([0; 32]);
    key.0[..8].copy_from_slice(&sender.to_be_bytes());
    let (recipient, amount, fee, data) = (address(200), Amount(10), Amount(fee), vec![0; data]);
    let payment = crate::primitives::Payment { sender: key, recipient, amount, fee, nonce, data };
    Transaction { payment, signature: crate::crypto::Signature([0; 64]) }
}

/// The order in which some payments would have to go, looked for among all of them, where the chain has `used`
/// payments of their senders.
fn worst_first(mut left: Vec<&Waiting>, used: impl Fn(&Address) -> u64) -> Vec<TransactionId> {
    let mut order = Vec::new();
    while !left.is_empty() {
        let has = |sender, nonce| left.iter().any(|it| it.sender == sender && it.nonce() == nonce);
        let is_last = |it: &&&Waiting| !(it.nonce() + 1..100).any(|nonce| has(it.sender, nonce));
        let is_in_line = |it: &Waiting| (used(&it.sender)..it.nonce()).all(|nonce| has(it.sender, nonce));
        let rate = |it: &Waiting| if is_in_line(it) { it.rate() } else { FeeRate { fee: 0, size: 1 } };
        let worst = left.iter().filter(is_last).map(|it| (rate(it), it.id)).min().expect("some are left").1;
        left.retain(|it| it.id != worst);
        order.push(worst);
    }
    order
}

#[test]
fn the_order_of_eviction_follows_what_comes_and_goes() {
    let mut noise = crate::spread::Spread::new(7);
    let (mut mempool, mut chain) = (Mempool::default(), [const { Vec::<Transaction>::new() }; 5]);
    for step in 0..300 {
        let number = noise.below(5);
        let own = &mut chain[usize::try_from(number).expect("small")];
        let fee = 1 + noise.below(50) * noise.below(50);
        let account = Account { nonce: own.len() as u64, ..rich() };
        let offered = offer(number, account.nonce + noise.below(6), fee, step % 100);
        let _ = mempool.insert(Waiting::new(START, offered.clone()), account);
        // The chain takes the sender's next payment, or gives its last one back.
        let (mut connected, mut disconnected) = (Vec::new(), Vec::new());
        match noise.below(4) {
            0 => {
                own.push(offer(number, account.nonce, fee, 3));
                connected.push(undone(own.last().cloned()));
            }
            1 => disconnected.extend(own.pop().map(|payment| undone([payment]))),
            _ => {}
        }
        let used = |sender: &Address| {
            let is_own = |number: &u64| offer(*number, 0, 1, 0).sender() == *sender;
            let number = (0..5).find(is_own);
            number.map_or(0, |number| chain[usize::try_from(number).expect("small")].len() as u64)
        };
        let update = ChainUpdate { fork_height: crate::units::Height(0), disconnected, connected };
        mempool.follow(START, &update, |sender| Account { nonce: used(sender), ..rich() });
        let mut emptied = mempool.clone();
        for id in worst_first(mempool.iter().collect(), used) {
            assert_eq!(emptied.tails.first().map(|(_, tail)| *tail), Some(id), "{step}");
            emptied.remove(&id);
        }
        assert!(emptied.tails.is_empty());
    }
}

#[test]
fn what_is_displaced_is_the_worst_at_each_step() {
    let mut noise = crate::spread::Spread::new(8);
    let mut mempool = Mempool::default();
    for place in 0..39 {
        let cheap = offer(place % 6, place / 6, 10 + noise.below(90), 0);
        mempool.insert(Waiting::new(START, cheap), rich()).expect("there is room");
    }
    for sender in 0..6_385 {
        let good = offer(100 + sender, 0, 5_000, 512);
        mempool.insert(Waiting::new(START, good), rich()).expect("there is room");
    }
    for sender in 0..6 {
        let cheap = |it: &&Waiting| it.transaction.payment.fee.0 < 100;
        let order = worst_first(mempool.iter().filter(cheap).collect(), |_| 0);
        let newcomer = Waiting::new(START, offer(10_000 + sender, 0, 20_000, 512));
        let displaced = mempool.insert(newcomer, rich()).expect("it pays more");
        assert!((4..=5).contains(&displaced.len()), "the largest has the place of so many of the smallest");
        assert_eq!(displaced, order[..displaced.len()]);
    }
}

#[test]
fn behind_a_snapshot_every_account_is_looked_at_anew() {
    let mut mempool = Mempool::default();
    let account = |nonce| Account { nonce, ..rich() };
    mempool.insert(Waiting::new(START, with_fee(1, 7, 5, 0)), account(7)).expect("there is room");
    let counts = |mempool: &Mempool| mempool.tails.first().map(|(rate, _)| rate.fee);
    assert_eq!(counts(&mempool), Some(5));
    let fork_height = crate::units::Height(0);
    let update = ChainUpdate { fork_height, disconnected: Vec::new(), connected: Vec::new() };
    mempool.follow(START, &update, |_| account(3));
    assert_eq!(counts(&mempool), Some(0), "the blocks with its earlier payments are gone");
}
