//! Tests of syncing with peers that are silent, forgetful or false.

use std::collections::BTreeSet;
use std::iter::repeat_n;

use super::super::testing::World;
use super::super::*;
use super::{ASKED_MS_MAX, HEADERS_AHEAD_MAX, Survey};
use crate::chain::{ANSWERS_MAX, Chain};
use crate::consensus::ChainParams;
use crate::primitives::{Header, Target, Work};
use crate::sync::{PAUSE_MS, REST_MS, SLOW_MS};
use crate::test;
use crate::testing::{START, block_on, easy_params, headers_after, heavy_params};
use crate::units::Height;
use crate::wire::Tip;

#[test]
fn a_joiner_whose_source_goes_silent_asks_the_next() {
    let mut world = World::connected(3);
    world.mine_many(0, 30);
    let joiner = world.add_node(easy_params());
    world.join(joiner);
    // Whoever is asked first is cut off before it answers.
    let mut cut = None;
    for _ in 0..10_000 {
        let Some((from, to, bytes)) = world.wire.pop_front() else { break };
        let payload = crate::wire::Frame::decode(&bytes).expect("a frame").unsealed.payload;
        if cut.is_none() && from == joiner && matches!(Message::decode(&payload), Ok(Message::GetHeaders(_)))
        {
            cut = Some(to);
        }
        if Some(from) != cut && Some(to) != cut {
            let link = world.nodes[to].link.expect("a link");
            world.feed(to, Input::Received { link, bytes });
        }
    }
    assert!(cut.is_some(), "someone was asked");
    assert_eq!(world.height(joiner), 0);
    for _ in 0..12 {
        world.now = world.now.plus_ms(1000);
        world.feed(joiner, Input::Tick);
        world.wire.retain(|(from, to, _)| Some(*from) != cut && Some(*to) != cut);
        world.settle();
    }
    assert_eq!(world.height(joiner), 30);
}

#[test]
fn a_crowd_that_promises_and_never_answers_does_not_starve_a_joiner() {
    let mut world = World::connected(13);
    world.mine_many(0, 30);
    let honest = (0..13).min_by_key(|index| world.nodes[*index].node.id()).expect("thirteen nodes");
    world.deaf = (0..13).filter(|index| *index != honest).collect();
    let joiner = world.add_node(easy_params());
    world.join(joiner);
    world.settle();
    world.wait(60);
    assert_eq!(world.height(joiner), 30);
    assert!(world.unheard.len() < 30, "{} questions to the deaf", world.unheard.len());
}

#[test]
fn a_crowd_that_greets_again_instead_of_answering_is_not_asked_for_ever() {
    let mut world = World::connected(6);
    world.mine_many(0, 3);
    world.deaf = (0..6).collect();
    let joiner = world.add_node(easy_params());
    world.join(joiner);
    world.settle();
    let (link, id) = (world.nodes[joiner].link.expect("a link"), world.nodes[joiner].node.id());
    for second in 0..60 {
        for crowd in 0..6 {
            let link = world.nodes[crowd].link.expect("a link");
            let now = world.now;
            world.nodes[crowd].node.greet(now, link, id, None);
        }
        world.wait(1);
        assert!(world.unheard.len() < 30, "{} questions in {second} s", world.unheard.len());
    }
    assert!(world.nodes[joiner].node.refusals().is_empty());
    // Nor does a flood of greetings go on leading to anything.
    for _ in 0..1_000 {
        let hello = Peers::hello(world.nodes[0].node.key, None, world.nodes[0].node.status());
        let from = world.nodes[0].link.expect("a link");
        let frame = world.nodes[0].node.peers.frame(from, Some(id), &hello).expect("a link");
        let bytes = frame.seal(&world.nodes[0].key);
        world.feed(joiner, Input::Received { link, bytes });
    }
    assert!(matches!(world.nodes[joiner].node.refusals(), [(Refusal::TooFast, 700..)]));
}

#[test]
fn whoever_withholds_the_bodies_of_the_best_branch_keeps_nobody_from_another() {
    let mut world = World::connected(2);
    world.regroup(&[0, 1]);
    for miner in [0, 0, 0, 0, 1, 1, 1] {
        world.mine(miner);
    }
    let joiner = world.add_node(easy_params());
    world.nodes[1].group = 0;
    world.join(joiner);
    let is_body = |bytes: &[u8]| {
        let payload = crate::wire::Frame::decode(bytes).expect("a frame").unsealed.payload;
        matches!(Message::decode(&payload), Ok(Message::Bodies(_) | Message::CompactBlock(_)))
    };
    for _ in 0..60 {
        world.now = world.now.plus_ms(1000);
        for index in 0..3 {
            world.feed(index, Input::Tick);
        }
        while let Some((from, to, bytes)) = world.wire.pop_front() {
            if from != 0 || !is_body(&bytes) {
                let link = world.nodes[to].link.expect("a link");
                world.feed(to, Input::Received { link, bytes });
            }
        }
    }
    assert_eq!(world.height(joiner), 3);
}

