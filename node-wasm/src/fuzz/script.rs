//! The target of the whole node: bytes are read as what happens to it, one input after another.
//!
//! Peers that hold their keys take part, so that frames get past the signature: most steps send one that is sealed
//! as it should be, around a message that is right, slightly wrong, or any bytes. Whatever comes, the node must stay
//! within its bounds, keep its books, name its next timeout, and say nothing that a peer could not read.

use super::fixture::{Fixture, fixture};
use crate::miner::Job;
use crate::node::{Config, Input, Node, Output};
use crate::peer::{LinkId, Medium};
use crate::primitives::PeerId;
use crate::testing::{START, address, easy_params, key};
use crate::units::{Amount, Height, Timestamp};
use crate::wire::{Frame, Message, SessionId, UnsealedFrame};

/// So many steps are taken of one input: more find nothing new, and each may check a signature.
const STEPS_MAX: usize = 48;
/// Links that are opened and closed.
const LINKS: u8 = 3;
/// What one input may make a node say or do: a greeting for every contact is the most.
const OUTPUTS_MAX: usize = 64;
/// Steps that have a name because seeds take them.
const LINK_UP: u8 = 1;
const JOINED: u8 = 3;
const GREET: u8 = 6;
const SAY: u8 = 7;
const SAY_ALTERED: u8 = 8;
const SUBMIT: u8 = 10;
const MINE: u8 = 11;
const SOLVE: u8 = 12;
const IMPORT: u8 = 15;

/// A node, and those who talk to it.
struct World<'a> {
    fixture: &'static Fixture,
    /// What is left of the script; where it ends, zeros follow.
    script: &'a [u8],
    now: Timestamp,
    node: Node,
    sequence: u64,
    job: Option<Job>,
}

/// Plays a script to a node.
pub fn node(bytes: &[u8]) {
    played(bytes);
}

/// Plays a script to a node, and gives the node's height at the end.
pub(super) fn played(bytes: &[u8]) -> u32 {
    let config = Config { params: easy_params(), node_key: key(100).public(), seed: 1 };
    let now = START.plus_ms(100_000);
    let node = Node::new(config, now);
    let mut world = World { fixture: fixture(), script: bytes, now, node, sequence: 0, job: None };
    for _ in 0..STEPS_MAX {
        if world.script.is_empty() {
            break;
        }
        let input = world.step();
        world.feed(input);
    }
    world.node.chain().height().0
}

/// Scripts that get far: a peer that proves itself and brings its chain, payments that are mined, a reorg.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let says = |peer: u8| (0..fixture().messages.len()).flat_map(move |index| [SAY, 0, peer, index as u8]);
    let meet = [LINK_UP, 0, JOINED, 0, 0, GREET, 0, 0, JOINED, 0, 1, GREET, 0, 1];
    let mined = [MINE, 1, SOLVE, 0, MINE, 1, SOLVE, 0, SUBMIT, 0, SUBMIT, 1, MINE, 1, SOLVE, 0];
    let altered = [SAY_ALTERED, 0, 0, 12, 40, 0, 1, SAY_ALTERED, 0, 1, 20, 90, 0, 255];
    vec![
        meet.into_iter().chain(says(0)).collect(),
        meet.into_iter().chain(mined).chain(says(1)).collect(),
        meet.into_iter().chain(altered).chain(says(1)).collect(),
        meet.into_iter().chain([IMPORT, 0, 0, 4, 0, IMPORT, 1, 0, 6, 0]).chain(says(0)).collect(),
        mined.into_iter().chain(meet).chain([0, 10, 0, 200, 13, 14, 0, 255]).collect(),
    ]
}

