//! Tests of announcing blocks: what an announcement costs its miner, and what becomes of missing payments.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one message among all")]

use super::super::testing::World;
use super::super::*;
use super::*;
use crate::chain::Chain;
use crate::crypto::SecretKey;
use crate::peer::Medium;
use crate::test;
use crate::testing::{block_on, easy_params, pay, proven};
use crate::units::Height;
use crate::wire::{CompactBlock, Frame, SessionId};

/// The kinds of messages that a room has anyway.
const SIGNS_OF_LIFE: [u8; 4] = [1, 2, 3, 4];
const COMPACT_BLOCK: u8 = 6;
const GET_BODIES: u8 = 9;
const BODIES: u8 = 10;
const GET_BLOCK_TRANSACTIONS: u8 = 15;

/// A room whose nodes have the same sixteen blocks, by persons 1 to 16. Everyone knows the first node and so many of
/// its neighbours: a cast reaches all, and greetings of all by all would be most of a large test.
fn room(nodes: usize, neighbours: usize) -> World {
    let mut world = World::new(nodes);
    let mut chain = Chain::new(easy_params());
    for miner in 1..=16 {
        world.now = world.now.plus_ms(10_000);
        let block = block_on(&chain, world.now, miner, &[]);
        chain.insert_block(world.now, block.clone()).expect("a valid block");
        (0..nodes).for_each(|index| world.restore(index, std::slice::from_ref(&block)));
    }
    for index in 0..nodes {
        world.open_link(index);
    }
    for index in 1..nodes {
        let known = index.saturating_sub(neighbours)..index;
        world.introduce(index, 0);
        known.filter(|other| *other > 0).for_each(|other| world.introduce(index, other));
        world.settle();
    }
    // Signs of life that are due at the beginning.
    world.wait(1);
    world
}

/// Payments of persons 1 to 16, in an order in which they can be confirmed.
fn payments(world: &World, count: u64) -> Vec<Transaction> {
    let genesis = world.nodes[0].node.chain().genesis();
    let payer = |number: u64| u8::try_from(1 + number % 16).expect("small");
    (0..count).map(|number| pay(&genesis, payer(number), 99, 1, number / 16)).collect()
}

/// Puts payments into a node's mempool as if they had come and been checked before.
fn give(world: &mut World, index: usize, payments: &[Transaction]) {
    let (now, node) = (world.now, &mut world.nodes[index].node);
    for payment in payments {
        let account = node.chain.account(&payment.sender());
        node.mempool.insert(Waiting::new(now, payment.clone()), account).expect("a payment that fits");
    }
}

/// What a node sent besides signs of life, in bytes.
fn sent(world: &World, index: usize) -> usize {
    let sent = world.nodes[index].sent.iter().filter(|(kind, _)| !SIGNS_OF_LIFE.contains(kind));
    sent.map(|(_, bytes)| bytes).sum()
}

/// How many messages of a kind all nodes sent.
fn count(world: &World, kind: u8) -> usize {
    world.nodes.iter().flat_map(|player| &player.sent).filter(|(other, _)| *other == kind).count()
}

/// The first node finds a block of what waits there; gives the size of its compact form.
fn find(world: &mut World) -> usize {
    world.nodes.iter_mut().for_each(|player| player.sent.clear());
    world.find(0);
    let block = world.nodes[0].node.chain().block_at(Height(17)).expect("the block");
    Message::CompactBlock(Box::new(CompactBlock::new(&block, 0))).encode().len()
}

/// The bar: at most 1.2 times the compact size, once.
#[test]
fn a_block_of_1000_payments_costs_its_miner_one_compact_cast_in_a_room_of_200() {
    let mut world = room(200, 1);
    let payments = payments(&world, 1000);
    give(&mut world, 0, &payments);
    let mempool = world.nodes[0].node.mempool.clone();
    world.nodes.iter_mut().for_each(|player| player.node.mempool = mempool.clone());
    let compact = find(&mut world);
    world.settle();
    world.assert_agreement();
    assert!(world.nodes.iter().all(|player| player.node.mempool().is_empty()));
    world.wait(5);
    let cost = sent(&world, 0);
    assert!(cost * 10 <= compact * 12, "{cost} bytes for a compact block of {compact}");
    assert_eq!(count(&world, COMPACT_BLOCK), 1);
    assert!((1..200).all(|index| sent(&world, index) == 0), "nobody else has anything to say");
}

