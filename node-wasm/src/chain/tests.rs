//! Tests of the chain: every rule broken once, reorgs, and the bounds.

use super::*;
use crate::consensus::RuleError;
use crate::primitives::{CompactTarget, MerkleRoot};
use crate::test;
use crate::testing::{START, address, block_on, easy_params, key, pay, proven};
use crate::units::{Amount, BlockTime};

fn chain() -> Chain {
    Chain::new(easy_params())
}

fn at(seconds: u64) -> Timestamp {
    START.plus_ms(seconds * 1000)
}

/// A chain of `count` blocks by `miner`, ten seconds apart.
fn chain_of(count: u64, miner: u8) -> Chain {
    let mut chain = chain();
    extend(&mut chain, count, miner);
    chain
}

fn extend(chain: &mut Chain, count: u64, miner: u8) -> Vec<Block> {
    let start = u64::from(chain.height().0);
    let mut blocks = Vec::new();
    for number in start + 1..=start + count {
        let block = block_on(chain, at(10 * number), miner, &[]);
        let outcome = chain.insert_block(at(10 * number), block.clone()).expect("a valid block");
        assert!(outcome.invalid.is_empty());
        blocks.push(block);
    }
    blocks
}

/// The state that replaying a chain's blocks from genesis gives.
fn replayed(chain: &Chain) -> Ledger {
    let mut fresh = Chain::new(chain.params().clone());
    for height in 1..=chain.height().0 {
        let block = chain.block_at(Height(height)).expect("a block");
        fresh.insert_block(at(1_000_000), (*block).clone()).expect("it was valid");
    }
    assert_eq!(fresh.tip(), chain.tip());
    fresh.ledger().clone()
}

fn rule_of(result: Result<Outcome, ChainError>) -> RuleError {
    match result {
        Err(ChainError::Rule(rule)) => rule,
        Ok(outcome) => outcome.invalid.into_iter().next().expect("a refusal").1,
        Err(error) => panic!("refused for another reason: {error}"),
    }
}

/// A block on a chain with five blocks of person 1, changed by `change` and then proven again.
fn broken(change: impl Fn(&mut Block)) -> RuleError {
    let mut chain = chain_of(5, 1);
    let before = (chain.tip(), chain.ledger().clone());
    let payment = pay(&chain.genesis(), 1, 2, 10, 0);
    let mut block = block_on(&chain, at(60), 1, &[payment]);
    change(&mut block);
    let rule = rule_of(chain.insert_block(at(60), proven(block)));
    assert_eq!((chain.tip(), chain.ledger().clone()), before, "a refused block leaves no trace");
    rule
}

/// Headers on a chain under Bitcoin's rules whose proof of work is easy; bodies never come.
struct Headers {
    chain: Chain,
    last: Header,
}

impl Headers {
    fn new() -> Self {
        let easiest = easy_params().limit_bits;
        let params = ChainParams { limit_bits: easiest, starting_bits: easiest, ..ChainParams::bitcoin() };
        let chain = Chain::new(params);
        let last = chain.params().genesis().header;
        Self { chain, last }
    }

    /// Takes a proven header so many seconds after the last.
    fn push(&mut self, after: i64) -> Result<bool, ChainError> {
        let time = BlockTime(u32::try_from(i64::from(self.last.time.0) + after).expect("in range"));
        let parent = self.chain.tree.walk_from(&self.last.hash()).parent();
        let bits = crate::consensus::required_bits(self.chain.params(), &parent, time);
        let mut header = Header { previous: self.last.hash(), time, bits, nonce: 0, ..self.last };
        while !bits.expand().expect("a target").is_met_by(&header.hash()) {
            header.nonce += 1;
        }
        let result = self.chain.insert_header(START, header);
        if result.is_ok() {
            self.last = header;
        }
        result
    }

    fn push_all(&mut self, count: u32, after: i64) {
        for number in 0..count {
            assert_eq!(self.push(after), Ok(true), "header {number}");
        }
    }
}

/// The same, with the Merkle root made to fit the change.
fn broken_body(change: impl Fn(&mut Body)) -> RuleError {
    broken(|block| {
        change(&mut block.body);
        block.header.merkle_root = block.body.merkle_root();
    })
}

