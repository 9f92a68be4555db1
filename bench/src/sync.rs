//! A node that joins: 10,000 blocks from one peer, beside taking them from its own store; and one that comes back.
//!
//! Figures of a turn: blocks per second restored; blocks per second synced, with what both nodes do for it; and those
//! of [`crate::start`].

use std::collections::VecDeque;

use node_wasm::crypto::SecretKey;
use node_wasm::node::{Config, Input, Node, Output};
use node_wasm::peer::{LinkId, Medium};
use node_wasm::primitives::Block;
use node_wasm::testing::key;
use node_wasm::units::Timestamp;
use node_wasm::wire::SessionId;

use crate::Platform;
use crate::room::{Branch, now};
use crate::start::Store;

const BLOCKS: usize = 10_000;
const LINK: LinkId = LinkId(1);
/// How far the clock moves when nothing is under way: budgets fill up again.
const STEP_MS: u64 = 100;

#[derive(Debug)]
pub(crate) struct Sync {
    blocks: Vec<Block>,
    store: Store,
}

impl Sync {
    pub(crate) fn new() -> Self {
        let mut branch = Branch::new();
        Self { blocks: (0..BLOCKS).map(|_| branch.empty()).collect(), store: Store::new() }
    }

    pub(crate) fn turn(&self, platform: Platform) -> [f64; 4] {
        let blocks = self.blocks.clone();
        let mut source = Side::new(2);
        let restored = platform.seconds(|| {
            for block in blocks {
                source.node.restore(now(), block).expect("valid");
            }
        });
        let mut pair = Pair { sides: [source, Side::new(3)], now: now(), wire: VecDeque::new() };
        let synced = platform.seconds(|| pair.sync());
        assert_eq!(pair.sides[1].node.chain().tip(), pair.sides[0].node.chain().tip());
        let [restored, synced] = [restored, synced].map(|seconds| BLOCKS as f64 / seconds);
        let [whole, from_snapshot] = self.store.turn(platform);
        [restored, synced, whole, from_snapshot]
    }
}

struct Side {
    node: Node,
    key: SecretKey,
}

impl Side {
    fn new(number: u8) -> Self {
        let key = key(number);
        let params = Branch::new().params().clone();
        let config = Config { params, node_key: key.public(), seed: number.into() };
        Self { node: Node::new(config, now()), key }
    }
}

/// Two nodes on one link, and the clock that they share.
struct Pair {
    sides: [Side; 2],
    now: Timestamp,
    /// Frames on their way, with whom they are for.
    wire: VecDeque<(usize, Vec<u8>)>,
}

impl Pair {
    fn sync(&mut self) {
        for side in 0..2 {
            let session = SessionId([u8::from(side == 1); 16]);
            self.feed(side, Input::LinkUp { link: LINK, medium: Medium::Relay, session });
        }
        for side in 0..2 {
            let peer = self.sides[1 - side].node.id();
            self.feed(side, Input::PeerJoined { link: LINK, peer });
        }
        while self.sides[1].node.chain().height() < self.sides[0].node.chain().height() {
            while let Some((to, bytes)) = self.wire.pop_front() {
                self.feed(to, Input::Received { link: LINK, bytes });
            }
            self.now = self.now.plus_ms(STEP_MS);
            (0..2).for_each(|side| self.feed(side, Input::Tick));
        }
    }

    fn feed(&mut self, side: usize, input: Input) {
        self.sides[side].node.handle(self.now, input);
        while let Some(output) = self.sides[side].node.poll() {
            if let Output::Send { frame, .. } = output {
                self.wire.push_back((1 - side, frame.seal(&self.sides[side].key)));
            }
        }
    }
}
