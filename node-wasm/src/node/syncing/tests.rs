//! Tests of syncing with peers that are silent, forgetful or false.

use super::super::testing::World;
use super::super::*;
use super::ASKED_MS_MAX;
use crate::test;
use crate::testing::easy_params;
use crate::units::Height;

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
        matches!(Message::decode(&payload), Ok(Message::Bodies(_) | Message::Block(_)))
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
fn a_claim_that_the_headers_do_not_bear_out_is_not_asked_for_again_at_once() {
    let mut world = World::connected(2);
    world.mine_many(0, 3);
    world.deaf.insert(1);
    let link = world.nodes[1].link.expect("a link");
    let line = world.nodes[0].node.chain().headers_after(&[world.nodes[0].node.chain().genesis()], 3);
    let work =
        world.nodes[0].node.chain().tip().work.plus(crate::primitives::Target::for_hashes(1 << 40).work());
    let tip = crate::wire::Tip { hash: BlockHash([9; 32]), height: Height(9), work };
    for message in [Message::Status(Status { tip, mempool: 0 }), Message::Headers(line)] {
        let frame = world.nodes[1].node.peers.frame(link, None, &message).expect("the link is open");
        world.send(1, link, frame);
        world.settle();
    }
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