/// The same, with the payment signed again.
fn broken_payment(change: impl Fn(&mut crate::primitives::Payment)) -> RuleError {
    let genesis = chain().genesis();
    broken_body(|body| {
        let mut payment = body.transactions[0].payment.clone();
        change(&mut payment);
        body.transactions[0] = payment.sign(&genesis, &key(1));
    })
}

#[test]
fn an_unbroken_block_is_taken() {
    let mut chain = chain_of(5, 1);
    let payment = pay(&chain.genesis(), 1, 2, 10, 0);
    let block = block_on(&chain, at(60), 3, &[payment]);
    assert!(chain.insert_block(at(60), block).expect("valid").update.is_some());
    assert_eq!(chain.account(&address(2)), Account { balance: Amount(10), nonce: 0 });
    assert_eq!(chain.account(&address(1)), Account { balance: Amount(5 * 5000 - 11), nonce: 1 });
    assert_eq!(chain.account(&address(3)), Account { balance: Amount(5001), nonce: 0 });
    assert_eq!(chain.ledger().supply(), Some(Amount(6 * 5000)));
}

#[test]
fn rule_01_another_version_is_refused() {
    let rule = broken(|block| block.header.version = 2);
    assert_eq!(rule, RuleError::Version { got: 2, expected: 1 });
}

#[test]
fn rule_02_another_target_is_refused() {
    for bits in [0x207f_ffff, 0x1f7f_ffff, 0, 0xff00_0001, 0x2080_0000] {
        let mut chain = chain_of(5, 1);
        let mut block = block_on(&chain, at(60), 1, &[]);
        let expected = block.header.bits;
        block.header.bits = CompactTarget(bits);
        if bits == expected.0 {
            continue;
        }
        let rule = rule_of(chain.insert_block(at(60), block));
        assert_eq!(rule, RuleError::Bits { got: CompactTarget(bits), expected });
    }
}

#[test]
fn rule_03_a_block_without_proof_of_work_is_refused() {
    let mut chain = chain_of(5, 1);
    let mut block = block_on(&chain, at(60), 1, &[]);
    let target = block.header.bits.expand().expect("a target");
    while target.is_met_by(&block.hash()) {
        block.header.nonce += 1;
    }
    let hash = block.hash();
    let rule = rule_of(chain.insert_block(at(60), block));
    assert_eq!(rule, RuleError::ProofOfWork { hash, target });
    assert!(!chain.contains(&hash), "nothing is kept of it");
}

#[test]
fn rule_04_a_time_at_the_median_is_refused_and_one_second_later_taken() {
    // Times 10 to 50 after the start: with the genesis six, their median the fourth.
    let median = at(30).block_time();
    let mut chain = chain_of(5, 1);
    let block_at = |chain: &Chain, time: BlockTime| {
        let mut block = block_on(chain, at(60), 1, &[]);
        block.header.time = time;
        block.header.bits = crate::consensus::required_bits(chain.params(), &chain.tip_context(), time);
        proven(block)
    };
    let early = block_at(&chain, median);
    assert_eq!(rule_of(chain.insert_block(at(60), early)), RuleError::TimeTooEarly { got: median, median });
    let fine = block_at(&chain, BlockTime(median.0 + 1));
    assert!(chain.insert_block(at(60), fine).expect("valid").update.is_some());
}

#[test]
fn rule_05_a_time_beyond_the_bound_is_refused_until_its_time_has_come() {
    let mut chain = chain_of(5, 1);
    let ahead = u64::from(chain.params().future_max);
    let block = block_on(&chain, at(60 + ahead), 1, &[]);
    let early = chain.insert_block(at(59), block.clone());
    assert!(matches!(rule_of(early), RuleError::TimeTooLate { .. }));
    assert!(chain.insert_block(at(60), block).expect("valid").update.is_some());
}

#[test]
fn rule_06_no_height_follows_the_last() {
    let mut parent = chain_of(1, 1).tip_context();
    parent.height = Height(u32::MAX);
    let header = chain_of(2, 1).block_at(Height(2)).expect("a block").header;
    assert_eq!(check_header(&easy_params(), &parent, &header, at(60)), Err(RuleError::HeightOverflow));
}

