//! Attacks on a node by its peers, and what they may cost: the budgets that `tests/THREATS.md` lists, C18, and time.
//!
//! Rooms of real nodes on a virtual clock, as in `node/tests.rs`; what an attacker says is signed by its own node key.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one output among all")]

mod costs;
mod isolation;

use super::testing::World;
use super::*;
use crate::primitives::{BlockHash, Header, Target};
use crate::test;
use crate::testing::{block_on, easy_params, pay, proven};
use crate::units::Height;
use crate::wire::{CompactBlock, Frame, Tip};

/// The attacker, the one who is attacked, and an honest third.
const ATTACKER: usize = 0;
const NODE: usize = 1;
const HONEST: usize = 2;

impl World {
    /// The attacker says something to everyone, or to the node alone; it is on its way.
    fn attack(&mut self, recipient: Option<usize>, message: &Message) {
        self.send_as(ATTACKER, recipient, message);
    }

    fn send_as(&mut self, from: usize, recipient: Option<usize>, message: &Message) {
        let recipient = recipient.map(|index| self.nodes[index].node.id());
        let link = self.nodes[from].link.expect("a link");
        let frame = self.nodes[from].node.peers.frame(link, recipient, message).expect("the link is open");
        self.send(from, link, frame);
    }

    /// Delivers what is under way to the node, and gives what it says to that; nobody else hears anything.
    fn replies(&mut self) -> Vec<Message> {
        let mut replies = Vec::new();
        while let Some((from, to, bytes)) = self.wire.pop_front() {
            if to == NODE {
                let link = self.nodes[NODE].link.expect("a link");
                self.feed(NODE, Input::Received { link, bytes });
            } else if from == NODE {
                let payload = Frame::decode(&bytes).expect("a frame").unsealed.payload;
                replies.push(Message::decode(&payload).expect("a message"));
            }
        }
        replies
    }

    fn refused(&self) -> usize {
        let refused = |output: &&Output| matches!(output, Output::Event(Event::BlockRefused { .. }));
        self.nodes[NODE].seen.iter().filter(refused).count()
    }

    fn trusts(&self, peer: usize) -> bool {
        let (node, id) = (&self.nodes[NODE].node, self.nodes[peer].node.id());
        node.peers().get(&id).is_some() && node.sync.is_free(self.now, &id)
    }
}

/// A room of three with a few blocks, in which nothing is under way.
fn room() -> World {
    let mut world = World::connected(3);
    world.mine_many(HONEST, 3);
    world.wait(20);
    world.nodes[NODE].seen.clear();
    world
}

/// A block without payments, as it is announced.
fn announced(block: &Block) -> Message {
    Message::CompactBlock(Box::new(CompactBlock::new(block, 7)))
}

fn untrue_tip() -> Tip {
    Tip { hash: BlockHash([9; 32]), height: Height(99), work: Target::for_hashes(1 << 40).work() }
}

#[test]
fn c18_an_invalid_block_with_real_work_is_judged_once_and_logged_once() {
    let mut world = room();
    let mut bad = block_on(world.nodes[NODE].node.chain(), world.now, 1, &[]);
    bad.body.coinbase.reward.0 += 1;
    bad.header.merkle_root = bad.body.merkle_root();
    let bad = proven(bad);
    for _ in 0..100 {
        world.attack(Some(NODE), &announced(&bad));
    }
    assert!(world.replies().is_empty(), "and not passed on");
    assert_eq!(world.refused(), 1);
    world.mine(HONEST);
    world.settle();
    assert_eq!(world.height(NODE), 4);
}

