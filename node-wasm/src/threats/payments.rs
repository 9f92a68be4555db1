//! Payments that come back, jump ahead or crowd out others: C15 to C17.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::chain::{Account, ChainUpdate};
use crate::crypto::{PublicKey, Signature};
use crate::mempool::{FEE_MIN, MEMPOOL_BYTES_MAX, Mempool, MempoolError, PER_SENDER_MAX, Waiting};
use crate::primitives::{BlockHash, Payment};
use crate::test;
use crate::testing::{address, key, pay};
use crate::units::{Amount, Height};

#[test]
fn c15_a_payment_is_worth_nothing_in_another_room_and_nothing_a_second_time() {
    let mut chain = chain_of(5, 1);
    let elsewhere = BlockHash([9; 32]);
    for (genesis, data) in [(elsewhere, b"".to_vec()), (BlockHash::default(), b"x".to_vec())] {
        let mut payment = pay(&genesis, 1, 2, 10, 0).payment;
        payment.data = data;
        let foreign = payment.sign(&genesis, &key(1));
        let rule = broken(&mut chain, &[pay(&chain_of(0, 1).genesis(), 1, 2, 10, 0)], |body| {
            body.transactions[0] = foreign
        });
        assert_eq!(rule, RuleError::Signature);
    }
    // Signed for this room, changed in any of its parts: nobody's payment.
    let real = pay(&chain.genesis(), 1, 2, 10, 0);
    let changes: [fn(&mut Transaction); 6] = [
        |lie| lie.payment.recipient.0[0] ^= 1,
        |lie| lie.payment.amount.0 += 1,
        |lie| lie.payment.fee.0 += 1,
        |lie| lie.payment.nonce += 1,
        |lie| lie.payment.data.push(0),
        |lie| lie.payment.sender = key(2).public(),
    ];
    for change in changes {
        let mut lie = real.clone();
        change(&mut lie);
        let more = lie.payment.fee.0 - 1;
        let rule = broken(&mut chain, std::slice::from_ref(&real), |body| {
            body.transactions[0] = lie;
            body.coinbase.reward.0 += more;
        });
        assert_eq!(rule, RuleError::Signature);
    }
    // An old one that was paid, and is offered again once there is money again.
    extend_by(&mut chain, 1, std::slice::from_ref(&real));
    extend(&mut chain, 3, 1);
    assert_eq!(broken(&mut chain, &[real], |_| {}), RuleError::Nonce { got: 0, expected: 1 });
}

#[test]
fn c16_a_nonce_with_a_gap_a_used_one_and_the_last_are_refused() {
    let mut chain = chain_of(5, 1);
    let genesis = chain.genesis();
    extend_by(&mut chain, 1, &[pay(&genesis, 1, 2, 10, 0), pay(&genesis, 1, 2, 10, 1)]);
    for nonce in [0, 1, 3, 4, u64::MAX - 1, u64::MAX] {
        let rule = broken(&mut chain, &[pay(&genesis, 1, 2, 10, nonce)], |_| {});
        assert_eq!(rule, RuleError::Nonce { got: nonce, expected: 2 });
        // In the mempool a gap may wait, up to a bound; what is used up or beyond it may not.
        let waits = Mempool::default()
            .insert(Waiting::new(START, pay(&genesis, 1, 2, 10, nonce)), chain.account(&address(1)));
        assert_eq!(waits.is_ok(), (2..2 + PER_SENDER_MAX).contains(&nonce), "{nonce}: {waits:?}");
    }
    let swapped = broken(&mut chain, &[pay(&genesis, 1, 2, 10, 2), pay(&genesis, 1, 2, 10, 3)], |body| {
        body.transactions.swap(0, 1);
    });
    assert_eq!(swapped, RuleError::Nonce { got: 3, expected: 2 });
    // Whoever has made 2^64 - 1 payments makes no more: the count cannot wrap to 0.
    let last = crate::consensus::check_spend(&pay(&genesis, 1, 2, 10, u64::MAX), u64::MAX, Amount(100));
    assert_eq!(last, Err(RuleError::Nonce { got: u64::MAX, expected: u64::MAX }));
}