#[test]
fn rule_07_a_block_is_taken_at_its_limit_and_refused_one_byte_over() {
    for (over, expect_taken) in [(0, true), (1, false)] {
        let mut chain = chain_of(5, 1);
        let payment = pay(&chain.genesis(), 1, 2, 10, 0);
        let size = block_on(&chain, at(60), 1, std::slice::from_ref(&payment)).size();
        chain.params.block_bytes_max = size - over;
        let genesis_differs_but_is_not_asked = block_on(&chain, at(60), 1, &[payment]);
        let result = chain.insert_block(at(60), genesis_differs_but_is_not_asked);
        if expect_taken {
            assert!(result.expect("valid").update.is_some());
        } else {
            assert_eq!(rule_of(result), RuleError::BlockSize { got: size, limit: size - 1 });
        }
    }
}

#[test]
fn rule_08_a_body_that_is_not_the_headers_is_refused_and_the_right_one_still_taken() {
    let mut chain = chain_of(5, 1);
    let block = block_on(&chain, at(60), 1, &[]);
    let mut damaged = block.clone();
    damaged.body.coinbase.extra_nonce = 77;
    let rule = rule_of(chain.insert_block(at(60), damaged));
    assert!(matches!(rule, RuleError::MerkleRoot { .. }));
    assert!(chain.insert_block(at(60), block).expect("valid").update.is_some());
    assert!(matches!(
        broken(|block| block.header.merkle_root = MerkleRoot([1; 32])),
        RuleError::MerkleRoot { .. }
    ));
}

#[test]
fn rule_09_a_coinbase_of_another_height_is_refused() {
    let rule = broken_body(|body| body.coinbase.height = Height(5));
    assert_eq!(rule, RuleError::CoinbaseHeight { got: Height(5), expected: Height(6) });
}

#[test]
fn rule_10_a_miner_gets_subsidy_and_fees_and_neither_more_nor_less() {
    for reward in [0, 5000, 5002, u64::MAX] {
        let rule = broken_body(|body| body.coinbase.reward = Amount(reward));
        assert_eq!(rule, RuleError::CoinbaseReward { got: Amount(reward), expected: Amount(5001) });
    }
}

#[test]
fn rule_10_the_subsidy_halves() {
    let params = easy_params();
    let check =
        |height: u32, expect: u64| assert_eq!(params.subsidy_at(Height(height)), Amount(expect), "{height}");
    check(1, 5000);
    check(100_000, 5000);
    check(100_001, 2500);
    check(1_200_001, 1);
    check(1_300_001, 0);
    check(u32::MAX, 0);
}

#[test]
fn rule_11_a_message_is_taken_at_its_limit_and_refused_one_byte_over() {
    let rule = broken_payment(|payment| payment.data = vec![b'x'; 513]);
    assert_eq!(rule, RuleError::DataSize { got: 513, limit: 512 });
    let mut chain = chain_of(1, 1);
    let mut payment = pay(&chain.genesis(), 1, 2, 10, 0).payment;
    payment.data = vec![b'x'; 512];
    let payment = payment.sign(&chain.genesis(), &key(1));
    let block = block_on(&chain, at(60), 1, &[payment]);
    assert!(chain.insert_block(at(60), block).expect("valid").update.is_some());
}

#[test]
fn rule_12_a_signature_for_another_room_or_by_another_key_is_refused() {
    let other_room = pay(&BlockHash([9; 32]), 1, 2, 10, 0);
    assert_eq!(broken_body(|body| body.transactions[0] = other_room.clone()), RuleError::Signature);
    assert_eq!(broken_body(|body| body.transactions[0].signature.0[0] ^= 1), RuleError::Signature);
    assert_eq!(broken_payment(|payment| payment.sender = key(2).public()), RuleError::Signature);
}

#[test]
fn rule_13_amounts_cannot_wrap() {
    let rule = broken_payment(|payment| payment.amount = Amount(u64::MAX));
    assert_eq!(rule, RuleError::AmountOverflow);
    let rule = broken_payment(|payment| payment.fee = Amount(u64::MAX - 10));
    assert!(matches!(rule, RuleError::InsufficientFunds { .. }), "exactly u64::MAX is no overflow: {rule}");
}