#[test]
fn budget_cheap_checks_come_first() {
    let mut world = room();
    let chain = world.nodes[NODE].node.chain();
    // Nothing of this block holds: what is looked at first is what costs least.
    let mut block = block_on(chain, world.now, 1, &[pay(&chain.genesis(), 3, 2, 10, 0)]);
    block.body.transactions[0].signature.0[0] ^= 1;
    block.body.coinbase.reward.0 += 7;
    let target = block.header.bits.expand().expect("a target");
    while target.is_met_by(&block.hash()) {
        block.header.nonce += 1;
    }
    let unproven = block.clone();
    let unfit = proven(block.clone());
    block.header.merkle_root = block.body.merkle_root();
    let unsigned = proven(block);
    let mut judge = |block: Block| match world.nodes[NODE].node.chain.insert_block(world.now, block) {
        Err(ChainError::Rule(rule)) => rule.code(),
        other => panic!("{other:?}"),
    };
    assert_eq!([judge(unproven), judge(unfit), judge(unsigned)], ["C-03", "C-08", "C-12"]);
    // A frame: its size before its form, whether it is new before its signature.
    let link = world.nodes[NODE].link.expect("a link");
    let (_, _, mut old) =
        world.delivered.iter().rfind(|(from, to, _)| (*from, *to) == (HONEST, NODE)).cloned().expect("some");
    let last = old.len() - 1;
    old[last] ^= 1;
    let mut refusal = |bytes: Vec<u8>| world.nodes[NODE].node.peers.accept(world.now, link, &bytes);
    assert_eq!(refusal(vec![0; Frame::BYTES_MAX + 1]), Err(Refusal::Malformed));
    assert_eq!(refusal(old), Err(Refusal::Replayed));
}

#[test]
fn budget_one_question_has_one_answer_of_bounded_size() {
    let mut world = World::connected(3);
    world.mine_many(HONEST, 511);
    // The last is worth asking for: 512 times it is more than an answer may be.
    for nonce in 0..5 {
        world.pay(HONEST, 9, 1, nonce).expect("funds are there");
    }
    world.mine_many(HONEST, 1);
    let chain = world.nodes[NODE].node.chain();
    let hashes: Vec<_> = (1..=512).map(|height| chain.hash_at(Height(height)).expect("a block")).collect();
    let genesis = chain.genesis();
    let questions = [
        Message::Ping(1),
        Message::GetHeaders(vec![genesis; Message::LOCATOR_MAX]),
        Message::GetHeaders(Vec::new()),
        Message::GetBodies(hashes.clone()),
        Message::GetBodies(vec![hashes[511]; Message::BODIES_MAX]),
        Message::GetBodies(vec![BlockHash([1; 32]); Message::BODIES_MAX]),
        Message::GetInventory,
        Message::GetTransactions(vec![TransactionId([1; 32]); Message::TRANSACTIONS_MAX]),
    ];
    for (number, question) in questions.into_iter().enumerate() {
        world.attack(Some(NODE), &question);
        let answers = world.replies();
        let bytes: usize = answers.iter().map(|answer| answer.encode().len()).sum();
        assert_eq!(answers.len(), 1, "question {number}");
        assert!(bytes < 5 << 16, "{bytes} for question {number}");
    }
}

#[test]
fn budget_bodies_are_asked_for_by_proven_connected_headers_only() {
    let mut world = room();
    let chain = world.nodes[NODE].node.chain();
    let unconnected: Vec<Header> =
        (0..3).map(|n| Header { previous: BlockHash([n; 32]), ..chain.params().genesis().header }).collect();
    let child = block_on(chain, world.now, 1, &[]);
    let target = child.header.bits.expand().expect("a target");
    let mut unproven = child.header;
    while target.is_met_by(&unproven.hash()) {
        unproven.nonce += 1;
    }
    let mut orphan = child;
    orphan.header.previous = BlockHash([5; 32]);
    let asks_for_bodies =
        |replies: &[Message]| replies.iter().any(|reply| matches!(reply, Message::GetBodies(_)));
    world.attack(None, &Message::Status(Status { tip: untrue_tip(), mempool: 0 }));
    let replies = world.replies();
    assert!(matches!(replies[..], [Message::GetHeaders(_)]), "{replies:?}");
    for lie in [Message::Headers(unconnected), Message::Headers(vec![unproven]), announced(&orphan)] {
        world.attack(Some(NODE), &lie);
        let replies = world.replies();
        assert!(!asks_for_bodies(&replies), "{lie:?}: {replies:?}");
    }
}