#[test]
fn nobody_is_asked_for_what_it_never_promised_nor_rests_for_it() {
    let mut world = World::connected(4);
    let crowd = [1, 2, 3];
    let honest = world.add_node(easy_params());
    world.nodes[honest].group = 1;
    world.join(honest);
    world.mine_many(honest, 30);
    // The crowd has headers without bodies, and speaks of more.
    let headers = headers_after(world.nodes[0].node.chain(), [10; 25], 9);
    let tip = Tip { hash: BlockHash([9; 32]), height: Height(99), work: Target::for_hashes(1 << 40).work() };
    world.deaf = crowd.into();
    for from in crowd {
        world.say(from, Some(0), &Message::Status(Status { tip, mempool: 0 }));
        world.say(from, Some(0), &Message::Headers(headers.clone()));
    }
    assert_eq!(world.nodes[0].node.missing(), 25);
    world.leave(honest);
    world.nodes[honest].group = 0;
    world.join(honest);
    world.settle();
    for second in 0..60 {
        if world.height(0) == 30 {
            return;
        }
        let unpromised = |(from, to, bytes): &(usize, usize, Vec<u8>)| {
            let payload = crate::wire::Frame::decode(bytes).expect("a frame").unsealed.payload;
            // `NotFound`.
            (*from, *to, payload[0]) == (honest, 0, 11)
        };
        assert!(!world.delivered.iter().any(unpromised), "{second} s");
        for from in crowd.into_iter().filter(|_| second % 9 == 0) {
            world.say(from, Some(0), &Message::Status(Status { tip, mempool: 0 }));
        }
        world.wait(1);
    }
    panic!("the honest one's chain is not reached");
}

#[test]
fn a_claim_that_the_headers_do_not_bear_out_is_not_asked_for_again_at_once() {
    let mut world = World::connected(2);
    world.mine_many(0, 3);
    world.deaf.insert(1);
    let line = world.nodes[0].node.chain().headers_after(&[world.nodes[0].node.chain().genesis()], 3);
    claim_much(&mut world, 1);
    world.say(1, None, &Message::Headers(line));
    assert_eq!(world.unheard, [1], "asked once; the answer had nothing new");
}

#[test]
fn a_miner_whose_clock_is_ahead_is_late_and_not_left_out() {
    let mut world = World::connected(3);
    world.nodes[0].ahead_ms = 14_000;
    // The second of each pair comes before the first may be taken.
    for _ in 0..8 {
        world.mine(0);
        world.settle();
        world.find(0);
        world.settle();
    }
    assert!(world.height(1) < 16, "too early");
    world.wait(20);
    assert_eq!([world.height(1), world.height(2)], [16, 16]);
    let refused = |output: &Output| matches!(output, Output::Event(Event::BlockRefused { .. }));
    assert!(!world.nodes[1].seen.iter().any(refused), "no rule was broken");
}

#[test]
fn sync_now_is_answered_though_a_peer_always_has_a_question_open() {
    let mut world = World::connected(2);
    world.mine(1);
    world.wire.clear();
    world.deaf.insert(1);
    world.feed(0, Input::Sync);
    let (now, peer) = (world.now, world.nodes[1].node.id());
    for second in 1..=ASKED_MS_MAX / 1000 {
        assert_eq!(world.outcomes(0), []);
        // As if the other had just been asked, whatever it failed before.
        world.nodes[0].node.sync.drop_peer(&peer);
        world.nodes[0].node.ask_headers(now.plus_ms(second * 1000), peer, Vec::new());
        world.wait(1);
    }
    assert_eq!(world.outcomes(0), [SyncOutcome::NoPeers]);
}

/// A node says that it has a chain of far more work than anybody.
fn claim_much(world: &mut World, index: usize) {
    let work = world.nodes[0].node.chain().tip().work.plus(Target::for_hashes(1 << 40).work());
    let tip = Tip { hash: BlockHash([9; 32]), height: Height(9), work };
    world.say(index, None, &Message::Status(Status { tip, mempool: 0 }));
}