/// A payment as the mempool is told of it, which is one whose signature was checked before.
fn offer(sender: u8, nonce: u64, fee: u64, data: usize) -> Transaction {
    let (sender, recipient, data) = (PublicKey([sender; 32]), address(200), vec![0; data]);
    let payment = Payment { sender, recipient, amount: Amount(10), fee: Amount(fee), nonce, data };
    Transaction { payment, signature: Signature([0; 64]) }
}

#[test]
fn c17_a_flood_keeps_its_bounds_and_pays_for_every_place_it_takes() {
    let rich = Account { balance: Amount(u64::MAX), nonce: 0 };
    let (mut noise, mut mempool) = (Noise::new(17), Mempool::default());
    // Somebody else's, that pays well: the flood pays less.
    let honest = offer(1, 0, 5_000, 0);
    mempool.insert(Waiting::new(START, honest.clone()), rich).expect("there is room");
    let (mut rates, mut lines) = (BTreeMap::new(), BTreeMap::<u8, BTreeSet<u64>>::new());
    for number in 0..12_000_u64 {
        let sender = 2 + u8::try_from(noise.below(240)).expect("small");
        let (fee, data) = (noise.next() % 4_000, 400 + noise.below(113));
        // The next of the sender, mostly, or any.
        let line = lines.entry(sender).or_default();
        let next = (0..).find(|nonce| !line.contains(nonce)).expect("few wait");
        let nonce = if noise.below(8) == 0 { noise.next() % (PER_SENDER_MAX + 2) } else { next };
        let offered = offer(sender, nonce, fee, data);
        match mempool.insert(Waiting::new(START, offered.clone()), rich) {
            Ok(displaced) => {
                assert!(Amount(fee) >= FEE_MIN, "{number}");
                let mut is_in_line = |(_, _, sender, nonce): &(u64, u64, u8, u64)| {
                    let line = lines.entry(*sender).or_default();
                    let is_in_line = (0..*nonce).all(|nonce| line.contains(&nonce));
                    line.remove(nonce);
                    is_in_line
                };
                for gone in displaced.iter().map(|gone| rates[gone]) {
                    let pays = if is_in_line(&gone) { gone.0 } else { 0 };
                    assert!(pays * offered.size() < fee * gone.1, "{number}: a better payer had to go");
                }
                rates.insert(offered.id(), (fee, offered.size(), sender, nonce));
                lines.entry(sender).or_default().insert(nonce);
            }
            Err(
                MempoolError::Full
                | MempoolError::FeeTooLow
                | MempoolError::Duplicate
                | MempoolError::TooManyPending
                | MempoolError::ReplacementFee { .. },
            ) => {}
            Err(MempoolError::Rule(rule)) => panic!("{number}: {rule}"),
        }
        if number % 500 == 0 {
            let bytes: u64 = mempool.iter().map(|waiting| waiting.transaction.size()).sum();
            assert!(bytes <= MEMPOOL_BYTES_MAX, "{number}: {bytes}");
        }
    }
    assert!(mempool.get(&honest.id()).is_some());
    let bytes: u64 = mempool.iter().map(|waiting| waiting.transaction.size()).sum();
    assert!(bytes > MEMPOOL_BYTES_MAX - 1_000, "{bytes}: it was never full");
    // A replacement that is bigger has to pay more for each of its bytes, and more in all.
    let mut mempool = Mempool::default();
    mempool.insert(Waiting::new(START, offer(2, 0, 1_000, 0)), rich).expect("there is room");
    for (fee, data) in [(1_000, 0), (1_001, 0), (1_099, 0), (1_100, 512), (0, 0)] {
        assert!(
            mempool.insert(Waiting::new(START, offer(2, 0, fee, data)), rich).is_err(),
            "{fee} for {data} bytes more"
        );
    }
    assert!(mempool.insert(Waiting::new(START, offer(2, 0, 1_100, 0)), rich).is_ok());
}

