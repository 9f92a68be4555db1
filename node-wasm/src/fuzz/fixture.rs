//! Valid encodings of everything: a small room with two rival chains, payments, and what its nodes say.

use std::sync::{Arc, LazyLock};

use crate::chain::Chain;
use crate::codec::encode;
use crate::crypto::SecretKey;
use crate::primitives::{Block, BlockHash, PeerId, Transaction};
use crate::proof::PaymentProof;
use crate::testing::{START, address, block_on, easy_params, key, pay};
use crate::units::{Height, RoomName};
use crate::wire::relay::{
    ByeCode, FromRelay, RELAY_FRAME_BYTES_MAX, RELAY_VERSION, RelayLimits, ResumeToken, ToRelay,
};
use crate::wire::{CompactBlock, Hello, Message, SessionId, Status, UnsealedFrame, channel};

/// The room.
pub(super) struct Fixture {
    pub(super) genesis: BlockHash,
    /// A chain of four blocks, genesis left out; the third and the fourth confirm payments.
    pub(super) blocks: Vec<Block>,
    /// A rival of six that shares the first block.
    pub(super) rivals: Vec<Block>,
    /// Payments that hold one after another once person 1 has mined a block.
    pub(super) payments: Vec<Transaction>,
    /// Encoded messages, at least one of each kind.
    pub(super) messages: Vec<Vec<u8>>,
    /// The nodes other than the one under test.
    pub(super) peers: [SecretKey; 3],
}

/// The one room, made at its first use.
pub(super) fn fixture() -> &'static Fixture {
    static FIXTURE: LazyLock<Fixture> = LazyLock::new(Fixture::new);
    &FIXTURE
}

impl Fixture {
    fn new() -> Self {
        let genesis = easy_params().genesis().hash();
        let mut payments: Vec<_> = (0..6).map(|nonce| pay(&genesis, 1, 2, 10, nonce)).collect();
        let mut noted = pay(&genesis, 1, 3, 5, 6).payment;
        noted.data = b"a message for everyone".to_vec();
        payments.push(noted.sign(&genesis, &key(1)));
        let blocks = chain(&[], &[(1, &[]), (1, &[]), (1, &payments[..2]), (2, &payments[2..3])]);
        let rest: [(u8, &[Transaction]); 5] = [(3, &[]), (3, &payments[..1]), (3, &[]), (3, &[]), (3, &[])];
        let rivals = chain(&blocks[..1], &rest);
        let mut fixture =
            Self { genesis, blocks, rivals, payments, messages: Vec::new(), peers: [101, 102, 103].map(key) };
        fixture.messages = fixture.messages().iter().map(Message::encode).collect();
        fixture
    }

    fn messages(&self) -> Vec<Message> {
        let bodies =
            |blocks: &[Block]| blocks.iter().map(|block| (block.hash(), block.body.clone())).collect();
        let hashes = |blocks: &[Block]| blocks.iter().map(Block::hash).collect::<Vec<_>>();
        let ids = |payments: &[Transaction]| payments.iter().map(Transaction::id).collect::<Vec<_>>();
        let mut messages = vec![
            Message::Hello(self.hello(0, None)),
            Message::Hello(self.hello(1, Some(SessionId([1; 16])))),
            Message::Status(status(&self.blocks)),
            Message::Status(status(&self.rivals)),
            Message::Ping(7),
            Message::Pong(7),
            Message::Transactions(self.payments[..1].to_vec()),
            Message::Transactions(self.payments.clone()),
            Message::GetHeaders(vec![self.genesis]),
            Message::GetHeaders(hashes(&self.rivals)),
            Message::Headers(self.blocks.iter().map(|block| block.header).collect()),
            Message::Headers(self.rivals.iter().map(|block| block.header).collect()),
            Message::GetBodies(hashes(&self.blocks)),
            Message::Bodies(bodies(&self.blocks)),
            Message::Bodies(bodies(&self.rivals)),
            Message::NotFound(hashes(&self.blocks)),
            Message::GetInventory,
            Message::Inventory(ids(&self.payments)),
            Message::GetTransactions(ids(&self.payments)),
            Message::GetBlockTransactions(vec![0, 1], self.blocks[2].hash()),
        ];
        let blocks = self.blocks.iter().chain(&self.rivals);
        messages.extend(blocks.map(|block| Message::CompactBlock(Box::new(CompactBlock::new(block, 1)))));
        // What the announced blocks lack, and what the node asks for once it has heard of the longer branch.
        messages.push(Message::Transactions(self.payments.clone()));
        messages.push(Message::Bodies(bodies(&self.rivals)));
        messages
    }

    /// The greeting of a peer.
    pub(super) fn hello(&self, peer: usize, echo: Option<SessionId>) -> Hello {
        let key = self.peers[peer].public();
        Hello { version: Message::VERSION, key, echo, status: status(&self.rivals) }
    }

    /// The kinds of message that there are.
    pub(super) fn kinds(&self) -> std::collections::BTreeSet<u8> {
        self.messages.iter().map(|bytes| bytes[0]).collect()
    }

