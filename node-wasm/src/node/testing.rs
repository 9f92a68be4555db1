//! A room of real nodes on a virtual clock, over a wire that a test can cut.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one output among all")]

use std::collections::{BTreeSet, VecDeque};

use super::*;
use crate::crypto::SecretKey;
use crate::miner::Job;
use crate::peer::Medium;
use crate::testing::{START, address, easy_params, pay};
use crate::wire::SessionId;

/// Nodes on one relay room, and the clock that they share.
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) nodes: Vec<Player>,
    /// Frames on their way: from whom, to whom, the bytes.
    pub(super) wire: VecDeque<(usize, usize, Vec<u8>)>,
    /// Frames that were delivered, for tests that count or replay them.
    pub(super) delivered: Vec<(usize, usize, Vec<u8>)>,
    /// A node for which time stands still: it hears nothing, and nothing is fed to it.
    pub(super) asleep: Option<usize>,
    /// Nodes that hear no questions, and so never answer one; ...
    pub(super) deaf: BTreeSet<usize>,
    /// ... and whom each question to one of them was for.
    pub(super) unheard: Vec<usize>,
    /// What those were, for tests that answer in place of the deaf.
    pub(super) questions: VecDeque<(usize, Message)>,
    pub(super) sessions: u8,
}

pub(super) struct Player {
    pub(super) node: Node,
    pub(super) key: SecretKey,
    pub(super) link: Option<LinkId>,
    /// Who hears whom: nodes of different groups do not.
    pub(super) group: u32,
    /// How far its clock is ahead of the world's.
    pub(super) ahead_ms: u64,
    pub(super) job: Option<Job>,
    pub(super) seen: Vec<Output>,
    /// What it sent, a cast counted once: the kind of the message, and the bytes of the frame.
    pub(super) sent: Vec<(u8, usize)>,
}

impl World {
    pub(super) fn new(nodes: usize) -> Self {
        let mut world = Self {
            now: START,
            nodes: Vec::new(),
            wire: VecDeque::new(),
            delivered: Vec::new(),
            asleep: None,
            deaf: BTreeSet::new(),
            unheard: Vec::new(),
            questions: VecDeque::new(),
            sessions: 0,
        };
        for _ in 0..nodes {
            world.add_node(easy_params());
        }
        world
    }

    /// A room in which everyone knows everyone.
    pub(super) fn connected(nodes: usize) -> Self {
        let mut world = Self::new(nodes);
        for index in 0..nodes {
            world.join(index);
        }
        world.settle();
        world
    }

    pub(super) fn add_node(&mut self, params: crate::consensus::ChainParams) -> usize {
        let index = self.nodes.len();
        let key = SecretKey::derive(&[u8::try_from(index).expect("few nodes")], "test node");
        let config = Config { params, node_key: key.public(), seed: index as u64 };
        let node = Node::new(config, self.now);
        let player = Player {
            node,
            key,
            link: None,
            group: 0,
            ahead_ms: 0,
            job: None,
            seen: Vec::new(),
            sent: Vec::new(),
        };
        self.nodes.push(player);
        index
    }

    /// A node opens its link to the room.
    pub(super) fn join(&mut self, index: usize) {
        self.open_link(index);
        for other in 0..self.nodes.len() {
            if other != index && self.hears(index, other) {
                self.introduce(index, other);
            }
        }
    }

    /// The room tells two nodes of each other.
    pub(super) fn introduce(&mut self, a: usize, b: usize) {
        self.tell_joined(a, b);
        self.tell_joined(b, a);
    }

    /// A node opens its link, and nobody is told.
    pub(super) fn open_link(&mut self, index: usize) {
        self.sessions += 1;
        let link = LinkId(u32::from(self.sessions));
        self.nodes[index].link = Some(link);
        let session = SessionId([self.sessions; 16]);
        self.feed(index, Input::LinkUp { link, medium: Medium::Relay, session });
    }

    pub(super) fn leave(&mut self, index: usize) {
        let Some(link) = self.nodes[index].link.take() else { return };
        let id = self.nodes[index].node.id();
        self.feed(index, Input::LinkDown { link });
        for other in 0..self.nodes.len() {
            if let Some(link) =
                self.nodes[other].link.filter(|_| self.nodes[other].group == self.nodes[index].group)
            {
                self.feed(other, Input::PeerLeft { link, peer: id });
            }
        }
    }

    /// Cuts the room in two, or heals it: everyone reconnects to the relay of its group.
    pub(super) fn regroup(&mut self, groups: &[u32]) {
        for index in 0..self.nodes.len() {
            self.leave(index);
        }
        for (index, group) in groups.iter().enumerate() {
            self.nodes[index].group = *group;
        }
        for index in 0..self.nodes.len() {
            self.join(index);
        }
        self.settle();
    }

    pub(super) fn hears(&self, a: usize, b: usize) -> bool {
        self.nodes[a].link.is_some()
            && self.nodes[b].link.is_some()
            && self.nodes[a].group == self.nodes[b].group
    }

    fn tell_joined(&mut self, index: usize, other: usize) {
        let (Some(link), peer) = (self.nodes[index].link, self.nodes[other].node.id()) else { return };
        self.feed(index, Input::PeerJoined { link, peer });
    }

