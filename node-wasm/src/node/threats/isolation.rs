//! Attacks that cut a node off from its room, or have it say so without a reason (R10).

use super::*;
use crate::test;

#[test]
fn isolation_is_told_where_members_never_prove_themselves_and_taken_back() {
    let mut world = World::connected(1);
    let link = world.nodes[0].link.expect("a link");
    let told = |world: &mut World| -> Vec<Event> {
        let seen = std::mem::take(&mut world.nodes[0].seen);
        let events = seen.into_iter().filter_map(|output| match output {
            Output::Event(event @ (Event::PossiblyIsolated | Event::NotIsolated)) => Some(event),
            _ => None,
        });
        events.collect()
    };
    let peer = PeerId([5; 20]);
    world.wait(600);
    assert_eq!(told(&mut world), [], "alone is not isolated");
    world.feed(0, Input::PeerJoined { link, peer });
    world.wait(119);
    assert_eq!(told(&mut world), []);
    world.wait(200);
    assert_eq!(told(&mut world), [Event::PossiblyIsolated], "once");
    assert!(world.nodes[0].node.is_isolated());
    world.feed(0, Input::PeerLeft { link, peer });
    world.wait(1);
    assert_eq!(told(&mut world), [Event::NotIsolated]);
    // A machine that slept has heard nobody, and that says nothing.
    world.feed(0, Input::PeerJoined { link, peer });
    world.wait(100);
    world.now = world.now.plus_ms(3_600_000);
    world.wait(60);
    assert_eq!(told(&mut world), []);
}

#[test]
fn isolation_is_told_though_the_room_empties_for_a_moment_now_and_then() {
    let mut world = World::connected(1);
    let (link, peer) = (world.nodes[0].link.expect("a link"), PeerId([5; 20]));
    for _ in 0..2 {
        world.feed(0, Input::PeerJoined { link, peer });
        world.wait(59);
        world.feed(0, Input::PeerLeft { link, peer });
        world.wait(1);
        assert!(!world.nodes[0].node.is_isolated());
    }
    world.feed(0, Input::PeerJoined { link, peer });
    world.wait(10);
    assert!(world.nodes[0].node.is_isolated());
}

#[test]
fn isolation_is_told_though_the_room_flickers_and_blocks_drip() {
    let mut world = room();
    world.leave(HONEST);
    let (link, peer) = (world.nodes[NODE].link.expect("a link"), world.nodes[ATTACKER].node.id());
    let (mut came, mut told) = (0, false);
    for second in 0..1_200 {
        match second % 20 {
            17 => world.feed(NODE, Input::PeerLeft { link, peer }),
            19 => world.feed(NODE, Input::PeerJoined { link, peer }),
            18 => {}
            _ => world.attack(None, &Message::Status(Status { tip: untrue_tip(), mempool: 0 })),
        }
        // Half of what the room would make.
        if second % 20 == 10 {
            let block = block_on(world.nodes[NODE].node.chain(), world.now, 1, &[]);
            world.attack(Some(NODE), &announced(&block));
            came += 1;
        }
        world.wait(1);
        told |= world.nodes[NODE].node.is_isolated();
    }
    assert!(world.height(NODE) > came / 2, "blocks come: {} of {came}", world.height(NODE));
    assert!(told);
}

#[test]
fn isolation_is_not_told_by_one_liar_among_honest_peers() {
    let mut world = room();
    // The attacker's own node would tell the truth.
    world.asleep = Some(ATTACKER);
    for _ in 0..40 {
        world.attack(None, &Message::Status(Status { tip: untrue_tip(), mempool: 0 }));
        world.wait(10);
    }
    assert!(!world.nodes[NODE].node.is_isolated());
    // With the honest one gone nobody is left whose word fits.
    world.leave(HONEST);
    for _ in 0..16 {
        world.attack(None, &Message::Status(Status { tip: untrue_tip(), mempool: 0 }));
        world.wait(10);
    }
    assert!(world.nodes[NODE].node.is_isolated());
}

#[test]
fn isolation_is_told_where_only_this_nodes_words_are_lost() {
    let mut world = room();
    for _ in 0..260 {
        world.now = world.now.plus_ms(1000);
        (0..3).for_each(|index| world.feed(index, Input::Tick));
        while let Some((from, to, bytes)) = world.wire.pop_front() {
            let link = world.nodes[to].link.expect("a link");
            if from != NODE {
                world.feed(to, Input::Received { link, bytes });
            }
        }
    }
    assert!(world.nodes[NODE].node.is_isolated());
    world.wait(25);
    assert!(!world.nodes[NODE].node.is_isolated());
}

#[test]
fn isolation_is_not_told_by_low_ids_but_by_a_majority() {
    const HONEST_PEERS: usize = 33;
    for (liars, expect) in [(32, false), (34, true)] {
        let mut world = World::new(1 + HONEST_PEERS + liars);
        // Ids can be ground: the liars have the lowest of all.
        let mut others: Vec<usize> = (1..world.nodes.len()).collect();
        others.sort_by_key(|index| world.nodes[*index].node.id());
        let liars = &others[..liars];
        (0..world.nodes.len()).for_each(|index| world.open_link(index));
        others.iter().for_each(|other| world.introduce(0, *other));
        world.settle();
        assert_eq!(world.nodes[0].node.peers().len(), others.len());
        // Long enough for the doubt that nobody answers, too.
        for second in 0..260 {
            world.now = world.now.plus_ms(1000);
            let honest = |index: &usize| !liars.contains(index);
            (0..world.nodes.len()).filter(honest).for_each(|index| world.feed(index, Input::Tick));
            for liar in liars.iter().filter(|_| second % 12 == 0) {
                world.send_as(*liar, Some(0), &Message::Status(Status { tip: untrue_tip(), mempool: 0 }));
            }
            while let Some((_, to, bytes)) = world.wire.pop_front() {
                let link = world.nodes[to].link.expect("a link");
                if honest(&to) {
                    world.feed(to, Input::Received { link, bytes });
                }
            }
        }
        assert_eq!(world.nodes[0].node.is_isolated(), expect, "{} liars", liars.len());
    }
}

#[test]
fn isolation_is_told_though_blocks_drip_and_not_while_they_pour() {
    for (every, expect) in [(40, true), (5, false)] {
        let mut world = room();
        world.leave(HONEST);
        world.asleep = Some(ATTACKER);
        for second in 0..400 {
            if second % 10 == 0 {
                world.attack(None, &Message::Status(Status { tip: untrue_tip(), mempool: 0 }));
            }
            if second % every == 0 {
                let block = block_on(world.nodes[NODE].node.chain(), world.now, 1, &[]);
                world.attack(Some(NODE), &announced(&block));
            }
            world.wait(1);
        }
        assert!(world.height(NODE) > 3, "blocks come");
        assert_eq!(world.nodes[NODE].node.is_isolated(), expect, "one in {every} s");
    }
}