#[test]
fn rule_14_nonces_count_up_without_gap_or_replay() {
    for nonce in [1, 2, u64::MAX] {
        let rule = broken_payment(|payment| payment.nonce = nonce);
        assert_eq!(rule, RuleError::Nonce { got: nonce, expected: 0 });
    }
    let twice = broken_body(|body| {
        body.transactions.push(body.transactions[0].clone());
        body.coinbase.reward = Amount(5002);
    });
    assert_eq!(twice, RuleError::Nonce { got: 0, expected: 1 });
}

#[test]
fn rule_15_nobody_spends_more_than_the_balance() {
    let rule = broken_payment(|payment| payment.amount = Amount(25_000));
    assert_eq!(rule, RuleError::InsufficientFunds { cost: Amount(25_001), balance: Amount(25_000) });
    let mut chain = chain_of(5, 1);
    let all = pay(&chain.genesis(), 1, 2, 24_999, 0);
    let block = block_on(&chain, at(60), 3, &[all]);
    assert!(chain.insert_block(at(60), block).expect("valid").update.is_some());
    assert_eq!(chain.account(&address(1)), Account { balance: Amount(0), nonce: 1 });
}

#[test]
fn rule_17_a_period_does_not_begin_long_before_its_parent() {
    let mut headers = Headers::new();
    headers.push_all(2014, 600);
    // The last of the period lies in the future, so that the median leaves room to go back.
    headers.push_all(1, 100_000);
    let (parent, start) = (headers.last.time.0, 7200);
    let refused = headers.push(-start - 1);
    let expect = RuleError::PeriodStart { got: BlockTime(parent - 7201), earliest: BlockTime(parent - 7200) };
    assert_eq!(refused, Err(expect.into()));
    assert_eq!(headers.push(-start), Ok(true));
}

#[test]
fn rule_18_a_period_does_not_end_before_it_began() {
    let mut headers = Headers::new();
    headers.push_all(2015, 600);
    headers.push_all(1, 90_000_000);
    let start = headers.last.time.0;
    headers.push_all(1, -80_000_000);
    headers.push_all(2013, 600);
    let before = i64::from(start) - i64::from(headers.last.time.0) - 1;
    let expect = RuleError::PeriodEnd { got: BlockTime(start - 1), earliest: BlockTime(start) };
    assert_eq!(headers.push(before), Err(expect.into()));
    assert_eq!(headers.push(before + 1), Ok(true));
}

#[test]
fn bitcoins_first_headers_are_taken_and_changed_ones_refused() {
    // Blocks 0 and 1, as any explorer shows them.
    let mut chain = Chain::new(ChainParams::bitcoin());
    let genesis = chain.params().genesis().header;
    assert_eq!(
        chain.genesis().to_string(),
        "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    );
    let root = |digits: &str| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).expect("hex");
        bytes.reverse();
        MerkleRoot(bytes)
    };
    let one = Header {
        previous: genesis.hash(),
        merkle_root: root("0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098"),
        time: BlockTime(1_231_469_665),
        nonce: 2_573_394_689,
        ..genesis
    };
    assert_eq!(one.hash().to_string(), "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048");
    assert!(matches!(
        chain.insert_header(START, Header { nonce: 0, ..one }),
        Err(ChainError::Rule(RuleError::ProofOfWork { .. }))
    ));
    assert_eq!(chain.insert_header(START, one), Ok(true));
    let work =
        |chain: &Chain, header: &Header| chain.position(&header.hash()).map(|(_, work)| work.to_string());
    assert_eq!(work(&chain, &one), Some("4295032833".to_owned()));
}

#[test]
fn rule_16_nothing_is_built_on_an_invalid_block() {
    let mut chain = chain_of(5, 1);
    let mut bad = block_on(&chain, at(60), 1, &[]);
    bad.body.coinbase.reward = Amount(1_000_000);
    bad.header.merkle_root = bad.body.merkle_root();
    let bad = proven(bad);
    assert!(matches!(rule_of(chain.insert_block(at(60), bad.clone())), RuleError::CoinbaseReward { .. }));
    assert_eq!(chain.insert_block(at(60), bad.clone()), Err(ChainError::KnownInvalid(bad.hash())));
    let mut child = block_on(&chain, at(70), 1, &[]);
    child.header.previous = bad.hash();
    assert_eq!(rule_of(chain.insert_block(at(70), proven(child))), RuleError::InvalidAncestor);
}