#[test]
fn budget_one_peers_bad_data_does_not_clear_anothers_download() {
    let mut world = room();
    let now = world.now;
    let (liar, honest) = (world.nodes[ATTACKER].node.id(), world.nodes[HONEST].node.id());
    let ahead = {
        let mut chain = Chain::new(easy_params());
        let own = world.nodes[HONEST].node.chain();
        for height in 1..=own.height().0 {
            chain
                .insert_block(now, (*own.block_at(Height(height)).expect("a block")).clone())
                .expect("valid");
        }
        for number in 1..=3 {
            let block = block_on(&chain, now.plus_ms(number), 7, &[]);
            chain.insert_block(now.plus_ms(10_000), block).expect("valid");
        }
        (4..=6).map(|height| (*chain.block_at(Height(height)).expect("a block")).clone()).collect::<Vec<_>>()
    };
    let node = &mut world.nodes[NODE].node;
    for block in &ahead {
        node.chain.insert_header(now.plus_ms(10_000), block.header).expect("valid");
    }
    // The first is asked of the liar, the others of the honest one.
    let hashes: Vec<_> = ahead.iter().map(Block::hash).collect();
    assert_eq!(node.sync.assign(now, &hashes[..1], &[liar]).len(), 1);
    assert_eq!(node.sync.assign(now, &hashes[1..], &[honest]).len(), 1);
    let wrong = ahead[1].body.clone();
    world.attack(
        Some(NODE),
        &Message::Bodies(vec![
            (hashes[0], wrong.clone()),
            (hashes[1], wrong),
            (hashes[2], ahead[0].body.clone()),
        ]),
    );
    world.replies();
    let bodies = ahead[1..].iter().map(|block| (block.hash(), block.body.clone())).collect();
    world.send_as(HONEST, Some(NODE), &Message::Bodies(bodies));
    world.replies();
    let node = &world.nodes[NODE].node;
    assert!(hashes[1..].iter().all(|hash| node.chain.block(hash).is_some()), "the download went on");
    assert!(world.trusts(HONEST) && !world.trusts(ATTACKER));
}

#[test]
fn budget_askers_without_end_leave_answers_for_others() {
    let mut world = World::connected(4);
    world.mine_many(HONEST, 3);
    world.wait(20);
    let mut answers = [0; 4];
    // Two keys ask for half as much again as all answers may come to; a third asks once a second.
    for step in 0..2_000_u64 {
        world.now = world.now.plus_ms(10);
        if step % 100 == 0 {
            world.feed(NODE, Input::Tick);
        }
        let asking: &[usize] = if step % 100 == 50 { &[ATTACKER, 3, HONEST] } else { &[ATTACKER, 3] };
        for from in asking {
            (0..4).for_each(|_| world.send_as(*from, Some(NODE), &Message::Ping(step)));
        }
        while let Some((from, to, bytes)) = world.wire.pop_front() {
            if to == NODE {
                let link = world.nodes[NODE].link.expect("a link");
                world.feed(NODE, Input::Received { link, bytes });
            } else if from == NODE {
                // A `Pong`; signs of life are cast as well.
                let payload = Frame::decode(&bytes).expect("a frame").unsealed.payload;
                answers[to] += u32::from(payload[0] == 4);
            }
        }
    }
    assert_eq!(answers[HONEST], 4 * 20, "none is left out: {answers:?}");
    assert!(answers[ATTACKER] + answers[3] < 2 * 4 * 2_000 * 9 / 10, "they had less: {answers:?}");
}

/// B4: a question that is open keeps others from being asked, and orphans open one each.
#[test]
fn a_crowd_with_orphans_does_not_keep_a_better_chain_away() {
    let mut world = World::connected(7);
    let honest = world.add_node(easy_params());
    world.nodes[honest].group = 1;
    world.join(honest);
    world.mine_many(honest, 3);
    world.leave(honest);
    world.nodes[honest].group = 0;
    let crowd = [0, 2, 3, 4, 5, 6];
    world.deaf = crowd.into();
    for second in 0..60 {
        let mut orphan = easy_params().genesis();
        orphan.header.previous = BlockHash([u8::try_from(second + 1).expect("small"); 32]);
        if second % 2 == 0 {
            world.send_as(crowd[second / 2 % 6], Some(NODE), &announced(&orphan));
            world.settle();
        }
        if second == 1 {
            world.join(honest);
            world.settle();
        }
        world.wait(1);
    }
    assert_eq!(world.height(NODE), 3);
}

