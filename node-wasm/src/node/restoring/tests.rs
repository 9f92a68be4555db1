//! Tests of nodes that start from a snapshot, in rooms of real nodes.

use super::super::testing::World;
use super::WAITING_MAX;
use crate::primitives::{Block, BlockHash, PeerId};
use crate::test;
use crate::testing::easy_params;
use crate::units::Height;

fn block(world: &World, index: usize, height: u32) -> Block {
    let block = world.nodes[index].node.chain().block_at(Height(height)).expect("a block");
    (*block).clone()
}

/// Adds a node that starts from a snapshot of node 0's chain.
fn restarted(world: &mut World) -> usize {
    let index = world.add_node(easy_params());
    let (snapshot, height) = (world.nodes[0].node.chain().snapshot(), world.height(0));
    let tip = block(world, 0, height);
    world.nodes[index].node.start_from(snapshot, tip).expect("its own snapshot");
    index
}

fn load(world: &mut World, index: usize, heights: std::ops::Range<u32>) {
    for height in heights {
        let (now, block) = (world.now, block(world, 0, height));
        world.nodes[index].node.load(now, Ok(block)).expect("its own block");
        world.feed(index, super::super::Input::Tick);
    }
    world.settle();
}

/// A node that starts from a snapshot, at height 8, and hears of a better branch that leaves its chain at height 3.
fn waiting_branch() -> (World, usize) {
    let mut world = World::connected(2);
    world.mine_many(0, 3);
    world.regroup(&[0, 1]);
    world.mine_many(0, 5);
    world.mine_many(1, 7);
    let back = restarted(&mut world);
    world.nodes[back].group = 1;
    world.join(back);
    world.settle();
    world.wait(30);
    assert_eq!(world.height(back), 8);
    (world, back)
}

fn assert_follows(world: &World, index: usize, other: usize) {
    let [chain, expect] = [index, other].map(|index| world.nodes[index].node.chain());
    assert_eq!(chain.tip(), expect.tip());
    assert_eq!(chain.ledger(), expect.ledger());
}

#[test]
fn it_syncs_on_and_mines_at_once_and_answers_for_old_bodies_when_they_are_loaded() {
    let mut world = World::connected(1);
    world.mine_many(0, 12);
    let back = restarted(&mut world);
    world.mine_many(0, 3);
    world.join(back);
    world.settle();
    assert_eq!((world.height(back), world.nodes[back].node.chain().unloaded()), (15, 1..12));
    world.mine_many(back, 2);
    world.assert_agreement();
    // Whoever joins and knows nobody else has to wait, and is not sent away.
    world.regroup(&[1, 0]);
    let joiner = world.add_node(easy_params());
    world.join(joiner);
    world.settle();
    assert_eq!(world.height(joiner), 0);
    load(&mut world, back, 1..11);
    assert_eq!(world.height(joiner), 0);
    load(&mut world, back, 11..12);
    assert_eq!(world.height(joiner), 17);
    world.assert_agreement();
}

#[test]
fn a_better_branch_that_it_heard_of_meanwhile_wins_when_the_bodies_are_loaded() {
    let (mut world, back) = waiting_branch();
    load(&mut world, back, 1..8);
    assert_follows(&world, back, 1);
}

#[test]
fn what_is_lost_is_fetched_from_the_peers() {
    let mut world = World::connected(1);
    world.mine_many(0, 9);
    let back = restarted(&mut world);
    load(&mut world, back, 1..4);
    let now = world.now;
    let lost = world.nodes[back].node.load(now, Err("lost".to_owned()));
    assert_eq!(lost, Err("lost".to_owned()));
    assert_eq!(world.height(back), 3);
    world.join(back);
    world.settle();
    world.wait(5);
    world.assert_agreement();
}

#[test]
fn a_better_branch_that_waited_wins_though_a_body_is_lost() {
    let (mut world, back) = waiting_branch();
    load(&mut world, back, 1..5);
    // Nobody is left to ask.
    world.nodes[back].group = 2;
    let now = world.now;
    assert!(world.nodes[back].node.load(now, Err("lost".to_owned())).is_err());
    assert_follows(&world, back, 1);
}

#[test]
fn what_is_here_is_not_waited_for_and_nobody_waits_twice() {
    let mut world = World::connected(1);
    world.mine_many(0, 3);
    let back = restarted(&mut world);
    let node = &mut world.nodes[back].node;
    let at = |node: &super::Node, height| node.chain().hash_at(Height(height)).expect("a block");
    let (first, tip) = (at(node, 1), at(node, 3));
    assert!(!node.wait_for_bodies(PeerId([1; 20]), &[tip]), "the tip's body is here");
    assert!(!node.wait_for_bodies(PeerId([1; 20]), &[BlockHash([7; 32])]), "it will never be");
    for _ in 0..2 * WAITING_MAX {
        assert!(node.wait_for_bodies(PeerId([1; 20]), &[first, tip]));
    }
    assert!(node.wait_for_bodies(PeerId([2; 20]), &[first]), "the other's questions take one place");
    let now = world.now;
    world.nodes[back].node.peer_gone(now, PeerId([1; 20]));
    assert_eq!(world.nodes[back].node.waiting, [(PeerId([2; 20]), vec![first])]);
}

#[test]
fn questions_that_wait_are_bounded() {
    let mut world = World::connected(1);
    world.mine_many(0, 3);
    let back = restarted(&mut world);
    let node = &mut world.nodes[back].node;
    let hash = node.chain().hash_at(Height(1)).expect("a block");
    for number in 0..100 {
        assert_eq!(node.wait_for_bodies(PeerId([number; 20]), &[hash]), usize::from(number) < WAITING_MAX);
    }
    load(&mut world, back, 1..3);
    assert!(!world.nodes[back].node.wait_for_bodies(PeerId::default(), &[hash]), "all are here");
}
