//! Tests of the node, in rooms of real nodes.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one output among all")]

use super::testing::World;
use super::*;
use crate::consensus::RuleError;
use crate::test;
use crate::testing::{address, easy_params};
use crate::units::{Amount, Height};

#[test]
fn a_crowd_that_comes_and_goes_cannot_make_a_node_say_more_than_the_relay_takes() {
    let mut world = World::connected(1);
    let link = world.nodes[0].link.expect("a link");
    let mut greetings = 0;
    for number in 0..20_000_u64 {
        let mut peer = PeerId::default();
        peer.0[..8].copy_from_slice(&number.to_be_bytes());
        let now = world.now.plus_ms(number / 2);
        for input in [Input::PeerJoined { link, peer }, Input::PeerLeft { link, peer }] {
            world.nodes[0].node.handle(now, input);
            while let Some(output) = world.nodes[0].node.poll() {
                greetings += u32::from(matches!(output, Output::Send { .. }));
            }
        }
    }
    assert!((2_048..5_000).contains(&greetings), "{greetings} in ten seconds");
}

#[test]
fn everyone_meets_everyone_once() {
    let world = World::connected(5);
    for player in &world.nodes {
        assert_eq!(player.node.peers().len(), 4);
        let connected =
            player.seen.iter().filter(|output| matches!(output, Output::Event(Event::PeerConnected { .. })));
        assert_eq!(connected.count(), 4);
    }
}

#[test]
fn a_peer_that_leaves_is_forgotten() {
    let mut world = World::connected(3);
    world.leave(2);
    world.settle();
    assert_eq!(world.nodes[0].node.peers().len(), 1);
    assert_eq!(world.nodes[2].node.peers().len(), 0);
    world.join(2);
    world.settle();
    assert_eq!(world.nodes[0].node.peers().len(), 2);
}

#[test]
fn a_block_reaches_everyone_and_is_sent_once() {
    let mut world = World::connected(5);
    world.wait(30);
    world.mine(0);
    world.delivered.clear();
    world.settle();
    world.assert_agreement();
    assert_eq!(world.height(4), 1);
    let frames = world.delivered.iter().filter(|(from, _, _)| *from == 0).count();
    assert_eq!(frames, 4, "one cast, four deliveries");
    assert_eq!(world.delivered.len(), 4, "nobody passes it on to those who have it");
}

#[test]
fn a_payment_reaches_every_mempool_is_mined_and_balances_agree() {
    let mut world = World::connected(3);
    world.mine(0);
    world.settle();
    let id = world.pay(0, 2, 100, 0).expect("funds are there");
    world.settle();
    for player in &world.nodes {
        assert!(player.node.mempool().get(&id).is_some());
    }
    world.mine(2);
    world.settle();
    world.assert_agreement();
    for player in &world.nodes {
        assert!(player.node.mempool().is_empty());
        assert_eq!(player.node.chain().account(&address(2)).balance, Amount(100));
        assert_eq!(player.node.chain().account(&address(3)).balance, Amount(5001));
    }
}

#[test]
fn a_payment_without_funds_or_with_a_used_nonce_is_refused_with_the_reason() {
    let mut world = World::connected(2);
    world.mine(0);
    world.settle();
    let overspent = world.pay(0, 2, 5000, 0).expect_err("one short");
    let expect = RuleError::InsufficientFunds { cost: Amount(5001), balance: Amount(5000) };
    assert_eq!(overspent, MempoolError::Rule(expect));
    world.pay(0, 2, 100, 0).expect("funds are there");
    world.mine(1);
    world.settle();
    let replayed = world.pay(0, 2, 100, 0).expect_err("its nonce is used");
    assert_eq!(replayed, MempoolError::Rule(RuleError::Nonce { got: 0, expected: 1 }));
}

#[test]
fn two_groups_mine_apart_and_agree_on_the_heavier_chain_without_losing_a_payment() {
    let mut world = World::connected(4);
    world.mine(0);
    world.mine(2);
    world.settle();
    world.regroup(&[0, 0, 1, 1]);
    let lost_by_the_reorg = world.pay(0, 7, 10, 0).expect("funds are there");
    let other_side = world.pay(2, 8, 20, 0).expect("funds are there");
    world.settle();
    world.mine_many(0, 3);
    world.mine_many(3, 5);
    assert_eq!((world.height(1), world.height(2)), (5, 7));
    world.regroup(&[0, 0, 0, 0]);
    world.wait(8);
    world.assert_agreement();
    assert_eq!(world.height(0), 7);
    let returned =
        |world: &World, index: usize| world.nodes[index].node.mempool().get(&lost_by_the_reorg).is_some();
    assert!(returned(&world, 0), "undone by the reorg, it waits again");
    world.wait(20);
    assert!((0..4).all(|index| returned(&world, index)), "and everyone hears of it");
    world.mine(3);
    world.settle();
    world.assert_agreement();
    for player in &world.nodes {
        assert_eq!(player.node.chain().account(&address(7)).balance, Amount(10));
        assert_eq!(player.node.chain().account(&address(8)).balance, Amount(20));
        assert!(player.node.mempool().get(&other_side).is_none());
    }
}

