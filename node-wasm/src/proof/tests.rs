//! Proofs of payments in random chains hold; whatever is changed in one is refused, by the error of its cause.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::primitives::Target;
use crate::primitives::merkle::Sibling::{Left, Right};
use crate::test;
use crate::testing::{START, block_on, easy_params, pay};
use crate::units::RoomName;

/// Blocks come twice as fast as wanted, so that each has another target than the one before it.
fn at(block: u64) -> Timestamp {
    START.plus_ms(block * 5_000)
}

/// A chain of `params` whose blocks hold so many payments each, of person 1 to person 2; one with none comes first,
/// which earns what they cost.
fn chain_with(params: ChainParams, payments: &[usize]) -> Chain {
    let mut chain = Chain::new(params);
    let (genesis, mut nonce) = (chain.genesis(), 0);
    for (count, number) in std::iter::once(&0).chain(payments).zip(1..) {
        let sent: Vec<_> = (0..*count as u64).map(|more| pay(&genesis, 1, 2, 5, nonce + more)).collect();
        nonce += sent.len() as u64;
        let block = block_on(&chain, at(number), 1, &sent);
        chain.insert_block(at(number), block).expect("a valid block");
    }
    chain
}

fn payments_of(chain: &Chain) -> Vec<TransactionId> {
    let blocks = (1..=chain.height().0).filter_map(|height| chain.block_at(Height(height)));
    blocks.flat_map(|block| block.body.transactions.iter().map(Transaction::id).collect::<Vec<_>>()).collect()
}

/// A proof of the third payment of a block with a coinbase and five payments, with a block before it and two after.
fn proof() -> (PaymentProof, Chain) {
    let chain = chain_with(easy_params(), &[5, 1, 0]);
    (PaymentProof::of(&chain, &payments_of(&chain)[2]).expect("it is in the chain"), chain)
}

/// Why the proof does not hold once `change` was made.
fn broken(change: impl FnOnce(&mut PaymentProof)) -> ProofError {
    let (mut proof, chain) = proof();
    change(&mut proof);
    proof.check(chain.params(), None).expect_err("the change is seen")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_payment_of_a_chain_has_a_proof_that_says_where_it_is(blocks in vec(0..9_usize, 1..5)) {
        let chain = chain_with(easy_params(), &blocks);
        for id in payments_of(&chain) {
            let proof = PaymentProof::of(&chain, &id).expect("it is in the chain");
            prop_assert_eq!(proof.payment.id(), id);
            let block = chain.block_at(proof.height).expect("a block");
            let expect = Confirmation {
                block: block.hash(),
                height: block.body.coinbase.height,
                time: block.header.time,
                depth: chain.height().0 - proof.height.0 + 1,
                tip: chain.tip().hash,
                work: chain.tip().work,
            };
            let now = at(blocks.len() as u64 + 1);
            prop_assert_eq!(proof.check(chain.params(), Some(now)), Ok(expect));
            prop_assert_eq!(PaymentProof::decode(&proof.encode()), Ok(proof.clone()));
            let text = serde_json::to_string(&proof).expect("JSON");
            let read: PaymentProof = serde_json::from_str(&text).expect("a proof");
            prop_assert_eq!(read.encode(), proof.encode());
        }
    }
}

#[test]
fn a_payment_that_no_block_has_is_not_proven() {
    let chain = chain_with(easy_params(), &[1]);
    assert_eq!(PaymentProof::of(&chain, &TransactionId([7; 32])), None);
    let coinbase = chain.block_at(Height(1)).expect("a block").body.coinbase.id();
    assert_eq!(PaymentProof::of(&chain, &coinbase), None);
}

#[test]
fn with_any_bit_changed_a_proof_is_refused() {
    // The work of a real room's easiest block, so that no changed header proves work by chance.
    let limit = ChainParams::room(RoomName::default()).limit_bits;
    let params = ChainParams { starting_bits: limit, ..ChainParams::room(RoomName::default()) };
    let chain = chain_with(params, &[3, 0]);
    let bytes = PaymentProof::of(&chain, &payments_of(&chain)[1]).expect("it is in the chain").encode();
    let holds = |bytes: &[u8]| {
        PaymentProof::decode(bytes).is_ok_and(|proof| proof.check(chain.params(), Some(at(9))).is_ok())
    };
    assert!(holds(&bytes));
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!holds(&changed), "bit {bit} of {}", bytes.len() * 8);
    }
    for length in 0..bytes.len() {
        assert!(PaymentProof::decode(&bytes[..length]).is_err(), "cut to {length} bytes");
    }
    assert!(PaymentProof::decode(&[&bytes[..], &[0]].concat()).is_err(), "a byte too many");
}