#[test]
fn c17_what_no_block_can_have_holds_no_place_against_what_one_can() {
    let rich = Account { balance: Amount(u64::MAX), nonce: 0 };
    let mut mempool = Mempool::default();
    let mut insert = |offered: Transaction| mempool.insert(Waiting::new(START, offered), rich);
    // Nobody ever pays for these, whatever they offer: the first of each sender is missing.
    let mut gapped: Vec<Transaction> = Vec::new();
    'full: for sender in 0..=200 {
        for nonce in 1..PER_SENDER_MAX {
            let offered = offer(sender, nonce, 1_000_000, 512);
            if insert(offered.clone()) == Err(MempoolError::Full) {
                break 'full;
            }
            gapped.push(offered);
        }
    }
    assert!(gapped.len() as u64 >= MEMPOOL_BYTES_MAX / 656 - 1);
    assert_eq!(insert(offer(201, 1, 2_000_000, 512)), Err(MempoolError::Full), "one more of the kind");
    // One of them gets its first payment, and is a good payer from there on.
    assert_eq!(insert(offer(0, 0, FEE_MIN.0, 512)).expect("it can be mined").len(), 1);
    let mut displaced = Vec::new();
    'room: for sender in 202..=u8::MAX {
        for nonce in 0..PER_SENDER_MAX {
            displaced.extend(insert(offer(sender, nonce, 10, 512)).expect("it can be mined"));
            if displaced.len() == 3_000 {
                break 'room;
            }
        }
    }
    let gapped: BTreeSet<_> = gapped.iter().skip(63).map(Transaction::id).collect();
    assert!(displaced.iter().all(|gone| gapped.contains(gone)));
    assert!(mempool.bytes() > MEMPOOL_BYTES_MAX - 1_000);
}

#[test]
fn c17_what_its_sender_cannot_pay_for_any_more_holds_no_place_until_it_can() {
    let room = chain_of(0, 1).params().clone();
    let account = |left, nonce| Account { balance: Amount(left), nonce };
    let mut full = Mempool::default();
    let insert =
        |mempool: &mut Mempool, offered, account| mempool.insert(Waiting::new(START, offered), account);
    // Good payers, each of which takes 60, and many that pay less.
    let good = [offer(1, 1, 50, 512), offer(1, 2, 50, 512)];
    for offered in &good {
        insert(&mut full, offered.clone(), account(120, 1)).expect("there is room");
    }
    let mut others = (2..=200).flat_map(|sender| (0..PER_SENDER_MAX).map(move |nonce| (sender, nonce)));
    let rich = account(u64::MAX, 0);
    while insert(&mut full, others.next().map(|(at, nonce)| offer(at, nonce, 20, 512)).expect("enough"), rich)
        != Err(MempoolError::Full)
    {}
    let mut block = room.genesis();
    let change = |mempool: &mut Mempool, block: &Block, left| {
        let connected = vec![Arc::new(block.clone())];
        let update = ChainUpdate { fork_height: Height(0), disconnected: Vec::new(), connected };
        mempool.follow(START, &update, |_| account(left, 1));
    };
    let gone = |mempool: &mut Mempool| {
        let newcomers = (0..4).map(|nonce| offer(250, nonce, 30, 512));
        let displaced: Vec<_> =
            newcomers.flat_map(|offered| insert(mempool, offered, rich).expect("it pays more")).collect();
        good.iter().filter(|good| displaced.contains(&good.id())).count()
    };
    for (left, goes) in [(120, 0), (119, 1), (60, 1), (59, 2), (0, 2)] {
        let mut mempool = full.clone();
        // The sender spends something else.
        block.body.transactions = vec![offer(1, 0, 5, 0)];
        change(&mut mempool, &block, left);
        assert_eq!(mempool.len(), full.len(), "nothing is dropped for that alone");
        assert_eq!(gone(&mut mempool.clone()), goes, "{left} left");
        // Somebody pays it, or it mines.
        block.body.transactions = vec![pay(&room.genesis().hash(), 7, 3, 5, 0)];
        block.body.transactions[0].payment.recipient = good[0].sender();
        change(&mut mempool, &block, 120);
        assert_eq!(gone(&mut mempool.clone()), 0);
        change(&mut mempool, &block, left);
        block.body.transactions.clear();
        block.body.coinbase.recipient = good[0].sender();
        change(&mut mempool, &block, 120);
        assert_eq!(gone(&mut mempool), 0);
        block = room.genesis();
    }
}