#[test]
fn a_late_joiner_fetches_the_chain_from_one_peer_by_headers_and_bodies() {
    let mut world = World::connected(4);
    world.mine_many(0, 300);
    let joiner = world.add_node(easy_params());
    world.delivered.clear();
    world.join(joiner);
    world.settle();
    assert_eq!(world.height(joiner), 300);
    world.assert_agreement();
    let large = |(_, to, bytes): &&(usize, usize, Vec<u8>)| *to == joiner && bytes.len() > 10_000;
    let total: usize = world.delivered.iter().filter(large).map(|(_, _, bytes)| bytes.len()).sum();
    let chain: usize = 300 * (80 + 76);
    assert!(total < chain * 3 / 2, "{total} bytes for a chain of {chain}");
}

#[test]
fn a_question_to_everyone_is_answered_by_nobody() {
    let mut world = World::connected(3);
    let (asker, link) = (world.nodes[1].node.id(), world.nodes[1].link.expect("a link"));
    for (recipient, answers) in [(None, 0), (Some(world.nodes[0].node.id()), 1)] {
        world.delivered.clear();
        let question = world.nodes[1].node.peers.frame(link, recipient, &Message::Ping(7)).expect("a link");
        world.send(1, link, question);
        world.settle();
        let to_asker = |(_, to, _): &&(usize, usize, Vec<u8>)| world.nodes[*to].node.id() == asker;
        assert_eq!(world.delivered.iter().filter(to_asker).count(), answers);
    }
}

#[test]
fn a_crowd_of_askers_cannot_make_a_node_say_more_than_the_relay_takes() {
    let mut world = World::connected(3);
    let asked = Some(world.nodes[0].node.id());
    world.delivered.clear();
    for round in 0..6_000 {
        let from = 1 + round % 2;
        let link = world.nodes[from].link.expect("a link");
        let question = world.nodes[from].node.peers.frame(link, asked, &Message::Ping(7)).expect("a link");
        world.send(from, link, question);
        world.settle();
    }
    let answers = world.delivered.iter().filter(|(from, _, _)| *from == 0).count();
    assert!((1_000..4_096).contains(&answers), "{answers}: half of what the relay takes at once is to spare");
}

#[test]
fn sync_now_says_what_came_of_it() {
    let mut world = World::new(3);
    world.feed(0, Input::Sync);
    assert_eq!(world.outcomes(0), [SyncOutcome::NoPeers]);
    for index in 0..3 {
        world.join(index);
    }
    world.settle();
    world.feed(0, Input::Sync);
    world.settle();
    assert_eq!(world.outcomes(0), [SyncOutcome::AlreadyBest]);
    // A block whose announcement is lost.
    world.mine(1);
    world.wire.clear();
    world.feed(0, Input::Sync);
    world.settle();
    assert_eq!(world.outcomes(0), [SyncOutcome::Replaced]);
    assert_eq!(world.height(0), 1);
}

#[test]
fn a_lost_announcement_is_made_up_for_by_the_next_sign_of_life() {
    let mut world = World::connected(3);
    world.mine(1);
    world.wire.clear();
    world.wait(3);
    world.assert_agreement();
    assert_eq!(world.height(0), 1);
}

#[test]
fn a_sleeper_asks_before_it_mines() {
    let mut world = World::connected(2);
    world.feed(0, Input::Mine(Some(address(1))));
    assert!(world.nodes[0].job.is_some());
    world.mine(1);
    world.wire.clear();
    world.feed(0, Input::Woke);
    assert!(world.nodes[0].job.is_none(), "no work on a parent that may be stale");
    world.settle();
    let job = world.nodes[0].job.clone().expect("it heard of the tip");
    assert_eq!(job.height, Height(2));
    // Alone, it goes on after a while.
    world.leave(0);
    world.feed(0, Input::Woke);
    assert!(world.nodes[0].job.is_none());
    world.wait(5);
    assert!(world.nodes[0].job.is_some());
}

