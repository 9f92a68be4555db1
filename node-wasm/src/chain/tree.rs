//! The block tree: every known header, with its body where it is here, and which branches are complete.
//!
//! A block is *complete* when its body and those of all its ancestors are here. The tree knows work and order of
//! arrival, not balances. What strangers can add beside the best chain is bounded by [`SIDE_ENTRIES_MAX`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::consensus::retarget::Pace;
use crate::consensus::{CheckedBlock, MEDIAN_SPAN, Walk};
use crate::primitives::{Block, BlockHash, Header, Work};
use crate::units::Height;

/// How many headers may be known beside the best chain: below 20 MB, and the deepest reorg, which is some six days. A
/// single peer fills a twentieth of it unless it proves more work than the tip's.
pub const SIDE_ENTRIES_MAX: usize = 50_000;

/// What is known of a block.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Its header holds.
    HeaderOnly,
    /// Its body holds as well, balances aside.
    Stored(CheckedBlock),
    /// It breaks a rule, or an ancestor does.
    Invalid,
}

/// A known block.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) header: Header,
    pub(super) height: Height,
    /// The work of the whole chain up to this block.
    pub(super) work: Work,
    pace: Pace,
    pub(super) state: State,
    pub(super) complete: bool,
    children: Vec<BlockHash>,
}

#[derive(Debug)]
pub(super) struct Tree {
    entries: BTreeMap<BlockHash, Box<Entry>>,
    genesis: Arc<Block>,
    /// The header with the most work that is not invalid; the first seen on a tie.
    best_header: BlockHash,
    /// The complete block with the most work; the first seen on a tie.
    best_complete: BlockHash,
}

impl Tree {
    pub(super) fn new(hash: BlockHash, genesis: Block, pace: Pace) -> Self {
        let entry = Entry {
            header: genesis.header,
            height: Height::GENESIS,
            work: Work::ZERO,
            pace,
            state: State::HeaderOnly,
            complete: true,
            children: Vec::new(),
        };
        let mut entries = BTreeMap::new();
        entries.insert(hash, Box::new(entry));
        Self { entries, genesis: Arc::new(genesis), best_header: hash, best_complete: hash }
    }

    pub(super) fn contains(&self, hash: &BlockHash) -> bool {
        self.entries.contains_key(hash)
    }

    pub(super) fn get(&self, hash: &BlockHash) -> Option<&Entry> {
        self.entries.get(hash).map(|entry| &**entry)
    }

    /// The entry of a hash that is known to be in the tree.
    pub(super) fn entry(&self, hash: &BlockHash) -> &Entry {
        self.entries.get(hash).expect("the caller found this hash in the tree")
    }

    pub(super) fn state(&self, hash: &BlockHash) -> Option<&State> {
        self.entries.get(hash).map(|entry| &entry.state)
    }

    pub(super) fn block(&self, hash: &BlockHash) -> Option<Arc<Block>> {
        let entry = self.entries.get(hash)?;
        match &entry.state {
            State::Stored(block) => Some(block.block().clone()),
            State::HeaderOnly if entry.height == Height::GENESIS => Some(self.genesis.clone()),
            State::HeaderOnly | State::Invalid => None,
        }
    }

    pub(super) const fn best_header(&self) -> BlockHash {
        self.best_header
    }

    /// The best complete block, if it has more work than `tip`.
    pub(super) fn better_than(&self, tip: &BlockHash) -> Option<BlockHash> {
        (self.entry(&self.best_complete).work > self.entry(tip).work).then_some(self.best_complete)
    }

    /// A walk that stands at a block that is in the tree.
    pub(super) fn walk_from(&self, hash: &BlockHash) -> Walk {
        let entry = self.entry(hash);
        let mut times = Vec::with_capacity(MEDIAN_SPAN);
        let mut next = Some(entry);
        while let (Some(entry), true) = (next, times.len() < MEDIAN_SPAN) {
            times.push(entry.header.time);
            next = self.get(&entry.header.previous);
        }
        times.reverse();
        Walk::at(*hash, entry.height, entry.work, entry.pace, &times)
    }

    /// Whether another header fits beside a best chain of `active` blocks.
    pub(super) fn has_room(&self, active: usize) -> bool {
        self.entries.len() < active + SIDE_ENTRIES_MAX
    }

    /// How many headers are known beside a best chain of `active` blocks.
    pub(super) fn beside(&self, active: usize) -> usize {
        self.entries.len().saturating_sub(active)
    }

    /// Adds a header that passed its checks; its parent is in the tree.
    pub(super) fn insert(&mut self, hash: BlockHash, header: Header) {
        let parent = self.entries.get_mut(&header.previous).expect("the parent was checked");
        parent.children.push(hash);
        let height = Height(parent.height.0 + 1);
        let work = parent.work.plus(header.work());
        let pace = parent.pace.child(header.time, header.bits);
        // Room for one child: all but a few have no more, and a list makes room for four at first.
        let (state, children) = (State::HeaderOnly, Vec::with_capacity(1));
        let entry = Entry { header, height, work, pace, state, complete: false, children };
        self.entries.insert(hash, Box::new(entry));
        if work > self.entry(&self.best_header).work {
            self.best_header = hash;
        }
    }

