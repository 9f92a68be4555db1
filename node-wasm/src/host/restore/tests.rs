//! Tests of starts from stored records: whole, damaged, torn.

use super::*;
use crate::consensus::ChainParams;
use crate::node::Config;
use crate::test;
use crate::testing::{START, address, block_on, easy_params, key, pay};
use crate::units::Amount;

/// What a host has stored.
#[derive(Clone)]
struct Records {
    blocks: Vec<Vec<u8>>,
    snapshot: Option<Vec<u8>>,
}

fn node() -> Node {
    Node::new(Config { params: easy_params(), node_key: key(9).public(), seed: 1 }, START)
}

fn late() -> Timestamp {
    START.plus_ms(1_000_000)
}

/// A chain of `count` blocks by person `miner`, who pays person 2 in each but the first.
fn chain_of(count: u64, miner: u8) -> Chain {
    let mut chain = Chain::new(easy_params());
    for number in 1..=count {
        let now = START.plus_ms(number * 10_000);
        let payment = pay(&chain.genesis(), miner, 2, 10, number.saturating_sub(2));
        let block =
            block_on(&chain, now, miner, if number > 1 { std::slice::from_ref(&payment) } else { &[] });
        chain.insert_block(now, block).expect("a valid block");
    }
    chain
}

fn records(chain: &Chain, snapshot: Option<&Chain>) -> Records {
    let record = |height| record::write(&chain.block_at(Height(height)).expect("a block"));
    let blocks = (1..=chain.height().0).map(record).collect();
    Records { blocks, snapshot: snapshot.map(write_snapshot) }
}

/// What a host does at its start; whether the snapshot was good, and what was lost.
fn start_of(records: &Records) -> (Node, bool, Option<u32>) {
    let mut node = node();
    let mut start = Start::new(records.snapshot.as_deref());
    let read = |from: u32, count: usize| -> Vec<_> {
        let kept = (1..).zip(&records.blocks).filter(|(_, record)| !record.is_empty());
        kept.filter(|(height, _)| *height >= from)
            .take(count)
            .map(|(height, record)| (height, record.clone()))
            .collect()
    };
    let mut lost = None;
    loop {
        let records = read(start.next(&node), 3);
        match start.take(&mut node, late(), records) {
            Ok(true) => {}
            Ok(false) => break,
            Err((height, _)) => {
                lost = Some(height);
                break;
            }
        }
    }
    assert_eq!(start.height() > 0, records.snapshot.is_some() && start.refused().is_none());
    for height in node.chain().unloaded() {
        let stored = read(height, 1).into_iter().next().unwrap_or_default();
        if let Err((height, _)) = body(&mut node, late(), stored.0, &stored.1) {
            lost = Some(height);
        }
    }
    assert!(node.chain().unloaded().is_empty());
    (node, start.height() > 0, lost)
}

/// Whatever was stored, the balances are those of the blocks up to the tip.
fn assert_sound(node: &Node) {
    let mut fresh = Chain::new(easy_params());
    for height in 1..=node.chain().height().0 {
        let block = node.chain().block_at(Height(height)).expect("all are loaded");
        fresh.insert_block(late(), (*block).clone()).expect("valid");
    }
    assert_eq!((fresh.tip(), fresh.ledger()), (node.chain().tip(), node.chain().ledger()));
}

#[test]
fn a_start_from_a_snapshot_is_a_start_from_genesis() {
    let chain = chain_of(12, 1);
    for snapshot in [1, 2, 8, 11, 12] {
        let (node, used, lost) = start_of(&records(&chain, Some(&chain_of(snapshot, 1))));
        assert_eq!((used, lost), (true, None), "{snapshot}");
        assert_eq!((node.chain().tip(), node.chain().ledger()), (chain.tip(), chain.ledger()));
        assert_sound(&node);
    }
    let (node, used, lost) = start_of(&records(&chain, None));
    assert_eq!((used, lost, node.chain().tip()), (false, None, chain.tip()));
}

#[test]
fn no_changed_byte_of_a_snapshot_is_believed() {
    let chain = chain_of(4, 1);
    let whole = records(&chain, Some(&chain_of(3, 1)));
    let length = whole.snapshot.as_ref().expect("one").len();
    for place in 0..length {
        let mut records = whole.clone();
        let snapshot = records.snapshot.as_mut().expect("one");
        snapshot[place] ^= 1 << (place % 8);
        assert_eq!(read_snapshot(snapshot), None, "byte {place}");
        // A checksum that was made to fit lets a header through, and wrong balances not for long.
        *snapshot = record::seal(&snapshot[8..]);
        let (node, _, _) = start_of(&records);
        assert_sound(&node);
        snapshot_cut(&whole, place);
    }
    let (node, used, lost) = start_of(&whole);
    assert_eq!((used, lost, node.chain().tip()), (true, None, chain.tip()));
}