#[test]
fn budget_an_invalid_payment_is_dropped_and_its_bearer_stays() {
    let mut world = room();
    let genesis = world.nodes[NODE].node.chain().genesis();
    let mut forged = pay(&genesis, 3, 2, 10, 0);
    forged.signature.0[0] ^= 1;
    let good = pay(&genesis, 3, 2, 11, 0);
    let broke = pay(&genesis, 9, 2, 10, 0);
    world.attack(Some(NODE), &Message::Transactions(vec![forged.clone(), broke.clone(), good.clone()]));
    world.replies();
    let node = &world.nodes[NODE].node;
    assert!(node.mempool().get(&forged.id()).is_none() && node.mempool().get(&broke.id()).is_none());
    assert!(node.mempool().get(&good.id()).is_some(), "the next of the same message is taken");
    assert!(world.trusts(ATTACKER) && world.refused() == 0);
}

#[test]
fn budget_an_unknown_kind_is_skipped_and_its_sender_stays() {
    let mut world = room();
    let link = world.nodes[ATTACKER].link.expect("a link");
    let mut frame = world.nodes[ATTACKER].node.peers.frame(link, None, &Message::Ping(1)).expect("open");
    frame.payload = vec![200, 1, 2, 3];
    world.send(ATTACKER, link, frame);
    assert!(world.replies().is_empty());
    assert_eq!(world.nodes[NODE].node.refusals(), [(Refusal::UnknownKind, 1)]);
    world.attack(Some(NODE), &Message::Ping(7));
    assert_eq!(world.replies(), [Message::Pong(7)]);
    assert!(world.trusts(ATTACKER));
}

#[test]
fn budget_what_was_not_asked_for_is_not_taken() {
    let mut world = room();
    let header = block_on(world.nodes[NODE].node.chain(), world.now, 1, &[]).header;
    world.attack(Some(NODE), &Message::Headers(vec![header]));
    let block = world.nodes[NODE].node.chain().block_at(Height(2)).expect("a block");
    world.attack(Some(NODE), &Message::Bodies(vec![(block.hash(), block.body.clone())]));
    world.attack(Some(NODE), &Message::Inventory(vec![TransactionId([1; 32]); 50]));
    world.attack(Some(NODE), &Message::NotFound(vec![block.hash()]));
    assert!(world.replies().is_empty());
    assert!(!world.nodes[NODE].node.chain().contains(&header.hash()));
    assert!(world.trusts(ATTACKER), "and costs nothing: an answer may be late");
}

#[test]
fn budget_blocks_before_their_time_are_few() {
    let mut world = room();
    for number in 0..40_u8 {
        let ahead = world.now.plus_ms(14_000 + u64::from(number) * 10);
        let block = block_on(world.nodes[NODE].node.chain(), ahead, number, &[]);
        world.attack(Some(NODE), &announced(&block));
    }
    world.replies();
    assert_eq!(world.nodes[NODE].node.early.len(), EARLY_MAX);
    assert_eq!(world.refused(), 0);
}

#[test]
fn relay_an_unsigned_frame_costs_the_peer_that_it_names_nothing() {
    let mut world = room();
    let link = world.nodes[NODE].link.expect("a link");
    let (id, from) = (world.nodes[HONEST].node.id(), world.nodes[HONEST].link.expect("a link"));
    let budget =
        |world: &World| world.nodes[NODE].node.peers().get(&id).map(|peer| format!("{:?}", peer.budget));
    let before = budget(&world);
    // More than any budget, in the honest one's name and session, with a foreign seal; and its greetings.
    let hello = Peers::hello(world.nodes[HONEST].node.key, None, world.nodes[HONEST].node.status());
    for message in [Message::GetInventory, hello, Message::NotFound(Vec::new())] {
        for number in 0..500 {
            let mut frame = world.nodes[HONEST].node.peers.frame(from, None, &message).expect("open");
            frame.sequence += 1_000_000 + number;
            let bytes = frame.seal(&world.nodes[ATTACKER].key);
            world.feed(NODE, Input::Received { link, bytes });
        }
    }
    assert_eq!(world.nodes[NODE].node.refusals(), [(Refusal::Signature, 1_500)]);
    assert_eq!(budget(&world), before);
    world.send_as(HONEST, Some(NODE), &Message::Ping(7));
    assert_eq!(world.replies(), [Message::Pong(7)]);
    assert!(world.trusts(HONEST));
}