impl World<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.script.split_first() else { return 0 };
        self.script = rest;
        *first
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte()).min(self.script.len());
        let (bytes, rest) = self.script.split_at(length);
        self.script = rest;
        bytes.to_vec()
    }

    fn link(&mut self) -> LinkId {
        LinkId(u32::from(self.byte() % LINKS))
    }

    /// What happens next.
    fn step(&mut self) -> Input {
        match self.byte() % 16 {
            LINK_UP => {
                let link = self.link();
                let medium = if link.0 == 0 { Medium::Relay } else { Medium::Broadcast };
                Input::LinkUp { link, medium, session: own_session(link) }
            }
            2 => Input::LinkDown { link: self.link() },
            JOINED => Input::PeerJoined { link: self.link(), peer: self.peer_id() },
            4 => Input::PeerLeft { link: self.link(), peer: self.peer_id() },
            5 => Input::Received { link: self.link(), bytes: self.bytes() },
            GREET => {
                let (link, peer) = (self.link(), self.peer());
                let hello = self.fixture.hello(peer, Some(own_session(link)));
                self.received(link, peer, Message::Hello(hello).encode())
            }
            SAY => {
                let (link, peer, payload) = (self.link(), self.peer(), self.payload());
                self.received(link, peer, payload)
            }
            SAY_ALTERED => {
                let (link, peer, mut payload) = (self.link(), self.peer(), self.payload());
                self.alter(&mut payload);
                self.received(link, peer, payload)
            }
            9 => {
                let (link, peer, payload) = (self.link(), self.peer(), self.bytes());
                self.received(link, peer, payload)
            }
            SUBMIT => {
                let index = usize::from(self.byte()) % self.fixture.payments.len();
                Input::Submit(self.fixture.payments[index].clone())
            }
            MINE => Input::Mine((self.byte() > 0).then(|| address(1))),
            SOLVE => self.solution(),
            13 => Input::Woke,
            14 => Input::Sync,
            IMPORT => self.import(),
            _ => {
                self.now = self.now.plus_ms(u64::from(self.byte()).pow(2));
                Input::Tick
            }
        }
    }

    fn peer(&mut self) -> usize {
        usize::from(self.byte()) % self.fixture.peers.len()
    }

    fn peer_id(&mut self) -> PeerId {
        let peer = self.peer();
        PeerId::of(&self.fixture.peers[peer].public())
    }

    fn payload(&mut self) -> Vec<u8> {
        let index = usize::from(self.byte()) % self.fixture.messages.len();
        self.fixture.messages[index].clone()
    }

    fn alter(&mut self, bytes: &mut [u8]) {
        let at = usize::from(u16::from_le_bytes([self.byte(), self.byte()])) % bytes.len().max(1);
        let change = self.byte();
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= change;
        }
    }

    /// A frame as a peer seals it, in its one session, with a sequence number that rises.
    fn received(&mut self, link: LinkId, peer: usize, payload: Vec<u8>) -> Input {
        self.sequence += 1;
        let key = &self.fixture.peers[peer];
        let frame = UnsealedFrame {
            genesis: self.fixture.genesis,
            origin: PeerId::of(&key.public()),
            session: SessionId([101; 16]),
            sequence: self.sequence,
            recipient: Some(self.node.id()),
            payload,
        };
        Input::Received { link, bytes: frame.seal(key) }
    }

    /// A nonce for the job at hand: the right one, or, some way on, most often a wrong one.
    fn solution(&mut self) -> Input {
        let skip = u32::from(self.byte());
        let Some(job) = &self.job else { return Input::Mined { job: 1, nonce: skip } };
        let mut header = job.header;
        while !job.target.is_met_by(&header.hash()) {
            header.nonce = header.nonce.wrapping_add(1);
        }
        Input::Mined { job: job.id, nonce: header.nonce.wrapping_add(skip) }
    }

    /// A part of one of the two chains, of which one byte may differ.
    fn import(&mut self) -> Input {
        let source = if self.byte().is_multiple_of(2) { &self.fixture.blocks } else { &self.fixture.rivals };
        let (skip, count) = (usize::from(self.byte() % 8), usize::from(self.byte() % 8));
        let mut blocks: Vec<_> = source.iter().skip(skip).take(count).cloned().collect();
        let change = self.byte();
        if let Some(block) = blocks.last_mut().filter(|_| change > 0) {
            block.body.coinbase.reward = Amount(u64::from(change) << (change % 64));
        }
        Input::Import(blocks)
    }

    /// Feeds an input, and looks at what came of it.
    fn feed(&mut self, input: Input) {
        self.node.handle(self.now, input);
        let mut outputs = 0;
        while let Some(output) = self.node.poll() {
            outputs += 1;
            match output {
                Output::Send { frame, .. } => check_sent(&frame),
                Output::Job(job) => self.job = job,
                Output::Chain(_)
                | Output::Submitted(_)
                | Output::Synced(_)
                | Output::Imported { .. }
                | Output::Mempool(_)
                | Output::Event(_) => {}
            }
        }
        assert!(outputs <= OUTPUTS_MAX, "{outputs} outputs of one input");
        let due = self.node.next_timeout().expect("a node always waits for something");
        assert!(due.ms_since(self.now) <= 1000, "the next timeout is too far away");
        for bound in self.node.bounds() {
            assert!(bound.size <= bound.max, "{bound:?}");
        }
        let chain = self.node.chain();
        let created = (1..=chain.height().0).map(|height| chain.params().subsidy_at(Height(height)).0).sum();
        assert_eq!(chain.ledger().supply(), Some(Amount(created)), "the supply is that of the height");
    }
}

/// The node's session on a link: a peer that greets has to echo it.
fn own_session(link: LinkId) -> SessionId {
    SessionId([link.0.to_le_bytes()[0] + 1; 16])
}

/// What the node says, its peers can read.
fn check_sent(frame: &UnsealedFrame) {
    let message = Message::decode(&frame.payload).expect("a node sends messages of its own version");
    assert!(message.encode() == frame.payload, "one message has one encoding");
    assert!(frame.payload.len() + 256 < Frame::BYTES_MAX, "a frame that the relay refuses");
}