#[test]
fn a_long_sleep_ends_with_questions_not_with_mining_on_the_old_tip() {
    let mut world = World::connected(3);
    world.feed(0, Input::Mine(Some(address(1))));
    // Ten minutes in which the others hear and see each other, and this one nothing.
    world.asleep = Some(0);
    world.mine(1);
    world.wait(600);
    world.asleep = None;
    world.feed(0, Input::Woke);
    assert!(world.nodes[0].job.is_none(), "no work on a parent that may be stale");
    assert_eq!(world.nodes[0].node.peers().len(), 2, "it was this node that was silent");
    world.wait(5);
    assert_eq!(world.nodes[0].job.clone().map(|job| job.height), Some(Height(2)));
    // With everybody gone at the same moment it waits for the links to come back.
    world.feed(0, Input::Woke);
    world.leave(0);
    assert!(world.nodes[0].job.is_none());
    world.wait(5);
    assert!(world.nodes[0].job.is_some());
}

#[test]
fn a_node_that_forgot_its_peers_meets_them_again_on_the_same_links() {
    let mut world = World::connected(3);
    world.nodes[0].node.peers.drop_silent(world.now.plus_ms(1_000_000));
    assert_eq!(world.nodes[0].node.peers().len(), 0);
    world.wait(20);
    assert_eq!(world.nodes[0].node.peers().len(), 2);
    world.mine(0);
    world.settle();
    world.assert_agreement();
}

#[test]
fn two_that_forgot_each_other_and_gave_up_greeting_meet_again() {
    let mut world = World::connected(2);
    // Neither hears the other for long enough, and nobody says so.
    world.nodes[1].group = 1;
    world.wait(80);
    assert!((0..2).all(|index| world.nodes[index].node.peers().is_empty()));
    world.nodes[1].group = 0;
    world.wait(20);
    assert!((0..2).all(|index| world.nodes[index].node.peers().len() == 1));
}

#[test]
fn an_expired_payment_does_not_come_back_from_who_met_it_later() {
    let mut world = World::connected(2);
    world.mine(0);
    world.settle();
    let id = world.pay(0, 2, 100, 0).expect("funds are there");
    world.settle();
    world.wait(60 * 60);
    let late = world.add_node(easy_params());
    world.join(late);
    world.wait(30);
    assert!(world.nodes[late].node.mempool().get(&id).is_some());
    // A day after it was made, the two that have had it longest drop it.
    world.now = world.now.plus_ms(EXPIRY_MS - 60 * 60 * 1000 + 1000);
    world.wait(30);
    assert!(world.nodes[late].node.mempool().get(&id).is_some(), "it has waited there for less than a day");
    assert!((0..2).all(|index| world.nodes[index].node.mempool().get(&id).is_none()));
    let again = world.pay(0, 2, 100, 0);
    assert_eq!(again, Ok(id), "its sender may offer it again");
}

#[test]
fn inventories_of_payments_that_never_come_do_not_keep_the_real_ones_away() {
    let mut world = World::connected(8);
    let honest = (0..8).max_by_key(|index| world.nodes[*index].node.id()).expect("eight nodes");
    let newcomer = (honest + 1) % 8;
    world.mine(honest);
    world.settle();
    let id = world.pay(honest, 9, 10, 0).expect("funds are there");
    world.wire.clear();
    for second in 0..60_u8 {
        for index in 0..8 {
            let link = world.nodes[index].link.expect("a link");
            let mut status = world.nodes[index].node.status();
            status.mempool |= u64::from(index != honest);
            let node = &mut world.nodes[index].node;
            let frame = node.peers.frame(link, None, &Message::Status(status)).expect("a link");
            world.send(index, link, frame);
        }
        world.now = world.now.plus_ms(1000);
        world.feed(newcomer, Input::Tick);
        while let Some((_, to, bytes)) = world.wire.pop_front() {
            let frame = crate::wire::Frame::decode(&bytes).expect("a frame").unsealed;
            let link = world.nodes[to].link.expect("a link");
            if to == newcomer || to == honest {
                world.feed(to, Input::Received { link, bytes });
            } else if let Ok(Message::GetInventory) = Message::decode(&frame.payload) {
                let promise = Message::Inventory(vec![TransactionId([second; 32])]);
                let node = &mut world.nodes[to].node;
                let frame = node.peers.frame(link, Some(frame.origin), &promise).expect("a link");
                world.send(to, link, frame);
            }
        }
    }
    assert!(world.nodes[newcomer].node.mempool().get(&id).is_some());
}