    pub(super) fn unsealed(&self) -> UnsealedFrame {
        UnsealedFrame {
            genesis: self.genesis,
            origin: PeerId::of(&self.peers[0].public()),
            session: SessionId([101; 16]),
            sequence: 1,
            recipient: Some(PeerId([4; 20])),
            payload: Vec::new(),
        }
    }

    pub(super) fn seal(&self, frame: UnsealedFrame) -> Vec<u8> {
        frame.seal(&self.peers[0])
    }

    pub(super) fn shared_blocks(&self) -> Vec<Arc<Block>> {
        self.blocks.iter().cloned().map(Arc::new).collect()
    }

    /// Both chains without their bodies.
    pub(super) fn snapshots(&self) -> Vec<Vec<u8>> {
        [&self.blocks, &self.rivals].map(|blocks| encode(&following(blocks).snapshot())).into()
    }

    /// Starts from the chains as they were at each height: with every body, without one, and with what is new first.
    pub(super) fn starts(&self) -> Vec<Vec<u8>> {
        let mut starts = Vec::new();
        for (rival, blocks) in [(0, &self.blocks), (1, &self.rivals)] {
            for height in 1..=blocks.len() {
                let snapshot = encode(&following(&blocks[..height]).snapshot());
                let stories = [0, 2, 2 << 3, 4 | 2 << 3, 2 | 2 << 3];
                starts.extend(stories.map(|story| [&[rival | story], &snapshot[..]].concat()));
            }
        }
        starts
    }

    /// That each of the first chain's payments is in it.
    pub(super) fn proofs(&self) -> Vec<Vec<u8>> {
        let chain = following(&self.blocks);
        let proofs = self.payments.iter().filter_map(|payment| PaymentProof::of(&chain, &payment.id()));
        proofs.map(|proof| proof.encode()).collect()
    }

    pub(super) fn to_relay() -> Vec<Vec<u8>> {
        let (peer, bytes) = (PeerId([1; 20]), vec![5; 40]);
        let (room, resume) = (RoomName::default(), Some(ResumeToken([2; 16])));
        [
            ToRelay::Join { version: RELAY_VERSION, room, peer, resume },
            ToRelay::Cast { bytes: bytes.clone() },
            ToRelay::To { peer, bytes },
            ToRelay::Ping { token: 3 },
        ]
        .iter()
        .map(encode)
        .collect()
    }

    pub(super) fn from_relay() -> Vec<Vec<u8>> {
        let peer = PeerId([1; 20]);
        let frame_bytes_max = u32::try_from(RELAY_FRAME_BYTES_MAX).unwrap_or(u32::MAX);
        let limits = RelayLimits { frame_bytes_max, members_max: 512, idle_ms_max: 60_000 };
        [
            FromRelay::Welcome { peers: vec![peer; 5], limits, resume: ResumeToken([2; 16]) },
            FromRelay::PeerJoined { peer },
            FromRelay::PeerLeft { peer },
            FromRelay::Deliver { from: peer, bytes: vec![5; 40] },
            FromRelay::Pong { token: 3 },
            FromRelay::Bye { code: ByeCode::TooSlow, retry_after_ms: 9 },
        ]
        .iter()
        .map(encode)
        .collect()
    }

    pub(super) fn channel() -> Vec<Vec<u8>> {
        let (from, bytes) = (PeerId([1; 20]), vec![5; 40]);
        let frame = |to| channel::Envelope::Frame { to, bytes: bytes.clone() };
        [channel::Envelope::Here { from }, frame(None), frame(Some(from))].iter().map(encode).collect()
    }

    pub(super) fn addresses() -> Vec<Vec<u8>> {
        let written = (1..4).map(|number| address(number).to_string());
        written.flat_map(|text| [text.to_uppercase().into(), text.into()]).collect()
    }

    pub(super) fn rooms() -> Vec<Vec<u8>> {
        let names = ["lobby", "class-7b", "a-room-with-a-rather-long-name-of-forty-1"];
        names.iter().flat_map(|name| [encode(name), (*name).into()]).collect()
    }
}

/// A chain of these blocks, and then one more for each miner with what it confirms.
fn chain(start: &[Block], rest: &[(u8, &[Transaction])]) -> Vec<Block> {
    let mut chain = following(start);
    let mut blocks = start.to_vec();
    for (miner, payments) in rest {
        let now = at(u64::from(chain.height().0) + 1);
        let block = block_on(&chain, now, *miner, payments);
        let outcome = chain.insert_block(now, block.clone()).expect("made for this place");
        assert_eq!(outcome.invalid, []);
        blocks.push(block);
    }
    blocks
}

/// When the block at a height was made.
fn at(height: u64) -> crate::units::Timestamp {
    START.plus_ms(10_000 * height)
}

/// The chain of these blocks.
fn following(blocks: &[Block]) -> Chain {
    let mut chain = Chain::new(easy_params());
    for block in blocks {
        chain.insert_block(at(10), block.clone()).expect("made for this room");
    }
    assert_eq!(chain.height(), Height(u32::try_from(blocks.len()).unwrap_or(u32::MAX)));
    chain
}

fn status(blocks: &[Block]) -> Status {
    Status { tip: following(blocks).tip(), mempool: 3 }
}