/// The same payments with false signatures.
fn forged(payments: &[Transaction]) -> Vec<Transaction> {
    let mut forged = payments.to_vec();
    forged.iter_mut().for_each(|payment| payment.signature.0[40] ^= 1);
    forged
}

fn refuses(world: &World, index: usize, expected: &RuleError) -> bool {
    let is_it = |output: &Output| matches!(output, Output::Event(Event::BlockRefused { rule, .. }) if rule == expected);
    world.nodes[index].seen.iter().any(is_it)
}

/// A mempool takes its caller's word for what was checked: false signatures in it show that none is looked at again.
/// Whoever has nothing of the block, or the payments as they were signed, refuses it.
#[test]
fn the_signatures_of_waiting_payments_are_checked_once_and_those_of_any_others_with_the_block() {
    let mut world = room(4, 4);
    let signed = payments(&world, 20);
    (0..2).for_each(|index| give(&mut world, index, &forged(&signed)));
    give(&mut world, 3, &signed);
    find(&mut world);
    world.wait(10);
    assert_eq!([0, 1, 2, 3].map(|index| world.height(index)), [17, 17, 16, 16]);
    assert_eq!(
        [0, 1, 2, 3].map(|index| refuses(&world, index, &RuleError::Signature)),
        [false, false, true, true]
    );
    assert_eq!(world.nodes[3].node.mempool().len(), 20, "they wait on");
}

#[test]
fn bodies_of_waiting_payments_cost_no_signature_either() {
    let mut world = room(2, 2);
    let payments = forged(&payments(&world, 20));
    (0..2).for_each(|index| give(&mut world, index, &payments));
    let is_compact = |bytes: &[u8]| {
        let payload = Frame::decode(bytes).expect("a frame").unsealed.payload;
        matches!(Message::decode(&payload), Ok(Message::CompactBlock(_)))
    };
    find(&mut world);
    world.wire.retain(|(_, _, bytes)| !is_compact(bytes));
    world.wait(5);
    assert_eq!((world.height(1), count(&world, BODIES)), (17, 1));
}

#[test]
fn a_room_that_lacks_the_same_payments_does_not_ask_the_miner_with_one_voice() {
    let mut world = room(40, 40);
    let payments = payments(&world, 60);
    (0..20).for_each(|index| give(&mut world, index, &payments));
    (20..40).for_each(|index| give(&mut world, index, &payments[..20]));
    let compact = find(&mut world);
    let body = world.nodes[0].node.chain().block_at(Height(17)).expect("the block").size();
    world.wait(6);
    world.assert_agreement();
    let cost = sent(&world, 0);
    let answers = (cost - compact) as u64;
    assert!(answers < 4 * body, "{answers} bytes of answers, where a body is {body}");
    assert!(count(&world, GET_BLOCK_TRANSACTIONS) <= 40, "each asked twice at most");
    assert_eq!(count(&world, BODIES), 0, "and needed no whole body");
}