#[test]
fn with_fewer_headers_the_payment_is_less_deep() {
    let (proof, chain) = proof();
    let whole = proof.check(chain.params(), None).expect("it holds");
    assert_eq!((whole.height, whole.depth), (Height(2), 3));
    for depth in 1..=3 {
        let mut shorter = proof.clone();
        shorter.headers.truncate(1 + depth);
        let tip = chain.hash_at(Height(1 + depth as u32)).expect("a block");
        let (_, work) = chain.position(&tip).expect("known");
        let expect = Confirmation { depth: depth as u32, tip, work, ..whole };
        assert_eq!(shorter.check(chain.params(), None), Ok(expect));
    }
    let short = |length| broken(|proof| proof.headers.truncate(length));
    assert_eq!(short(1), ProofError::NoSuchBlock { got: Height(2), tip: 1 });
    assert_eq!(short(0), ProofError::NoSuchBlock { got: Height(2), tip: 0 });
}

#[test]
fn a_proof_is_one_rooms() {
    let (proof, chain) = proof();
    let other = ChainParams { room: "other".parse().expect("a name"), ..easy_params() };
    let expected = other.genesis().hash();
    assert_eq!(proof.check(&other, None), Err(ProofError::OtherRoom { got: chain.genesis(), expected }));
    // The headers of this room do not make another's payment its own.
    let Transaction { payment, .. } = proof.payment.clone();
    let signed = payment.sign(&expected, &crate::testing::key(1));
    assert_eq!(broken(|proof| proof.payment = signed), ProofError::Payment(RuleError::Signature));
}

#[test]
fn no_inner_node_and_no_coinbase_passes_for_a_payment() {
    // C2: the path from a node above the payment, the payment's place moved, and the coinbase's place.
    let misses =
        |change: fn(&mut PaymentProof)| assert!(matches!(broken(change), ProofError::NotInBlock { .. }));
    misses(|proof| proof.path = proof.path[1..].to_vec());
    misses(|proof| proof.path.insert(0, proof.path[0]));
    misses(|proof| proof.path.truncate(2));
    misses(|proof| proof.path.swap(0, 1));
    misses(|proof| proof.height.0 += 1);
    misses(|proof| proof.payment = proof_of_another());
    assert_eq!(broken(|proof| proof.path.clear()), ProofError::CoinbasePlace);
    let to_the_right = |sibling: &Sibling| match sibling {
        Left(digest) | Right(digest) => Right(*digest),
    };
    assert_eq!(
        broken(|proof| proof.path = proof.path.iter().map(to_the_right).collect()),
        ProofError::CoinbasePlace
    );
}

fn proof_of_another() -> Transaction {
    pay(&easy_params().genesis().hash(), 1, 2, 6, 2)
}

#[test]
fn a_payment_in_the_place_of_the_coinbase_is_none() {
    // A block that no node takes, and whose Merkle root a path without steps would lead to.
    let mut chain = Chain::new(easy_params());
    let payment = pay(&chain.genesis(), 1, 2, 5, 0);
    let mut block = block_on(&chain, at(1), 1, &[]);
    block.header.merkle_root = merkle::root(&[payment.id().0]);
    let block = crate::testing::proven(block);
    chain.insert_header(at(1), block.header).expect("a valid header");
    let proof = PaymentProof { payment, height: Height(1), path: Vec::new(), headers: vec![block.header] };
    assert_eq!(proof.check(chain.params(), None), Err(ProofError::CoinbasePlace));
}

#[test]
fn headers_are_held_to_the_rules() {
    assert_eq!(broken(|proof| proof.headers.swap(2, 3)), ProofError::Unlinked(Height(3)));
    let rule = |change: fn(&mut Header)| {
        let ProofError::Header { height: Height(4), rule } = broken(|proof| change(&mut proof.headers[3]))
        else {
            panic!("another error")
        };
        rule.code()
    };
    assert_eq!(rule(|header| header.version = 2), "C-01");
    assert_eq!(rule(|header| header.bits = Target::for_hashes(1000).compact()), "C-02");
    let worthless = |header: &mut Header| {
        while header.bits.expand().expect("a target").is_met_by(&header.hash()) {
            header.nonce += 1;
        }
    };
    assert_eq!(rule(worthless), "C-03");
}