#[test]
fn the_branch_with_more_work_wins_and_the_first_seen_stays_on_a_tie() {
    let mut ours = chain_of(3, 1);
    let mut theirs = chain_of(3, 2);
    let before = ours.tip();
    for height in 1..=3 {
        let block = theirs.block_at(Height(height)).expect("a block");
        assert_eq!(ours.insert_block(at(100), (*block).clone()).expect("valid").update, None);
    }
    assert_eq!(ours.tip(), before, "a tie changes nothing");
    let decisive = extend(&mut theirs, 1, 2).remove(0);
    let update = ours.insert_block(at(100), decisive).expect("valid").update.expect("a reorg");
    assert_eq!(update.fork_height, Height(0));
    assert_eq!((update.disconnected.len(), update.connected.len()), (3, 4));
    assert_eq!(update.disconnected[0].hash(), before.hash, "the highest first");
    assert_eq!(ours.tip(), theirs.tip());
    assert_eq!(*ours.ledger(), replayed(&ours));
    assert_eq!(ours.account(&address(1)), Account::default());
}

#[test]
fn a_deep_reorg_to_an_invalid_tail_keeps_what_is_valid_of_it() {
    let genesis = chain().genesis();
    let mut theirs = chain_of(40, 2);
    // Person 2 spends all it has at height 41, and again at 42, which a node must refuse.
    let spend = pay(&genesis, 2, 3, 190_000, 0);
    let good = block_on(&theirs, at(410), 2, &[spend]);
    theirs.insert_block(at(410), good).expect("valid");
    let again = pay(&genesis, 2, 3, 190_000, 1);
    let bad = block_on(&theirs, at(420), 2, &[again]);
    for (own_length, expect_height) in [(30, 41), (41, 41), (50, 50)] {
        let mut ours = chain_of(own_length, 1);
        let before = (ours.tip(), ours.ledger().clone());
        for height in 1..=41 {
            ours.insert_header(at(2000), theirs.block_at(Height(height)).expect("a block").header)
                .expect("valid");
        }
        ours.insert_header(at(2000), bad.header).expect("the header alone is fine");
        // The bodies come last first, so that the whole branch is tried at once.
        ours.insert_body(bad.hash(), bad.body.clone()).expect("its turn has not come");
        let mut last = Outcome::default();
        for height in (1..=41).rev() {
            let block = theirs.block_at(Height(height)).expect("a block");
            last = ours.insert_body(block.hash(), block.body.clone()).expect("valid");
        }
        assert_eq!(ours.height(), Height(expect_height));
        assert_eq!(*ours.ledger(), replayed(&ours));
        if own_length == 30 {
            assert!(
                matches!(last.invalid[..], [(hash, RuleError::InsufficientFunds { .. })] if hash == bad.hash())
            );
            assert_eq!(ours.tip(), theirs.tip());
        } else {
            assert_eq!((ours.tip(), ours.ledger().clone()), before);
        }
    }
}

#[test]
fn blocks_connect_in_any_order_of_bodies() {
    let source = chain_of(20, 1);
    let mut chain = chain();
    for height in 1..=20 {
        chain
            .insert_header(at(1000), source.block_at(Height(height)).expect("a block").header)
            .expect("valid");
    }
    assert_eq!(chain.missing_bodies().len(), 20);
    assert!(chain.lacks_bodies());
    for step in 0..20_u32 {
        let block = source.block_at(Height(1 + (step * 7) % 20)).expect("a block");
        chain.insert_body(block.hash(), block.body.clone()).expect("valid");
    }
    assert_eq!(chain.tip(), source.tip());
    assert!(chain.missing_bodies().is_empty() && !chain.lacks_bodies());
}

#[test]
fn a_locator_finds_the_last_common_block() {
    let source = chain_of(300, 1);
    let mut behind = chain();
    for height in 1..=100 {
        behind
            .insert_block(at(9000), (*source.block_at(Height(height)).expect("a block")).clone())
            .expect("valid");
    }
    extend(&mut behind, 3, 2);
    let locator = behind.locator();
    assert!(locator.len() <= crate::wire::Message::LOCATOR_MAX);
    let headers = source.headers_after(&locator, 2000);
    assert_eq!(headers[0].previous, source.hash_at(Height(100)).expect("a block"));
    assert_eq!(headers.len(), 200);
    assert_eq!(source.headers_after(&[], 5)[0].previous, source.genesis(), "strangers start at the genesis");
}