#[test]
fn missing_payments_are_asked_for_by_their_places_and_come_once() {
    let mut world = room(3, 3);
    let payments = payments(&world, 20);
    give(&mut world, 0, &payments);
    give(&mut world, 1, &payments[..15]);
    give(&mut world, 2, &payments);
    find(&mut world);
    world.delivered.clear();
    world.settle();
    world.assert_agreement();
    let said = |(_, _, bytes): &(usize, usize, Vec<u8>)| {
        let payload = Frame::decode(bytes).expect("a frame").unsealed.payload;
        Message::decode(&payload).expect("a message")
    };
    let messages: Vec<Message> = world.delivered.iter().map(said).collect();
    let block = world.nodes[0].node.chain().block_at(Height(17)).expect("the block");
    let lacked = |place: &u16| payments[15..].contains(&block.body.transactions[usize::from(*place)]);
    let places: Vec<u16> = (0..20).filter(lacked).collect();
    assert!(messages.contains(&Message::GetBlockTransactions(places, block.hash())), "{messages:?}");
    let came = messages.iter().find_map(|message| match message {
        Message::Transactions(list) => Some(list.len()),
        _ => None,
    });
    assert_eq!(came, Some(5));
    assert_eq!(count(&world, GET_BODIES), 0);
}

#[test]
fn whoever_gets_no_payments_fetches_the_whole_body_from_another() {
    let mut world = room(3, 3);
    let payments = payments(&world, 20);
    give(&mut world, 0, &payments);
    give(&mut world, 2, &payments);
    world.deaf.insert(0);
    find(&mut world);
    world.settle();
    assert_eq!(world.unheard, [0], "nobody else was known to have it");
    assert_eq!([world.height(1), world.height(2)], [16, 17]);
    world.wait(2);
    assert_eq!((world.height(1), count(&world, GET_BODIES)), (16, 0), "not before its time");
    // The silent one may be asked first.
    world.wait(4);
    world.assert_agreement();
    assert_eq!(count(&world, BODIES), 1);
}

/// The first node casts an announcement of the test's.
fn cast(world: &mut World, compact: CompactBlock) {
    world.say(0, None, &Message::CompactBlock(Box::new(compact)));
}

#[test]
fn short_ids_that_do_not_fit_the_block_lead_to_its_body_and_blame_nobody() {
    let mut world = room(3, 3);
    let payments = payments(&world, 20);
    (0..3).for_each(|index| give(&mut world, index, &payments));
    find(&mut world);
    world.wire.clear();
    let block = world.nodes[0].node.chain().block_at(Height(17)).expect("the block");
    let mut compact = CompactBlock::new(&block, 5);
    compact.ids.swap(3, 4);
    cast(&mut world, compact);
    world.assert_agreement();
    assert_eq!((count(&world, GET_BLOCK_TRANSACTIONS), count(&world, BODIES)), (0, 2));
    let refused = |output: &Output| matches!(output, Output::Event(Event::BlockRefused { .. }));
    assert!(!world.nodes[1].seen.iter().any(refused), "no rule was broken");
    let (now, miner) = (world.now, world.nodes[0].node.id());
    assert!(world.nodes[1].node.sync.is_free(now, &miner), "nor a word");
}

#[test]
fn a_false_list_of_short_ids_keeps_nobody_from_the_right_one() {
    let mut world = room(3, 1);
    let payments = payments(&world, 20);
    (0..3).for_each(|index| give(&mut world, index, &payments));
    find(&mut world);
    world.wire.clear();
    let block = world.nodes[0].node.chain().block_at(Height(17)).expect("the block");
    world.deaf.extend([0, 1]);
    for salt in 0..9 {
        let mut compact = CompactBlock::new(&block, salt);
        compact.salt += 1;
        world.say(1, Some(2), &Message::CompactBlock(Box::new(compact)));
    }
    assert_eq!(world.height(2), 16);
    cast(&mut world, CompactBlock::new(&block, 5));
    assert_eq!(world.height(2), 17);
    assert_eq!(world.unheard.len(), 1, "asked for payments of the false list, once");
}