/// Blocks after the genesis, each so many seconds after the one before.
fn blocks(params: ChainParams, steps: impl IntoIterator<Item = u64>) -> Vec<Block> {
    let (mut chain, mut now) = (Chain::new(params), START);
    let block = |step: u64| {
        now = now.plus_ms(1000 * step);
        let block = block_on(&chain, now, 1, &[]);
        chain.insert_block(now, block.clone()).expect("a valid block");
        block
    };
    steps.into_iter().map(block).collect()
}

/// A node with forty blocks of much work, and a deaf one for which the test speaks; long after those blocks.
fn heavy_world() -> World {
    let mut world = World::new(0);
    for _ in 0..2 {
        world.add_node(heavy_params());
    }
    world.now = START.plus_ms(200_000_000);
    world.restore(0, &blocks(heavy_params(), repeat_n(10, 40)));
    world.deaf.insert(1);
    world.join(0);
    world.join(1);
    world.settle();
    world
}

/// The deaf node answers each open question for headers; how many there were.
fn answer(world: &mut World, mut headers: impl FnMut(&[BlockHash]) -> Vec<Header>) -> usize {
    let mut answered = 0;
    while let Some((index, question)) = world.questions.pop_front() {
        if let Message::GetHeaders(locator) = question {
            answered += 1;
            world.say(index, Some(0), &Message::Headers(headers(&locator)));
        }
    }
    answered
}

/// The part of a branch that a node which has nothing else answers with.
fn part_after(branch: &[Header], locator: &[BlockHash]) -> Vec<Header> {
    let known = branch.iter().position(|header| locator.first() == Some(&header.hash()));
    branch.iter().skip(known.map_or(0, |place| place + 1)).take(Message::HEADERS_MAX).copied().collect()
}

/// How large something of a node is that has a bound.
fn bound_of(node: &Node, name: &str) -> u64 {
    node.bounds().iter().find(|bound| bound.name == name).expect("a bound of this name").size
}

/// C10: a branch without work goes by and leaves nothing, however long it is; its source rests, and stays a peer.
#[test]
fn c10_low_work_headers_are_not_kept_however_many_there_are() {
    let mut world = heavy_world();
    let (before, source) = (world.nodes[0].node.chain().tip(), world.nodes[1].node.id());
    let length = (ANSWERS_MAX + 2) * Message::HEADERS_MAX;
    let branch = headers_after(&Chain::new(heavy_params()), repeat_n(200, length), 1);
    claim_much(&mut world, 1);
    let (mut sizes, mut answers_max) = (Vec::new(), 0);
    // It sends on when it is not asked any more.
    for answer in branch.chunks(Message::HEADERS_MAX) {
        world.say(1, Some(0), &Message::Headers(answer.to_vec()));
        let node = &world.nodes[0].node;
        assert_eq!((node.chain().headers_beside(), node.chain().tip()), (0, before));
        assert!(node.bounds().iter().all(|bound| bound.size <= bound.max));
        answers_max = answers_max.max(bound_of(node, "answers of a survey"));
        sizes.extend(node.sync.surveyed(&source).map(Survey::size));
    }
    assert_eq!((sizes.len(), answers_max), (ANSWERS_MAX, ANSWERS_MAX as u64));
    let (half, all) = (sizes[ANSWERS_MAX / 2], sizes[ANSWERS_MAX - 1]);
    assert!(all <= 2 << 10 && all - half <= 1 << 10, "{half} bytes half-way, {all} in the end");
    let node = &world.nodes[0].node;
    assert!(!node.sync.is_free(world.now, &source) && node.peers.get(&source).is_some());
}

#[test]
fn headers_without_end_keep_nobody_else_from_being_asked() {
    let mut world = heavy_world();
    let branch = headers_after(&Chain::new(heavy_params()), repeat_n(200, 6 * Message::HEADERS_MAX), 1);
    claim_much(&mut world, 1);
    let honest = world.add_node(heavy_params());
    world.restore(honest, &blocks(heavy_params(), repeat_n(9, 45)));
    let tip = world.nodes[honest].node.chain().tip();
    world.join(honest);
    let mut slow = 0;
    while world.nodes[0].node.chain().tip() != tip {
        let (index, question) = world.questions.pop_front().expect("it goes on being asked");
        if let Message::GetHeaders(locator) = question {
            world.say(index, Some(0), &Message::Headers(part_after(&branch, &locator)));
            slow += 1;
        }
        world.wait(1);
    }
    assert!((SLOW_MS / 1000..=6).contains(&slow), "{slow} seconds");
}

/// A branch that begins with more than an answer of little work, and has more work than forty heavy blocks in the end.
fn slow_then_fast() -> impl Iterator<Item = u32> {
    repeat_n(40, 2100).chain(repeat_n(1, 43))
}

