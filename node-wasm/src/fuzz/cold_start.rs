//! The target of a start from a snapshot: the first byte says what happens, the rest is the snapshot.
//!
//! The bodies below are loaded one by one, of which one may be lost or another's; blocks above the snapshot and those of
//! a rival branch come before or after that. Whatever the snapshot says of the accounts, in the end they are those of
//! the blocks, and no block that holds is refused for good.

use super::fixture::{Fixture, fixture};
use crate::chain::{Chain, Snapshot};
use crate::codec::decode;
use crate::node::{Config, Input, Node};
use crate::primitives::Block;
use crate::testing::{START, easy_params, key};
use crate::units::Timestamp;

/// When every block of the room is there.
const NOW: Timestamp = START.plus_ms(100_000);

/// What happens to a node that starts.
#[derive(Clone, Copy)]
struct Story(u8);

impl Story {
    /// Whether its own chain is the rival.
    const fn is_rival(self) -> bool {
        self.0 & 1 > 0
    }

    /// Whether what it does not have comes before its own bodies are loaded.
    const fn comes_early(self) -> bool {
        self.0 & 2 > 0
    }

    /// Whether the body that is not loaded is another's, or lost.
    const fn is_swapped(self) -> bool {
        self.0 & 4 > 0
    }

    /// The height of that body; most heights are above the chain.
    fn bad(self) -> u32 {
        u32::from(self.0 >> 3)
    }
}

/// Starts a node.
pub fn cold_start(bytes: &[u8]) {
    let Some((story, snapshot)) = bytes.split_first() else { return };
    let Ok(snapshot) = decode::<Snapshot>(snapshot) else { return };
    let (story, Fixture { blocks, rivals, .. }) = (Story(*story), fixture());
    let (own, other) = if story.is_rival() { (rivals, blocks) } else { (blocks, rivals) };
    let height = snapshot.height().0;
    let Some(tip) = height.checked_sub(1).and_then(|index| own.get(index as usize)) else { return };

    let config = Config { params: easy_params(), node_key: key(100).public(), seed: 1 };
    let mut node = Node::new(config, NOW);
    if node.start_from(snapshot, tip.clone()).is_err() {
        assert_eq!(node.chain().height().0, 0, "it is as it was");
        return;
    }
    assert_eq!(node.chain().tip().hash, tip.hash());
    if story.comes_early() {
        import(&mut node, &own[height as usize..]);
        import(&mut node, other);
    }
    while let Some(next) = node.chain().unloaded().next() {
        let index = next as usize - 1;
        let block = match (next == story.bad(), story.is_swapped()) {
            (true, true) => Ok(&other[index]),
            (true, false) => Err("it is lost".to_owned()),
            (false, _) => Ok(&own[index]),
        };
        // Where it does not hold, the node goes on without the snapshot, and nothing is left to load.
        let _ = node.load(NOW, block.cloned());
        drain(&mut node);
    }
    check(&node);
    import(&mut node, own);
    import(&mut node, other);
    assert_eq!(Some(node.chain().tip().hash), rivals.last().map(Block::hash), "the best chain");
    check(&node);
}

fn import(node: &mut Node, blocks: &[Block]) {
    node.handle(NOW, Input::Import(blocks.to_vec()));
    drain(node);
}

fn drain(node: &mut Node) {
    while node.poll().is_some() {}
    for bound in node.bounds() {
        assert!(bound.size <= bound.max, "{bound:?}");
    }
}

/// The ledger is that of the chain's blocks.
fn check(node: &Node) {
    let mut replay = Chain::new(easy_params());
    for height in 1..=node.chain().height().0 {
        let block = node.chain().block_at(crate::units::Height(height)).expect("every body is here");
        let outcome = replay.insert_block(NOW, (*block).clone()).expect("a block that was checked");
        assert_eq!(outcome.invalid, []);
    }
    assert_eq!(node.chain().tip(), replay.tip());
    assert_eq!(node.chain().ledger(), replay.ledger());
}