/// A list that seems to fit is tried each time that it comes; what it costs, its sender's budget pays for.
#[test]
fn looks_at_the_mempool_are_paid_for_by_the_announcer() {
    for (tokens, looks) in [(7, true), (6, false)] {
        let mut world = room(2, 2);
        let payments = payments(&world, 8 * LOOKS_PER_TOKEN - 1);
        give(&mut world, 0, &payments[..20]);
        give(&mut world, 1, &payments);
        find(&mut world);
        world.wire.clear();
        let block = world.nodes[0].node.chain().block_at(Height(17)).expect("the block");
        let (now, miner) = (world.now, world.nodes[0].node.id());
        let budget = &mut world.nodes[1].node.peers.get_mut(&miner).expect("a peer").budget;
        // The price of the message, and so much more.
        *budget = TokenBucket::new(now, 20 + 20 + tokens, 0);
        world.say(0, None, &Message::CompactBlock(Box::new(CompactBlock::new(&block, 5))));
        assert_eq!(count(&world, GET_BODIES) == 0, looks, "{tokens} tokens: the body is asked for instead");
    }
}

#[test]
fn nothing_is_done_for_a_header_that_does_not_hold() {
    let mut world = room(2, 2);
    let payments = payments(&world, 1);
    give(&mut world, 0, &payments);
    find(&mut world);
    world.wire.clear();
    let block = world.nodes[0].node.chain().block_at(Height(17)).expect("the block");
    let mut compact = CompactBlock::new(&block, 5);
    let target = compact.header.bits.expand().expect("a target");
    while target.is_met_by(&compact.header.hash()) {
        compact.header.nonce += 1;
    }
    let hash = compact.header.hash();
    cast(&mut world, compact);
    let node = &world.nodes[1].node;
    assert!(!node.chain.contains(&hash) && node.half_built.is_empty());
    assert_eq!(count(&world, GET_BLOCK_TRANSACTIONS), 0);
}

#[test]
fn half_built_blocks_are_bounded_in_all_and_for_each_peer() {
    let mut world = room(6, 6);
    let payments = payments(&world, 1);
    world.deaf.extend(0..6);
    let chain = world.nodes[0].node.chain();
    let blocks: Vec<Block> = (1..=12).map(|miner| block_on(chain, world.now, miner, &payments)).collect();
    let (now, link) = (world.now, world.nodes[1].link);
    for (number, block) in blocks.iter().enumerate() {
        // The first node announces the first six, the others one or two each.
        let from = world.nodes[if number < 6 { 0 } else { 2 + number % 4 }].node.id();
        world.nodes[1].node.take_compact(now, link, from, CompactBlock::new(block, 5));
        let waiting = world.nodes[1].node.half_built.len();
        let expect = if number < 6 { (number + 1).min(HALF_BUILT_PER_PEER_MAX) } else { (number - 3).min(4) };
        assert_eq!(waiting, expect, "after {number}");
    }
    let kept: Vec<BlockHash> = world.nodes[1].node.half_built.iter().map(|half| half.hash).collect();
    assert_eq!(kept, blocks[8..].iter().map(Block::hash).collect::<Vec<_>>(), "the newest");
}

#[test]
fn no_payment_of_a_block_is_sent_twice_for_one_question() {
    let mut world = room(2, 2);
    let payments = payments(&world, 3);
    give(&mut world, 0, &payments);
    find(&mut world);
    world.settle();
    let hash = world.nodes[0].node.chain().tip().hash;
    let (now, asker) = (world.now, world.nodes[1].node.id());
    let answers = |world: &mut World, places: &[u16]| {
        world.nodes[0].node.serve_block_transactions(now, asker, places, hash);
        let answer = world.nodes[0].node.poll().expect("an answer");
        let Output::Send { frame, .. } = answer else { panic!("not an answer: {answer:?}") };
        match Message::decode(&frame.payload) {
            Ok(Message::Transactions(list)) => list.len(),
            _ => 0,
        }
    };
    assert_eq!(answers(&mut world, &[0, 2]), 2);
    assert_eq!(answers(&mut world, &[2, 3, 9]), 1);
    assert_eq!(answers(&mut world, &[1, 1, 1]), 0);
    assert_eq!(answers(&mut world, &[2, 1]), 0);
}