/// A snapshot that was cut off is none.
fn snapshot_cut(whole: &Records, length: usize) {
    let mut records = whole.clone();
    records.snapshot.as_mut().expect("one").truncate(length);
    assert_eq!(records.snapshot.as_deref().and_then(read_snapshot), None);
}

#[test]
fn no_changed_byte_of_a_block_makes_a_wrong_balance() {
    let chain = chain_of(4, 1);
    let whole = records(&chain, Some(&chain_of(3, 1)));
    for height in 1..=4 {
        for place in 0..whole.blocks[height - 1].len() {
            let mut records = whole.clone();
            records.blocks[height - 1][place] ^= 1 << (place % 8);
            let (node, used, lost) = start_of(&records);
            assert_eq!(
                (used, lost),
                (height != 3, Some(u32::try_from(height).expect("small"))),
                "byte {place}"
            );
            assert_eq!(node.chain().height().0 as usize, height - 1);
            assert_sound(&node);
        }
    }
}

#[test]
fn torn_stores_never_make_a_wrong_balance() {
    let (ours, theirs) = (chain_of(9, 1), chain_of(9, 3));
    let check = |name: &str, records: &Records, used: bool, height: u32| {
        let (node, was_used, _) = start_of(records);
        assert_eq!((was_used, node.chain().height().0), (used, height), "{name}");
        assert_sound(&node);
    };
    let mut torn = records(&ours, Some(&chain_of(6, 1)));
    torn.blocks.truncate(4);
    check("a snapshot above its blocks", &torn, false, 4);
    check("a snapshot of another branch", &records(&ours, Some(&theirs)), false, 9);
    let mut torn = records(&ours, Some(&chain_of(5, 1)));
    torn.blocks[5..].clone_from_slice(&records(&theirs, None).blocks[5..]);
    check("blocks of another branch above the snapshot", &torn, true, 5);
    let mut torn = records(&ours, Some(&chain_of(5, 1)));
    torn.blocks[..2].clone_from_slice(&records(&theirs, None).blocks[..2]);
    check("blocks of another branch below the snapshot", &torn, true, 0);
    let mut torn = records(&ours, Some(&chain_of(5, 1)));
    torn.blocks.remove(2);
    check("a hole below the snapshot, and none at its height", &torn, false, 2);
    let mut torn = records(&ours, Some(&chain_of(5, 1)));
    torn.blocks[2].clear();
    check("a hole below the snapshot", &torn, true, 2);
    let mut torn = records(&ours, Some(&chain_of(5, 1)));
    torn.blocks.truncate(6);
    torn.blocks.push(torn.blocks[5].clone());
    check("a block in the place of another", &torn, true, 6);
    for (place, other) in [(4, 1), (4, 5), (4, 6), (2, 0)] {
        let mut torn = records(&ours, Some(&chain_of(6, 1)));
        torn.blocks[place] = torn.blocks[other].clone();
        let name = format!("the record of block {} in the place of {}", other + 1, place + 1);
        check(&name, &torn, true, u32::try_from(place).expect("few"));
    }
    let empty = records(&Chain::new(easy_params()), Some(&Chain::new(easy_params())));
    check("a snapshot of nothing", &empty, false, 0);
}

#[test]
fn a_snapshot_of_another_room_is_not_started_from() {
    let chain = chain_of(3, 1);
    let params = ChainParams { data_bytes_max: 7, ..easy_params() };
    let mut other = Node::new(Config { params, node_key: key(9).public(), seed: 1 }, START);
    let stored = records(&chain, Some(&chain));
    let mut start = Start::new(stored.snapshot.as_deref());
    assert_eq!(start.next(&other), 3);
    assert_eq!(start.take(&mut other, late(), vec![(3, stored.blocks[2].clone())]), Ok(true));
    assert!(start.refused().is_some_and(|why| why.contains("parent")), "{start:?}");
    assert_eq!(start.next(&other), 1);
    assert_eq!(other.chain().height(), Height(0));
}

