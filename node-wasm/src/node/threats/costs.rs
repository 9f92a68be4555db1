//! What messages cost their sender: a token for about each signature's time, before the time is spent.

use super::*;
use crate::peer::BUDGET_BURST;
use crate::test;

impl World {
    /// What is left of the attacker's budget.
    fn tokens(&self) -> u64 {
        let attacker = self.nodes[ATTACKER].node.id();
        let budget = &self.nodes[NODE].node.peers().get(&attacker).expect("a peer").budget;
        (0..=BUDGET_BURST)
            .rev()
            .find(|tokens| budget.clone().spend(self.now, *tokens))
            .expect("none at least")
    }
}

#[test]
fn budget_bodies_are_paid_for_and_have_room_before_they_are_gathered() {
    let mut world = World::connected(3);
    world.mine_many(HONEST, 1);
    for nonce in 0..5 {
        world.pay(HONEST, 9, 1, nonce).expect("funds are there");
    }
    world.mine_many(HONEST, 1);
    world.wait(20);
    let attacker = world.nodes[ATTACKER].node.id();
    let hash = world.nodes[NODE].node.chain().tip().hash;
    let question = Message::GetBodies(vec![hash; Message::BODIES_MAX]);
    let sequence = |world: &mut World| {
        let link = world.nodes[NODE].link.expect("a link");
        world.nodes[NODE].node.peers.frame(link, None, &Message::GetInventory).expect("open").sequence
    };
    let ask = |world: &mut World| {
        world.attack(Some(NODE), &question);
        let (before, frames) = (world.tokens(), sequence(world));
        let answers = world.replies().len();
        // The frame that counts is one itself.
        (answers, before - world.tokens(), sequence(world) - frames - 1)
    };
    // The question is 16 KiB itself, and the answer a little less than 256.
    let (listed, gathered) = (2 + 1 + 512 / 32, 15);
    assert_eq!(ask(&mut world), (1, listed + gathered, 1));
    // With no room to say it, or no token for it, the answer is not so much as made.
    let (now, node) = (world.now, &mut world.nodes[NODE].node);
    node.answers = TokenBucket::new(now, 1 << 17, 1);
    assert_eq!(ask(&mut world), (0, listed + gathered, 0));
    let left = world.tokens();
    let node = &mut world.nodes[NODE].node;
    node.answers = TokenBucket::new(now, 1 << 30, 1);
    let peer = node.peers.get_mut(&attacker).expect("a peer");
    assert!(peer.budget.spend(now, left - listed - gathered + 1));
    assert_eq!(ask(&mut world), (0, listed, 0));
}

#[test]
fn budget_what_comes_is_paid_for_by_its_bytes_before_it_is_read() {
    let mut world = room();
    let (now, attacker) = (world.now, world.nodes[ATTACKER].node.id());
    let chain = world.nodes[NODE].node.chain();
    let block = chain.block_at(Height(2)).expect("a block");
    let mut body = block.body.clone();
    body.transactions = vec![pay(&chain.genesis(), 3, 2, 10, 0); 1_000];
    let cost = |world: &mut World, message: &Message| {
        let before = world.tokens();
        world.attack(Some(NODE), message);
        world.replies();
        before - world.tokens()
    };
    let (bodies, headers) =
        (Message::Bodies(vec![(block.hash(), body)]), Message::Headers(vec![block.header; 2_000]));
    assert_eq!([cost(&mut world, &bodies), cost(&mut world, &headers)], [1 + 17, 1 + 19]);
    // An answer costs what a message does that is not long.
    let sync = &mut world.nodes[NODE].node.sync;
    assert_eq!(sync.assign(now, &[block.hash()], &[attacker]).len(), 1);
    assert!(sync.ask_headers(now, attacker));
    assert_eq!([cost(&mut world, &bodies), cost(&mut world, &headers)], [1, 1]);
    let left = world.tokens();
    let peer = world.nodes[NODE].node.peers.get_mut(&attacker).expect("a peer");
    assert!(peer.budget.spend(now, left - 16));
    // What cannot be paid for is not so much as read: nobody finds out that it is nothing.
    let link = world.nodes[ATTACKER].link.expect("a link");
    for bytes in [150_000, 1_000] {
        let mut frame = world.nodes[ATTACKER].node.peers.frame(link, None, &Message::Ping(1)).expect("open");
        frame.payload = vec![8; bytes];
        world.send(ATTACKER, link, frame);
    }
    world.replies();
    let refusals = world.nodes[NODE].node.refusals();
    assert_eq!(refusals, [(Refusal::TooFast, 1), (Refusal::Malformed, 1)]);
}