#[test]
fn a_rival_of_the_tip_is_rebuilt_from_the_payments_of_the_tip() {
    let mut world = room(2, 2);
    let payments = payments(&world, 5);
    (0..2).for_each(|index| give(&mut world, index, &payments));
    let rival = block_on(world.nodes[1].node.chain(), world.now, 9, &payments);
    find(&mut world);
    world.settle();
    assert!(world.nodes[1].node.mempool().is_empty());
    cast(&mut world, CompactBlock::new(&proven(rival.clone()), 5));
    assert!(world.nodes[1].node.chain().block(&rival.hash()).is_some());
    assert_eq!(count(&world, GET_BLOCK_TRANSACTIONS), 0);
}

#[test]
fn a_rival_whose_payments_are_not_here_is_looked_for_once() {
    let mut world = room(2, 2);
    let payments = payments(&world, 5);
    (0..2).for_each(|index| give(&mut world, index, &payments));
    let rival = proven(block_on(world.nodes[1].node.chain(), world.now, 9, &payments));
    find(&mut world);
    world.settle();
    let mut compact = CompactBlock::new(&rival, 5);
    compact.salt += 1;
    cast(&mut world, compact);
    cast(&mut world, CompactBlock::new(&rival, 5));
    assert!(world.nodes[1].node.chain().contains(&rival.hash()));
    assert!(world.nodes[1].node.chain().block(&rival.hash()).is_none(), "it may come to matter later");
}

/// Hands what a node says on a link to another node that is alone with it there, and back, until both are silent.
fn talk(
    world: &mut World,
    link: LinkId,
    index: usize,
    other: &mut Node,
    key: &SecretKey,
    said: &mut Vec<u8>,
) {
    let now = world.now;
    let player = &mut world.nodes[index];
    loop {
        let mut silent = true;
        while let Some(output) = player.node.poll() {
            let Output::Send { link: on, frame } = output else { continue };
            if on == link {
                silent = false;
                said.push(frame.payload[0]);
                other.handle(now, Input::Received { link, bytes: frame.seal(&player.key) });
            }
        }
        while let Some(output) = other.poll() {
            let Output::Send { frame, .. } = output else { continue };
            silent = false;
            player.node.handle(now, Input::Received { link, bytes: frame.seal(key) });
        }
        if silent {
            return;
        }
    }
}

#[test]
fn a_block_of_one_medium_goes_on_by_another_as_it_came() {
    let mut world = room(3, 1);
    let payments = payments(&world, 20);
    // Another tab of the second node's browser, which the relay does not reach.
    let (key, link) = (SecretKey::derive(&[99], "test node"), LinkId(900));
    let config = Config { params: easy_params(), node_key: key.public(), seed: 99 };
    let mut tab = Node::new(config, world.now);
    for height in 1..=16 {
        let block = world.nodes[1].node.chain().block_at(Height(height)).expect("a block");
        tab.restore(world.now, (*block).clone()).expect("a valid block");
    }
    let (now, id) = (world.now, tab.id());
    let up = |number| Input::LinkUp { link, medium: Medium::Broadcast, session: SessionId([number; 16]) };
    world.nodes[1].node.handle(now, up(101));
    tab.handle(now, up(102));
    world.nodes[1].node.handle(now, Input::PeerJoined { link, peer: id });
    let mut said = Vec::new();
    talk(&mut world, link, 1, &mut tab, &key, &mut said);
    assert_eq!(tab.peers().len(), 1);

    (0..3).for_each(|index| give(&mut world, index, &payments));
    for payment in &payments {
        let account = tab.chain.account(&payment.sender());
        tab.mempool.insert(Waiting::new(now, payment.clone()), account).expect("a payment that fits");
    }
    said.clear();
    find(&mut world);
    let (_, _, bytes) = world.wire.iter().find(|(_, to, _)| *to == 1).cloned().expect("the cast");
    let relay = world.nodes[1].link.expect("a link");
    world.nodes[1].node.handle(now, Input::Received { link: relay, bytes });
    talk(&mut world, link, 1, &mut tab, &key, &mut said);
    assert_eq!(tab.chain().tip(), world.nodes[0].node.chain().tip());
    assert_eq!(said, [COMPACT_BLOCK]);
}