    pub(super) fn feed(&mut self, index: usize, input: Input) {
        let clock = self.now.plus_ms(self.nodes[index].ahead_ms);
        self.nodes[index].node.handle(clock, input);
        while let Some(output) = self.nodes[index].node.poll() {
            match output {
                Output::Send { link, frame } => self.send(index, link, frame),
                Output::Job(job) => self.nodes[index].job = job,
                other => self.nodes[index].seen.push(other),
            }
        }
    }

    pub(super) fn send(&mut self, from: usize, link: LinkId, frame: crate::wire::UnsealedFrame) {
        assert_eq!(self.nodes[from].link, Some(link), "a node sends on open links only");
        let recipient = frame.recipient;
        // `GetHeaders`, `GetBodies` and `GetBlockTransactions`.
        let question =
            Message::decode(&frame.payload).ok().filter(|_| matches!(frame.payload[0], 7 | 9 | 15));
        let kind = frame.payload[0];
        let bytes = frame.seal(&self.nodes[from].key);
        self.nodes[from].sent.push((kind, bytes.len()));
        for to in 0..self.nodes.len() {
            let meant = recipient.is_none_or(|recipient| recipient == self.nodes[to].node.id());
            if let Some(question) = question.as_ref().filter(|_| meant && self.deaf.contains(&to)) {
                self.unheard.push(to);
                self.questions.push_back((to, question.clone()));
            } else if to != from && meant && self.hears(from, to) {
                self.wire.push_back((from, to, bytes.clone()));
            }
        }
    }

    /// A node says something, whatever it is, and it arrives: to a peer, or to all.
    pub(super) fn say(&mut self, from: usize, to: Option<usize>, message: &Message) {
        let recipient = to.map(|to| self.nodes[to].node.id());
        let link = self.nodes[from].link.expect("a link");
        let frame = self.nodes[from].node.peers.frame(link, recipient, message).expect("the link is open");
        self.send(from, link, frame);
        self.settle();
    }

    /// Gives a node the blocks of its store.
    pub(super) fn restore(&mut self, index: usize, blocks: &[Block]) {
        for block in blocks {
            self.nodes[index].node.restore(self.now, block.clone()).expect("a valid block");
        }
    }

    /// Delivers everything that is under way, and what it leads to.
    pub(super) fn settle(&mut self) {
        for _ in 0..100_000 {
            let Some((from, to, bytes)) = self.wire.pop_front() else { return };
            let awake = self.asleep != Some(to);
            if let Some(link) = self.nodes[to].link.filter(|_| awake && self.hears(from, to)) {
                self.delivered.push((from, to, bytes.clone()));
                self.feed(to, Input::Received { link, bytes });
            }
        }
        panic!("the network does not come to rest");
    }

    /// Lets time pass second by second.
    pub(super) fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now = self.now.plus_ms(1000);
            for index in 0..self.nodes.len() {
                if self.asleep != Some(index) {
                    self.feed(index, Input::Tick);
                }
            }
            self.settle();
        }
    }

    /// A node finds a block, ten seconds after the last.
    pub(super) fn mine(&mut self, index: usize) {
        self.wait(10);
        self.find(index);
    }

    /// A node finds a block now.
    pub(super) fn find(&mut self, index: usize) {
        self.feed(index, Input::Mine(Some(address(u8::try_from(index).expect("few nodes") + 1))));
        let job = self.nodes[index].job.clone().expect("a job");
        let mut header = job.header;
        while !job.target.is_met_by(&header.hash()) {
            header.nonce += 1;
        }
        self.feed(index, Input::Mined { job: job.id, nonce: header.nonce });
        self.feed(index, Input::Mine(None));
        assert!(self.nodes[index].job.is_none(), "a miner that is switched off stops");
    }

    /// A node finds so many blocks, each everywhere before the next.
    pub(super) fn mine_many(&mut self, index: usize, blocks: u32) {
        for _ in 0..blocks {
            self.mine(index);
            self.settle();
        }
    }

    pub(super) fn height(&self, index: usize) -> u32 {
        self.nodes[index].node.chain().height().0
    }

    pub(super) fn assert_agreement(&self) {
        for player in &self.nodes[1..] {
            assert_eq!(player.node.chain().tip(), self.nodes[0].node.chain().tip());
            assert_eq!(player.node.chain().ledger(), self.nodes[0].node.chain().ledger());
        }
    }

    pub(super) fn outcomes(&mut self, index: usize) -> Vec<SyncOutcome> {
        let seen = std::mem::take(&mut self.nodes[index].seen);
        let outcome = |output| match output {
            Output::Synced(outcome) => Some(outcome),
            _ => None,
        };
        seen.into_iter().filter_map(outcome).collect()
    }

    pub(super) fn pay(
        &mut self,
        index: usize,
        to: u8,
        amount: u64,
        nonce: u64,
    ) -> Result<TransactionId, MempoolError> {
        let genesis = self.nodes[index].node.chain().genesis();
        let from = u8::try_from(index).expect("few nodes") + 1;
        self.feed(index, Input::Submit(pay(&genesis, from, to, amount, nonce)));
        let submitted = self.nodes[index].seen.iter().rev().find_map(|output| match output {
            Output::Submitted(result) => Some(result.clone()),
            _ => None,
        });
        submitted.expect("every submission is answered")
    }
}