#[test]
fn an_old_block_announced_on_its_own_is_not_stored() {
    let mut chain = chain_of(u64::from(ANNOUNCED_DEPTH_MAX) + 20, 1);
    let old = block_on(&chain_of(5, 1), at(61), 2, &[]);
    assert_eq!(chain.insert_block(at(9000), old.clone()), Err(ChainError::Stale(old.hash())));
    assert!(!chain.contains(&old.hash()), "nor its header");
}

/// A block of some 250,000 bytes on the tip that spends what nobody has.
fn heavy_block(chain: &Chain, extra_nonce: u64) -> Block {
    let mut payment = pay(&chain.genesis(), 9, 2, 10, 0).payment;
    payment.data = vec![0; 250_000];
    let mut block = block_on(chain, at(100), 1, &[]);
    block.body.coinbase.extra_nonce = extra_nonce;
    block.body.transactions.push(payment.sign(&chain.genesis(), &key(9)));
    block.header.merkle_root = block.body.merkle_root();
    proven(block)
}

#[test]
fn bodies_beside_the_chain_are_bounded_and_a_forgotten_one_is_asked_for_when_it_matters() {
    let params = || ChainParams { data_bytes_max: 250_000, ..easy_params() };
    let (mut chain, mut other) = (Chain::new(params()), Chain::new(params()));
    let rivals = extend(&mut other, 3, 2);
    extend(&mut chain, 2, 1);
    chain.insert_block(at(50), rivals[0].clone()).expect("a rival");
    chain.insert_block(at(50), rivals[1].clone()).expect("a rival");
    let below = Chain::new(params());
    let heavy: Vec<Block> = (0..100).map(|number| heavy_block(&below, number)).collect();
    for block in &heavy {
        chain.insert_block(at(100), block.clone()).expect("nobody looks at balances yet");
    }
    let kept = |block: &&Block| chain.block(&block.hash()).is_some();
    let bytes: u64 = heavy.iter().filter(kept).map(|block| block.body.size()).sum();
    assert!(bytes <= BESIDE_BYTES_MAX && bytes > BESIDE_BYTES_MAX / 2, "{bytes}");
    assert!(kept(&&heavy[99]) && !kept(&&heavy[0]) && !kept(&&rivals[1]), "the last came last");
    // The branch that was forgotten wins after all.
    chain.insert_block(at(100), rivals[2].clone()).expect("its header leads to the others");
    assert_eq!(chain.missing_bodies(), [rivals[0].hash(), rivals[1].hash()]);
    for rival in &rivals[..2] {
        chain.insert_body(rival.hash(), rival.body.clone()).expect("as before");
    }
    assert_eq!(chain.tip(), other.tip());
}

/// C10: what a peer can make a node keep that has no work to outdo, as `node::syncing` bounds it.
#[test]
fn c10_headers_of_2800_blocks_take_less_than_a_mebibyte() {
    // A boxed entry, its hash and address in a map whose leaves are half full, and its hash as somebody's child.
    let bytes = size_of::<tree::Entry>() + 16 + 2 * (32 + 8) + 32 + 16;
    assert!(2800 * bytes <= 1 << 20, "{bytes} for each");
}

#[test]
fn headers_beside_the_chain_are_bounded() {
    let mut chain = chain_of(2, 1);
    let template = block_on(&chain_of(1, 1), at(30), 2, &[]);
    let mut known = 0;
    for extra_nonce in 0..SIDE_ENTRIES_MAX as u64 + 500 {
        let mut block = template.clone();
        block.header.merkle_root = MerkleRoot(crate::crypto::sha256(&[&extra_nonce.to_le_bytes()]));
        known += usize::from(chain.insert_header(at(40), proven(block).header) == Ok(true));
        assert!(chain.headers_beside() <= SIDE_ENTRIES_MAX);
    }
    assert!(known > SIDE_ENTRIES_MAX, "new headers still get in");
    assert_eq!(chain.height(), Height(2));
    extend(&mut chain, 1, 1);
}