#[test]
fn relay_time_comes_from_nobody_else() {
    // Everyone's clock but one's own is a minute ahead: their blocks wait all the same.
    let mut world = World::connected(6);
    for index in 0..6 {
        world.nodes[index].ahead_ms = if index == NODE { 0 } else { 60_000 };
    }
    for index in [0, 2, 3, 4, 5] {
        world.mine(index);
        world.settle();
    }
    let future_max = u64::from(world.nodes[NODE].node.chain().params().future_max) * 1000;
    for _ in 0..70 {
        let own = world.nodes[NODE].node.chain();
        let newest = own.block_at(own.height()).expect("a block").header.time;
        assert!(own.height().0 == 0 || u64::from(newest.0) * 1000 <= world.now.0 + future_max);
        world.wait(1);
    }
    assert_eq!((world.height(NODE), world.height(0)), (5, 5), "in their time they are taken");
}

#[test]
fn relay_less_work_than_was_stored_is_never_adopted() {
    let world = room();
    let stored: Vec<Block> = (1..=3)
        .map(|height| (*world.nodes[NODE].node.chain().block_at(Height(height)).expect("a block")).clone())
        .collect();
    // It comes back with what it stored, into a room that has two other blocks.
    let mut world = World::new(3);
    world.join(ATTACKER);
    world.mine_many(ATTACKER, 2);
    world.wait(60);
    let (now, other) = (world.now, world.nodes[ATTACKER].node.chain());
    let shorter = other.headers_after(&[], 10);
    let blocks: Vec<Block> =
        (1..=2).map(|height| (*other.block_at(Height(height)).expect("a block")).clone()).collect();
    for block in &stored {
        world.nodes[NODE].node.restore(now, block.clone()).expect("it was stored");
    }
    let tip = world.nodes[NODE].node.chain().tip();
    world.join(NODE);
    world.settle();
    world.asleep = Some(ATTACKER);
    for _ in 0..3 {
        world.attack(None, &Message::Status(Status { tip: untrue_tip(), mempool: 0 }));
        world.settle();
        world.attack(Some(NODE), &Message::Headers(shorter.clone()));
        blocks.iter().for_each(|block| world.attack(None, &announced(block)));
        world.wait(10);
    }
    // Nor would it be, were all of it here.
    for block in blocks {
        let chain = &mut world.nodes[NODE].node.chain;
        chain.insert_header(now, block.header).expect("valid");
        chain.insert_body(block.hash(), block.body).expect("valid");
    }
    assert_eq!((world.nodes[NODE].node.chain().tip(), tip.hash), (tip, stored[2].hash()));
}

#[test]
fn members_that_nobody_is_make_room_and_the_link_still_seems_inhabited() {
    let mut world = World::connected(2);
    let link = world.nodes[0].link.expect("a link");
    let invent = |world: &mut World, from: u32, to: u32| {
        for number in from..to {
            let mut peer = PeerId([0xcc; 20]);
            peer.0[..4].copy_from_slice(&number.to_be_bytes());
            world.feed(0, Input::PeerJoined { link, peer });
        }
        world.wire.clear();
    };
    let is_peer = |world: &World, index: usize| {
        let id = world.nodes[index].node.id();
        world.nodes[0].node.peers().get(&id).is_some()
    };
    invent(&mut world, 0, 2_000);
    let early = world.add_node(easy_params());
    world.join(early);
    world.wait(30);
    assert!(!is_peer(&world, early), "there is no room");
    world.wait(90);
    assert!(is_peer(&world, early), "whoever came too early is met by its signs of life");
    invent(&mut world, 2_000, 4_000);
    world.wait(120);
    let late = world.add_node(easy_params());
    world.join(late);
    world.settle();
    assert!(is_peer(&world, late) && is_peer(&world, 1));
    // With nobody else there, those that are left are a reason to doubt.
    (1..=late).for_each(|index| world.leave(index));
    world.wait(200);
    assert!(world.nodes[0].node.is_isolated());
}