#[test]
fn a_stored_payment_comes_back_even_if_a_reorg_took_its_money() {
    let mut world = World::new(1);
    let (now, node) = (world.now, &mut world.nodes[0].node);
    let payment = |nonce| crate::testing::pay(&node.chain().genesis(), 1, 2, 10, nonce);
    let (stored, far) = (payment(0), payment(crate::mempool::PER_SENDER_MAX));
    let mut forged = payment(1);
    forged.payment.amount.0 += 1;
    for transaction in [&stored, &far, &forged] {
        node.restore_payment(now, transaction.clone());
    }
    assert_eq!(node.mempool().iter().map(|waiting| waiting.id).collect::<Vec<_>>(), [stored.id()]);
    assert!(matches!(node.poll(), Some(Output::Mempool(change)) if change.added == [stored.id()]));
}

#[test]
fn a_mempool_that_changed_is_asked_for_again_soon() {
    let mut world = World::connected(2);
    world.mine(0);
    world.settle();
    let first = world.pay(0, 9, 10, 0).expect("funds are there");
    world.wire.clear();
    let asks = |(from, _, bytes): &(usize, usize, Vec<u8>)| {
        let frame = crate::wire::Frame::decode(bytes).expect("a frame").unsealed;
        *from == 1 && matches!(Message::decode(&frame.payload), Ok(Message::GetInventory))
    };
    // The first question is lost.
    while !world.wire.iter().any(asks) {
        world.settle();
        world.now = world.now.plus_ms(1000);
        (0..2).for_each(|index| world.feed(index, Input::Tick));
    }
    world.wire.clear();
    world.wait(20);
    assert!(world.nodes[1].node.mempool().is_empty(), "the same is not asked for again so soon");
    let second = world.pay(0, 9, 10, 1).expect("funds are there");
    world.wire.clear();
    // A sign of life, a rest, and the next beat.
    world.wait(22);
    assert!([first, second].iter().all(|id| world.nodes[1].node.mempool().get(id).is_some()));
}

#[test]
fn the_miners_job_follows_tip_clock_and_mempool() {
    let mut world = World::connected(2);
    world.feed(0, Input::Mine(Some(address(1))));
    let first = world.nodes[0].job.clone().expect("a job");
    world.wait(1);
    let second = world.nodes[0].job.clone().expect("a job");
    assert!(second.header.time > first.header.time && second.id != first.id);
    world.mine(1);
    world.settle();
    let third = world.nodes[0].job.clone().expect("a job");
    assert_eq!(third.height, Height(2));
    let stale = world.nodes[0].node.chain().tip();
    world.feed(0, Input::Mined { job: first.id, nonce: 0 });
    assert_eq!(world.nodes[0].node.chain().tip(), stale, "an answer to a job of the old tip is dropped");
    world.pay(1, 1, 5, 0).expect("funds are there");
    world.settle();
    world.wait(1);
    let fourth = world.nodes[0].job.clone().expect("a job");
    assert_ne!(fourth.header.merkle_root, third.header.merkle_root);
}

#[test]
fn a_peer_of_another_genesis_is_refused_by_name_and_without_effect() {
    let mut world = World::connected(2);
    let mut other = easy_params();
    other.subsidy = Amount(1);
    let stranger = world.add_node(other);
    world.join(stranger);
    world.settle();
    assert_eq!(world.nodes[0].node.peers().len(), 1);
    assert_eq!(world.nodes[stranger].node.peers().len(), 0);
    let id = world.nodes[stranger].node.id();
    let refused = |output: &Output| matches!(output, Output::Event(Event::PeerRefused { peer, why: Refusal::OtherGenesis }) if *peer == id);
    assert_eq!(world.nodes[0].seen.iter().filter(|output| refused(output)).count(), 1, "said once");
}

#[test]
fn recorded_frames_are_worth_nothing_in_this_session_or_the_next() {
    let mut world = World::connected(2);
    world.mine(0);
    world.settle();
    let recorded: Vec<_> =
        world.delivered.iter().filter(|(from, to, _)| (*from, *to) == (0, 1)).cloned().collect();
    assert!(recorded.len() >= 3);
    let replay = |world: &mut World| {
        let link = world.nodes[1].link.expect("a link");
        for (_, _, bytes) in &recorded {
            world.feed(1, Input::Received { link, bytes: bytes.clone() });
        }
    };
    replay(&mut world);
    assert_eq!(world.nodes[1].node.refusals(), [(Refusal::Replayed, recorded.len() as u64)]);
    world.leave(0);
    world.leave(1);
    world.settle();
    world.join(1);
    replay(&mut world);
    assert_eq!(world.nodes[1].node.peers().len(), 0, "a recorded greeting proves nothing");
}