#[test]
fn the_median_of_times_is_that_of_the_last_eleven() {
    let chain = chain_with(easy_params(), &[&[1], &[0; 19][..]].concat());
    let proof = PaymentProof::of(&chain, &payments_of(&chain)[0]).expect("it is in the chain");
    // The last header stands on 20, of which the last eleven have number 15 in their middle.
    let check = |number: u64| {
        let mut proof = proof.clone();
        proof.headers[20].time = at(number).block_time();
        while !proof.headers[20].bits.expand().expect("a target").is_met_by(&proof.headers[20].hash()) {
            proof.headers[20].nonce += 1;
        }
        proof.check(chain.params(), None)
    };
    let Err(ProofError::Header { height: Height(21), rule }) = check(15) else { panic!("too early") };
    assert_eq!(rule.code(), "C-04");
    assert!(check(16).is_ok());
}

#[test]
fn only_a_checker_with_a_clock_holds_the_future_against_a_header() {
    let (proof, chain) = proof();
    let tip = at(4);
    let late = ChainParams::room(RoomName::default()).future_max;
    let check = |now| proof.check(chain.params(), now);
    let early = Timestamp(tip.0 - u64::from(late) * 1000);
    assert!(check(Some(early)).is_ok());
    let Err(ProofError::Header { height, rule }) = check(Some(Timestamp(early.0 - 1000))) else {
        panic!("a header of the future")
    };
    assert_eq!((height, rule.code()), (Height(4), "C-05"));
    assert!(check(None).is_ok());
}

#[test]
fn what_is_no_proof_is_named() {
    let (proof, _) = proof();
    let bytes = proof.encode();
    let read = |change: fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        PaymentProof::decode(&bytes).expect_err("no proof")
    };
    assert_eq!(read(Vec::clear), FormError::NotAProof);
    assert_eq!(read(|bytes| bytes[0] = b'T'), FormError::NotAProof);
    assert_eq!(read(|bytes| bytes[8] = 2), FormError::Version(2));
    assert!(matches!(read(|bytes| bytes.truncate(40)), FormError::Damaged(_)));
    assert_eq!(read(|bytes| bytes.resize(PROOF_BYTES_MAX + 1, 0)), FormError::TooLarge(PROOF_BYTES_MAX + 1));
    let long = |steps| PaymentProof { path: vec![Left([1; 32]); steps], ..proof.clone() };
    assert_eq!(PaymentProof::decode(&long(32).encode()), Ok(long(32)));
    assert_eq!(PaymentProof::decode(&long(33).encode()), Err(FormError::PathTooLong(33)));
}

#[test]
fn json_is_read_strictly() {
    let (mut proof, _) = proof();
    proof.payment.payment.data = vec![0, 0xff];
    let text = serde_json::to_string(&proof).expect("JSON");
    let read = |text: &str| serde_json::from_str::<PaymentProof>(text).map_err(|error| error.to_string());
    assert_eq!(read(&text), Ok(proof.clone()));
    let check = |from: &str, to: &str, expect: &str| {
        assert!(text.contains(from), "{from} is in {text}");
        let error = read(&text.replacen(from, to, 1)).expect_err(to);
        assert!(error.contains(expect), "{to}: {error}");
    };
    check("\"version\":1", "\"version\":2", "version 2");
    check("\"height\":2,", "", "height");
    check("\"height\":2", "\"height\":2,\"more\":0", "more");
    check("\"height\":2", "\"height\":4294967296", "4294967296");
    check("\"amount\":\"5\"", "\"amount\":\"5.0\"", "amount: ");
    check("\"fee\":\"1\"", "\"fee\":\"\"", "fee: ");
    check("\"recipient\":\"tab1", "\"recipient\":\"tab1q", "recipient: ");
    check("\"sender\":\"", "\"sender\":\"00", "sender: expected 64");
    check("\"signature\":\"", "\"signature\":\"0", "signature: expected 128");
    check("\"data\":\"00ff\"", "\"data\":\"00f\"", "data: ");
    check("\"left\"", "\"up\"", "up");
    check("\"left\":\"", "\"left\":\"x", "path: expected 64");
    check("\"headers\":[\"", "\"headers\":[\"0", "headers: expected 160");
}