#[test]
fn a_longer_chain_that_begins_with_little_work_is_surveyed_and_then_taken() {
    let mut world = heavy_world();
    let honest = world.add_node(heavy_params());
    world.restore(honest, &blocks(heavy_params(), slow_then_fast().map(u64::from)));
    let tip = world.nodes[honest].node.chain().tip();
    assert!(tip.work > world.nodes[0].node.chain().tip().work);
    world.nodes[0].sent.clear();
    world.join(honest);
    world.wait(2);
    assert_eq!(world.nodes[0].node.chain().tip(), tip);
    let asked = world.nodes[0].sent.iter().filter(|(kind, _)| *kind == 7).count();
    assert_eq!(asked, 4, "two answers, twice");
}

#[test]
fn work_that_was_shown_counts_though_the_newest_header_is_ahead_of_the_clock() {
    let mut world = heavy_world();
    let calm = headers_after(&Chain::new(heavy_params()), slow_then_fast(), 1);
    let ahead = world.now.block_time().0 + 20 - calm.last().expect("many").time.0;
    let branch = headers_after(&Chain::new(heavy_params()), slow_then_fast().chain([ahead]), 1);
    claim_much(&mut world, 1);
    answer(&mut world, |locator| part_after(&branch, locator));
    assert_eq!(world.nodes[0].node.chain().headers_beside(), branch.len() - 1);
}

#[test]
fn whoever_sends_other_headers_the_second_time_is_left_out_and_none_of_them_is_kept() {
    let mut world = heavy_world();
    let genesis = Chain::new(heavy_params());
    let (first, second) =
        (headers_after(&genesis, slow_then_fast(), 1), headers_after(&genesis, slow_then_fast(), 2));
    claim_much(&mut world, 1);
    let mut asked = 0;
    answer(&mut world, |locator| {
        asked += 1;
        part_after(if asked <= 2 { &first } else { &second }, locator)
    });
    assert_eq!(asked, 3);
    let (node, source) = (&world.nodes[0].node, world.nodes[1].node.id());
    assert_eq!(node.chain().headers_beside(), 0);
    assert!(!node.sync.is_free(world.now, &source) && node.peers.get(&source).is_some());
    assert!(node.sync.is_free(world.now.plus_ms(REST_MS), &source), "it is asked again after that");
}

/// In the midst of the first pass, and at the beginning of the second.
#[test]
fn a_peer_that_reorganises_while_its_headers_are_surveyed_is_asked_again_soon() {
    let genesis = Chain::new(heavy_params());
    let (before, after) =
        (headers_after(&genesis, slow_then_fast(), 1), headers_after(&genesis, slow_then_fast(), 2));
    for moves_at in [1, 2] {
        let mut world = heavy_world();
        claim_much(&mut world, 1);
        let mut asked = 0;
        let mut reply = |locator: &[BlockHash]| {
            asked += 1;
            part_after(if asked <= moves_at { &before } else { &after }, locator)
        };
        assert_eq!(answer(&mut world, &mut reply), moves_at + 1);
        let kept = |world: &World| world.nodes[0].node.chain().headers_beside();
        assert!(!world.nodes[0].node.sync.is_free(world.now, &world.nodes[1].node.id()));
        assert_eq!(kept(&world), 0);
        world.wait(PAUSE_MS / 1000);
        claim_much(&mut world, 1);
        answer(&mut world, &mut reply);
        assert_eq!(kept(&world), after.len(), "moved after {moves_at}");
    }
}

#[test]
fn whoever_begins_in_the_middle_of_its_own_answer_has_not_reorganised() {
    let mut world = heavy_world();
    let mut branch = headers_after(&Chain::new(heavy_params()), slow_then_fast(), 1);
    claim_much(&mut world, 1);
    world.say(1, Some(0), &Message::Headers(branch[..Message::HEADERS_MAX].to_vec()));
    assert_eq!(world.unheard, [1, 1], "it is asked for more");
    let _ = branch.drain(..Message::HEADERS_MAX + 1);
    world.say(1, Some(0), &Message::Headers(branch));
    let source = world.nodes[1].node.id();
    assert!(!world.nodes[0].node.sync.is_free(world.now.plus_ms(REST_MS - 1), &source));
}