#[test]
fn a_snapshot_is_due_after_a_thousand_blocks_and_payments_or_a_part_of_the_height() {
    let block = |payments: usize| {
        let mut block = block_on(&Chain::new(easy_params()), START.plus_ms(1), 1, &[]);
        block.body.transactions = vec![pay(&block.hash(), 1, 2, 1, 0); payments];
        std::sync::Arc::new(block)
    };
    let update = |fork: u32, payments: &[usize]| ChainUpdate {
        fork_height: Height(fork),
        disconnected: Vec::new(),
        connected: payments.iter().map(|payments| block(*payments)).collect(),
    };
    let mut schedule = Schedule::resume(&Chain::new(easy_params()), 0);
    assert!(!schedule.follow(&update(0, &[0; 999])) && !schedule.is_due(Height(999), DUE_AFTER));
    assert!(!schedule.follow(&update(999, &[0])) && schedule.is_due(Height(1_000), DUE_AFTER));
    schedule.stored(Height(1_000));
    assert!(!schedule.follow(&update(1_000, &[998])) && !schedule.is_due(Height(1_001), DUE_AFTER));
    assert!(!schedule.follow(&update(1_001, &[0])) && schedule.is_due(Height(1_002), DUE_AFTER));
    assert!(!schedule.is_due(Height(1_001 * DUE_FRACTION), DUE_AFTER));
    // A reorg above the snapshot leaves it; one from below takes it away, and the next is due.
    schedule.stored(Height(1_002));
    assert!(!schedule.follow(&update(1_002, &[0, 0])) && !schedule.is_due(Height(1_004), DUE_AFTER));
    assert!(schedule.follow(&update(1_001, &[0, 0])) && schedule.is_due(Height(1_003), DUE_AFTER));
    assert!(!schedule.is_due(Height(0), DUE_AFTER), "there is nothing to store of genesis");
    schedule.stored(Height(1_003));
    assert!(!schedule.follow(&update(1_003, &[])) && !schedule.is_due(Height(1_003), DUE_AFTER));
    // After a start.
    let chain = chain_of(5, 1);
    assert_eq!(Schedule::resume(&chain, 0).since, 5 + 4);
    assert_eq!(Schedule::resume(&chain, 4).since, 1 + 1);
}

#[test]
fn a_record_of_what_a_peer_sent_first_is_passed_over() {
    let chain = chain_of(6, 1);
    let stored = records(&chain, Some(&chain));
    let mut node = node();
    let mut start = Start::new(stored.snapshot.as_deref());
    start.take(&mut node, late(), vec![(6, stored.blocks[5].clone())]).expect("its own");
    for height in [1, 2, 4] {
        let block = (*chain.block_at(Height(height)).expect("a block")).clone();
        node.restore(late(), block).expect("valid");
    }
    for height in 1..6 {
        body(&mut node, late(), height, &stored.blocks[height as usize - 1]).expect("its own");
    }
    assert!(node.chain().unloaded().is_empty());
    assert_eq!(node.chain().tip(), chain.tip());
    assert_sound(&node);
}

#[test]
fn a_clock_that_was_set_back_makes_no_stored_block_bad() {
    let chain = chain_of(3, 1);
    let stored = records(&chain, None);
    let mut node = node();
    let stored = (1..).zip(stored.blocks).collect();
    assert_eq!(Start::default().take(&mut node, Timestamp(0), stored), Ok(true), "it was in time");
    assert_eq!(node.chain().account(&address(2)).balance, Amount(20));
}

#[test]
fn bodies_are_read_in_order_and_one_that_is_missing_does_not_hold() {
    let mut bodies = Bodies(1..71);
    let record = |height: u32| (height, vec![1]);
    assert_eq!(bodies.next(), Some((1, CHUNK_BESIDE)));
    let read: Vec<_> = (1..=CHUNK_BESIDE).map(record).collect();
    assert_eq!(bodies.take(read.clone()), read);
    assert_eq!(bodies.next(), Some((33, CHUNK_BESIDE)));
    // One is missing: what was read in its stead shows it.
    let read: Vec<_> = (33..=65).filter(|height| *height != 40).map(record).collect();
    assert_eq!(bodies.take(read.clone()), read);
    assert_eq!(bodies.next(), Some((66, 5)));
    assert_eq!(bodies.take(Vec::new()), [(66, Vec::new())], "there is none any more");
    assert_eq!(bodies.next(), None);
    assert_eq!(Bodies::of(&chain_of(3, 1)).next(), None, "all are here");
}