    /// Adds the body of a header that is in the tree, and finds what it completes.
    pub(super) fn store(&mut self, block: CheckedBlock) {
        let hash = block.hash();
        let entry = self.entries.get_mut(&hash).expect("a body follows its header");
        entry.state = State::Stored(block);
        let previous = entry.header.previous;
        if !self.entry(&previous).complete {
            return;
        }
        let mut ready = vec![hash];
        while let Some(hash) = ready.pop() {
            let entry = self.entries.get_mut(&hash).expect("children are in the tree");
            if !matches!(entry.state, State::Stored(_)) {
                continue;
            }
            entry.complete = true;
            let work = entry.work;
            ready.extend(entry.children.iter().rev());
            if work > self.entry(&self.best_complete).work {
                self.best_complete = hash;
            }
        }
    }

    /// Forgets the body of a block that is not on the active chain; its header stays.
    pub(super) fn forget_body(&mut self, hash: &BlockHash) {
        match self.entries.get_mut(hash) {
            Some(entry) if matches!(entry.state, State::Stored(_)) => entry.state = State::HeaderOnly,
            Some(_) | None => return,
        }
        self.set_incomplete(*hash);
    }

    fn set_incomplete(&mut self, hash: BlockHash) {
        let mut open = vec![hash];
        while let Some(hash) = open.pop() {
            let entry = self.entries.get_mut(&hash).expect("children are in the tree");
            entry.complete = false;
            open.extend(entry.children.iter());
        }
    }

    /// Takes the blocks of `active` for complete: their bodies were checked before, and come later.
    pub(super) fn trust(&mut self, active: &[BlockHash]) {
        for hash in active {
            self.entries.get_mut(hash).expect("a chain's blocks are in the tree").complete = true;
        }
        self.choose_best(active);
    }

    /// Wants the body of a block anew, where there is one to mistrust, and takes nothing above it for complete; none of
    /// it is on `active`. Of blocks that were judged the headers hold: they are judged anew as well.
    pub(super) fn mistrust(&mut self, hash: Option<&BlockHash>, active: &[BlockHash]) {
        for entry in self.entries.values_mut() {
            if matches!(entry.state, State::Invalid) {
                entry.state = State::HeaderOnly;
            }
        }
        if let Some(hash) = hash {
            self.entries.get_mut(hash).expect("the caller found this hash in the tree").state =
                State::HeaderOnly;
            self.set_incomplete(*hash);
        }
        self.choose_best(active);
    }

    /// Marks a block and all its descendants as invalid. None of them is on `active`.
    pub(super) fn invalidate(&mut self, hash: &BlockHash, active: &[BlockHash]) {
        let mut doomed = vec![*hash];
        while let Some(hash) = doomed.pop() {
            let entry = self.entries.get_mut(&hash).expect("children are in the tree");
            entry.state = State::Invalid;
            entry.complete = false;
            doomed.extend(entry.children.iter());
        }
        self.choose_best(active);
    }

    /// Forgets what is neither on `active` nor on the way to the best header.
    pub(super) fn prune(&mut self, active: &[BlockHash]) {
        let mut kept = BTreeSet::new();
        let mut hash = self.best_header;
        while self.entries.get(&hash).is_some_and(|entry| active.get(entry.height.0 as usize) != Some(&hash))
        {
            kept.insert(hash);
            hash = self.entry(&hash).header.previous;
        }
        let stays = |hash: &BlockHash, entry: &Entry| {
            active.get(entry.height.0 as usize) == Some(hash) || kept.contains(hash)
        };
        // In the order of the map, so that it can be searched.
        let doomed: Vec<BlockHash> =
            self.entries.iter().filter(|(hash, entry)| !stays(hash, entry)).map(|(hash, _)| *hash).collect();
        for hash in &doomed {
            self.entries.remove(hash);
        }
        for entry in self.entries.values_mut() {
            entry.children.retain(|child| doomed.binary_search(child).is_err());
        }
        self.choose_best(active);
    }

    /// Finds the best header and the best complete block anew; the tip of `active` wins a tie.
    fn choose_best(&mut self, active: &[BlockHash]) {
        let tip = active.last().copied().expect("a chain has its genesis");
        (self.best_header, self.best_complete) = (tip, tip);
        let (mut header_work, mut complete_work) = (self.entry(&tip).work, self.entry(&tip).work);
        for (hash, entry) in &self.entries {
            let valid = !matches!(entry.state, State::Invalid);
            if valid && entry.work > header_work {
                (self.best_header, header_work) = (*hash, entry.work);
            }
            if entry.complete && entry.work > complete_work {
                (self.best_complete, complete_work) = (*hash, entry.work);
            }
        }
    }
}