#[test]
fn whoever_was_ahead_when_it_was_asked_and_no_longer_is_has_not_lied() {
    let mut world = World::connected(2);
    world.deaf.insert(1);
    world.now = START.plus_ms(200_000);
    let branch = headers_after(&Chain::new(easy_params()), repeat_n(10, 4), 1);
    let work = branch.iter().fold(Work::ZERO, |work, header| work.plus(header.work()));
    let tip = Tip { hash: branch[3].hash(), height: Height(4), work };
    let claim = Message::Status(Status { tip, mempool: 0 });
    world.say(1, None, &claim);
    assert_eq!(world.unheard, [1]);
    (0..5).for_each(|_| world.find(0));
    assert!(world.nodes[0].node.chain().tip().work > work);
    world.wire.clear();
    world.say(1, None, &claim);
    world.say(1, Some(0), &Message::Headers(branch));
    assert!(world.nodes[0].node.sync.is_free(world.now, &world.nodes[1].node.id()));
}

/// C10, where there is no work to outdo.
#[test]
fn c10_a_node_at_its_genesis_keeps_few_headers_without_bodies() {
    let mut world = World::connected(2);
    world.deaf.insert(1);
    world.now = START.plus_ms(200_000_000);
    let branch = headers_after(&Chain::new(easy_params()), repeat_n(10, 9 * Message::HEADERS_MAX), 1);
    for _ in 0..120 {
        claim_much(&mut world, 1);
        answer(&mut world, |locator| part_after(&branch, locator));
        world.wait(1);
        let beside = world.nodes[0].node.chain().headers_beside();
        assert!((1..=2800).contains(&beside), "{beside}");
    }
    assert_eq!(HEADERS_AHEAD_MAX as usize + Message::HEADERS_MAX, 2800);
}

/// So many nodes with a long chain, and one more that has just opened its link.
fn joining(peers: usize) -> (World, Vec<Block>) {
    let blocks = blocks(easy_params(), repeat_n(10, 4200));
    let mut world = World::new(peers + 1);
    world.now = START.plus_ms(200_000_000);
    for index in 0..peers {
        world.restore(index, &blocks);
        world.join(index);
    }
    world.settle();
    world.join(peers);
    (world, blocks)
}

/// Delivers what is under way until a node has so many blocks.
fn deliver_until(world: &mut World, index: usize, height: u32) {
    for _ in 0..20_000 {
        if world.height(index) >= height {
            return;
        }
        let Some((from, to, bytes)) = world.wire.pop_front() else {
            world.now = world.now.plus_ms(1000);
            (0..world.nodes.len()).for_each(|index| world.feed(index, Input::Tick));
            continue;
        };
        let link = world.nodes[to].link.expect("a link");
        world.delivered.push((from, to, bytes.clone()));
        world.feed(to, Input::Received { link, bytes });
    }
    panic!("height {height} is not reached");
}

#[test]
fn bodies_come_from_all_peers_and_headers_follow_them_without_a_pause() {
    for peers in [1, 3] {
        let (mut world, _) = joining(peers);
        deliver_until(&mut world, peers, 4200);
        let brings_bodies = |(_, to, bytes): &&(usize, usize, Vec<u8>)| {
            let payload = crate::wire::Frame::decode(bytes).expect("a frame").unsealed.payload;
            *to == peers && matches!(Message::decode(&payload), Ok(Message::Bodies(_)))
        };
        let sources: BTreeSet<usize> =
            world.delivered.iter().filter(brings_bodies).map(|(from, _, _)| *from).collect();
        assert_eq!(sources, (0..peers).collect());
        let joiner = &world.nodes[peers].node;
        let rests = |index: &usize| !joiner.sync.is_free(world.now, &world.nodes[*index].node.id());
        assert!(!(0..peers).any(|index| rests(&index)), "nobody failed");
        assert_eq!(world.now, START.plus_ms(200_000_000), "nothing waits for a beat");
    }
}

#[test]
fn a_sync_goes_on_from_where_a_reload_found_it() {
    let (mut world, blocks) = joining(3);
    // Whoever is silent is replaced.
    world.deaf.insert(2);
    for height in [700, 2300, 3800] {
        deliver_until(&mut world, 3, height);
        // The store has what was connected, or somewhat less.
        let stored = world.height(3) as usize - 50;
        world.leave(3);
        world.wire.clear();
        let config = Config { params: easy_params(), node_key: world.nodes[3].key.public(), seed: 3 };
        world.nodes[3].node = Node::new(config, world.now);
        world.restore(3, &blocks[..stored]);
        world.nodes[3].sent.clear();
        world.delivered.clear();
        world.join(3);
    }
    deliver_until(&mut world, 3, 4200);
    let bytes: usize =
        world.delivered.iter().filter(|(_, to, _)| *to == 3).map(|(_, _, bytes)| bytes.len()).sum();
    // A header and a body with its hash; what the deaf one was asked for is asked for once more.
    assert!(bytes < 500 * (80 + 76 + 32) + 20_000, "{bytes} bytes for the last blocks");
}