#[test]
fn random_and_bit_flipped_frames_change_nothing() {
    let mut world = World::connected(3);
    world.mine(0);
    world.settle();
    let tip = world.nodes[1].node.chain().tip();
    let samples: Vec<Vec<u8>> = world.delivered.iter().map(|(_, _, bytes)| bytes.clone()).collect();
    let link = world.nodes[1].link.expect("a link");
    for round in 0..10_000 {
        let random = |world: &mut World, bound: usize| {
            usize::try_from(world.nodes[0].node.random_below(bound as u64)).expect("small")
        };
        let mut bytes = samples[random(&mut world, samples.len())].clone();
        if round % 2 == 0 {
            let bit = random(&mut world, bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        } else {
            let length = random(&mut world, 400);
            bytes = (0..length).map(|_| u8::try_from(random(&mut world, 256)).expect("a byte")).collect();
        }
        world.feed(1, Input::Received { link, bytes });
    }
    world.settle();
    assert_eq!(world.nodes[1].node.peers().len(), 2);
    assert_eq!(world.nodes[1].node.chain().tip(), tip);
    world.mine(2);
    world.settle();
    world.assert_agreement();
}

#[test]
fn a_block_from_a_clock_that_is_ahead_waits_for_its_time() {
    let mut world = World::connected(2);
    world.mine(0);
    world.settle();
    let ahead = world.now.plus_ms(14_000);
    let block = crate::testing::block_on(world.nodes[0].node.chain(), ahead, 1, &[]);
    let link = world.nodes[0].link.expect("a link");
    let compact = CompactBlock::new(&block, 1);
    let frame = world.nodes[0].node.peers.frame(link, None, &Message::CompactBlock(Box::new(compact)));
    world.send(0, link, frame.expect("the link is open"));
    world.settle();
    assert_eq!(world.height(1), 1);
    world.wait(3);
    assert_eq!(world.height(1), 1);
    world.wait(2);
    assert_eq!(world.height(1), 2);
}

#[test]
fn a_chain_file_is_checked_and_taken_up_to_its_first_bad_block() {
    let mut world = World::new(2);
    for _ in 0..20 {
        world.mine(0);
    }
    let chain = world.nodes[0].node.chain();
    let mut blocks: Vec<Block> =
        (1..=20).map(|height| (*chain.block_at(Height(height)).expect("a block")).clone()).collect();
    blocks[14].body.coinbase.reward = Amount(9);
    world.feed(1, Input::Import(blocks.clone()));
    assert_eq!(world.height(1), 14);
    let imported = world.nodes[1].seen.iter().find_map(|output| match output {
        Output::Imported { new, error } => Some((*new, error.clone())),
        _ => None,
    });
    let (new, error) = imported.expect("an answer");
    assert_eq!(new, 14);
    assert!(matches!(error, Some((14, _, ChainError::Rule(RuleError::MerkleRoot { .. })))));
    // The same file where the blocks are known already: its damage is told all the same.
    world.nodes[0].seen.clear();
    world.feed(0, Input::Import(blocks));
    let told = world.nodes[0].seen.iter().any(|output| {
        matches!(
            output,
            Output::Imported { new: 0, error: Some((14, _, ChainError::Rule(RuleError::MerkleRoot { .. }))) }
        )
    });
    assert!(told, "{:?}", world.nodes[0].seen);
    assert_eq!(world.height(0), 20);
}

#[test]
fn the_same_inputs_lead_to_the_same_state() {
    let run = || {
        let mut world = World::connected(3);
        world.mine(0);
        world.settle();
        world.pay(0, 2, 5, 0).expect("funds are there");
        world.wait(40);
        world.delivered
    };
    assert_eq!(run(), run());
}

#[test]
fn a_block_of_ones_own_waits_for_its_time_as_well() {
    let mut world = World::connected(3);
    // The second block of a chain is after the first, whose time is as far ahead as it may be.
    world.nodes[0].ahead_ms = 14_000;
    world.find(0);
    world.settle();
    world.wait(4);
    world.find(1);
    world.settle();
    assert_eq!([0, 1, 2].map(|index| world.height(index)), [2, 1, 1], "for node 0 its time has come");
    world.wait(4);
    assert_eq!([0, 1, 2].map(|index| world.height(index)), [2, 2, 2]);
    world.assert_agreement();
    let refused = |output: &Output| matches!(output, Output::Event(Event::BlockRefused { .. }));
    assert!(!world.nodes[1].seen.iter().any(refused));
}
