//! The relay that lies: what it does with each envelope that the real [`relay::Rooms`] have for a member, and what it
//! says by itself. It reads everything and holds no node's key.
#![expect(clippy::wildcard_enum_match_arm, reason = "a lie is looked at where it differs from the truth")]

use std::collections::{BTreeMap, BTreeSet};

use node_wasm::codec::encode;
use node_wasm::crypto::{SecretKey, Signature};
use node_wasm::peer::Peers;
use node_wasm::primitives::{BlockHash, PeerId, Target};
use node_wasm::units::{Height, Timestamp};
use node_wasm::wire::relay::FromRelay;
use node_wasm::wire::{Frame, Message, SessionId, Status, Tip};
use relay::rooms::SocketId;

/// A part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Genesis,
    Origin,
    Session,
    Sequence,
    Recipient,
    Payload,
    Signature,
}

/// What the relay does to its targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lie {
    /// Nothing.
    #[default]
    Honest,
    /// Loses everything.
    DropAll,
    /// Loses everything of those that are nodes, nothing of the liar among the members.
    DropHonest,
    /// Loses every other frame.
    DropHalf,
    /// Loses blocks, headers and bodies; signs of life pass.
    DropChain,
    /// Loses those and every word of a tip, so that the room seems to stand still.
    StaleTip,
    /// Everything comes so much later, in milliseconds.
    Delay(u64),
    /// Everything comes up to three seconds later, in any order.
    Reorder,
    /// Everything comes twice.
    Duplicate,
    /// One frame in five seconds.
    Drip,
    /// Changes one part of every frame.
    Mutate(Field),
    /// Gives every frame to another member as its sender.
    WrongSender,
    /// Adds bytes that are no frame.
    Garbage,
    /// Adds frames in the members' names and sessions that they never signed.
    Inject,
    /// Adds greetings in the members' names with a key of its own.
    Impersonate,
    /// Adds greetings and whole conversations with keys of nobody in the room.
    InventPeers,
    /// Says again and again that everyone left.
    FalseLeft,
    /// Says again and again that everyone came.
    FalseJoined,
    /// Says that everyone left and came, and plays what they said before.
    Replay,
    /// Shows the targets a room of their own.
    Split,
    /// Shows each target an empty room.
    Empty,
}

#[derive(Debug, Default)]
pub(super) struct Double {
    pub(super) lie: Lie,
    /// Whom it lies to.
    pub(super) targets: Vec<PeerId>,
    /// Whose connection each socket is.
    pub(super) sockets: BTreeMap<SocketId, PeerId>,
    /// Everyone who ever joined.
    members: BTreeSet<PeerId>,
    /// What a target was to hear from a node while the relay was honest.
    recorded: BTreeMap<(PeerId, PeerId), Vec<Vec<u8>>>,
    /// When a target last got what a node had just said.
    heard: BTreeMap<(PeerId, PeerId), Timestamp>,
    /// The member without a node, if there is one.
    pub(super) ghost: Option<PeerId>,
    count: u64,
    dripped: Timestamp,
}

impl Double {
    /// When `target` last got what `from` had just said.
    pub(super) fn heard(&self, target: &PeerId, from: &PeerId) -> Option<Timestamp> {
        self.heard.get(&(*target, *from)).copied()
    }

    /// What becomes of an envelope: what is sent instead, and after how many milliseconds.
    pub(super) fn tamper(
        &mut self,
        now: Timestamp,
        socket: SocketId,
        said: FromRelay,
    ) -> Vec<(u64, FromRelay)> {
        let Some(to) = self.sockets.get(&socket).copied() else { return vec![(0, said)] };
        if let FromRelay::PeerJoined { peer } = &said {
            self.members.insert(*peer);
        }
        self.members.insert(to);
        let is_target = self.targets.contains(&to);
        match &said {
            FromRelay::Deliver { from, bytes } => {
                if self.lie == Lie::Honest {
                    self.recorded.entry((to, *from)).or_default().push(bytes.clone());
                }
                let sent =
                    if is_target { self.frame(now, to, *from, bytes) } else { vec![(0, said.clone())] };
                let genuine = |(_, other): &&(u64, FromRelay)| *other == said;
                if let Some((after_ms, _)) = sent.iter().find(genuine) {
                    self.heard.insert((to, *from), now.plus_ms(*after_ms));
                }
                sent
            }
            FromRelay::PeerJoined { peer } if is_target && self.hides(*peer) => Vec::new(),
            FromRelay::Welcome { peers, limits, resume } if is_target => {
                let peers = peers.iter().copied().filter(|peer| !self.hides(*peer)).collect();
                vec![(0, FromRelay::Welcome { peers, limits: *limits, resume: *resume })]
            }
            FromRelay::Welcome { .. }
            | FromRelay::PeerJoined { .. }
            | FromRelay::PeerLeft { .. }
            | FromRelay::Pong { .. }
            | FromRelay::Bye { .. } => vec![(0, said)],
        }
    }

    /// Whether targets are not shown a member.
    fn hides(&self, member: PeerId) -> bool {
        match self.lie {
            Lie::Empty => true,
            Lie::Split => !self.targets.contains(&member),
            _ => false,
        }
    }

    /// What becomes of a frame for a target.
    fn frame(&mut self, now: Timestamp, to: PeerId, from: PeerId, bytes: &[u8]) -> Vec<(u64, FromRelay)> {
        self.count += 1;
        let as_it_is = FromRelay::Deliver { from, bytes: bytes.to_vec() };
        let kind = Frame::decode(bytes).ok().and_then(|frame| frame.unsealed.payload.first().copied());
        // Hello 1, Status 2, Block 6, Headers 8, Bodies 10; what else carries blocks has other numbers than these.
        let lively = matches!(kind, Some(1..=5 | 7 | 9 | 11..=14));
        let passes = match self.lie {
            Lie::DropAll | Lie::Replay => false,
            Lie::DropHonest => Some(from) == self.ghost,
            Lie::DropHalf => self.count.is_multiple_of(2),
            Lie::DropChain => lively,
            Lie::StaleTip => lively && kind != Some(2),
            Lie::Drip => now.ms_since(self.dripped) >= 5_000,
            Lie::Split | Lie::Empty => !self.hides(from),
            _ => true,
        };
        if !passes {
            return Vec::new();
        }
        self.dripped = now;
        match self.lie {
            Lie::Delay(ms) => vec![(ms, as_it_is)],
            Lie::Reorder => vec![(self.count * 7_919 % 3_000, as_it_is)],
            Lie::Duplicate => vec![(0, as_it_is.clone()), (0, as_it_is)],
            Lie::Mutate(field) => {
                let bytes = mutated(bytes, field, to);
                vec![(0, FromRelay::Deliver { from, bytes })]
            }
            Lie::WrongSender => {
                let other = self.members.iter().copied().find(|member| *member != from && *member != to);
                vec![(0, FromRelay::Deliver { from: other.unwrap_or(to), bytes: bytes.to_vec() })]
            }
            _ => vec![(0, as_it_is)],
        }
    }

    /// What the relay says to its targets by itself, each second.
    pub(super) fn inject(&mut self, now: Timestamp) -> Vec<(SocketId, FromRelay)> {
        let mut said = Vec::new();
        // The last socket of each.
        let sockets: BTreeMap<PeerId, SocketId> =
            self.sockets.iter().map(|(socket, peer)| (*peer, *socket)).collect();
        for target in self.targets.clone() {
            let Some(socket) = sockets.get(&target).copied() else { continue };
            let others: Vec<PeerId> = self.members.iter().copied().filter(|peer| *peer != target).collect();
            let envelopes = self.say(now, target, &others);
            said.extend(envelopes.into_iter().map(|envelope| (socket, envelope)));
        }
        said
    }

    fn say(&mut self, now: Timestamp, to: PeerId, others: &[PeerId]) -> Vec<FromRelay> {
        let left = |peer: &PeerId| FromRelay::PeerLeft { peer: *peer };
        let joined = |peer: &PeerId| FromRelay::PeerJoined { peer: *peer };
        let at = |every_s: u64| (now.0 / 1000).is_multiple_of(every_s);
        match self.lie {
            Lie::Garbage => others.iter().flat_map(|from| self.garbage(*from)).collect(),
            Lie::Inject => others.iter().flat_map(|from| self.forged(to, *from)).collect(),
            Lie::Impersonate => others.iter().flat_map(|from| self.impersonated(to, *from)).collect(),
            Lie::InventPeers => (0..10).flat_map(|_| self.invented()).collect(),
            Lie::FalseLeft if at(5) => others.iter().map(left).collect(),
            Lie::FalseJoined => others.iter().map(joined).collect(),
            Lie::Split | Lie::Empty => others.iter().filter(|peer| self.hides(**peer)).map(left).collect(),
            Lie::Replay if at(10) => {
                let mut said: Vec<FromRelay> =
                    others.iter().flat_map(|peer| [left(peer), joined(peer)]).collect();
                for from in others {
                    let played = self.recorded.get(&(to, *from)).into_iter().flatten();
                    said.extend(played.map(|bytes| FromRelay::Deliver { from: *from, bytes: bytes.clone() }));
                }
                said
            }
            _ => Vec::new(),
        }
    }

    fn garbage(&mut self, from: PeerId) -> Vec<FromRelay> {
        self.count += 1;
        let noise: Vec<u8> = (0..self.count % 200).map(|n| (n * self.count).to_le_bytes()[0]).collect();
        let named = [&[0; 32][..], &from.0, &noise].concat();
        [noise, named].map(|bytes| FromRelay::Deliver { from, bytes }).to_vec()
    }

    /// Frames in the newest known session of a member, signed by nobody, and by somebody else.
    fn forged(&mut self, to: PeerId, from: PeerId) -> Vec<FromRelay> {
        self.count += 1;
        let Some(last) = self.recorded.get(&(to, from)).and_then(|frames| frames.last()) else {
            return Vec::new();
        };
        let real = Frame::decode(last).expect("a node's own frame");
        let lies = [
            Message::Status(Status { tip: untrue_tip(), mempool: 9 }),
            Message::NotFound(vec![BlockHash([1; 32])]),
            Message::Headers(Vec::new()),
        ];
        let forge = |message: &Message| {
            let mut unsealed = real.unsealed.clone();
            (unsealed.sequence, unsealed.payload) =
                (unsealed.sequence + 1_000 + self.count, message.encode());
            let stolen = unsealed.clone().seal(&SecretKey::derive(b"thief", "adversary"));
            [encode(&Frame { unsealed, signature: real.signature }), stolen]
        };
        let frames = lies.iter().flat_map(forge);
        frames.map(|bytes| FromRelay::Deliver { from, bytes }).collect()
    }

    /// Greetings in a member's name: with a key of the relay's own, and with the member's key and a foreign signature.
    fn impersonated(&mut self, to: PeerId, from: PeerId) -> Vec<FromRelay> {
        self.count += 1;
        let thief = SecretKey::derive(b"thief", "adversary");
        let Some(last) = self.recorded.get(&(to, from)).and_then(|frames| frames.first()) else {
            return Vec::new();
        };
        let real = Frame::decode(last).expect("a node's own frame");
        let mut session = [9; 16];
        session[..8].copy_from_slice(&self.count.to_le_bytes());
        let status = Status { tip: untrue_tip(), mempool: 0 };
        let mut hello = Peers::hello(thief.public(), None, status);
        let mut frames = Vec::new();
        for _ in 0..2 {
            let mut unsealed = real.unsealed.clone();
            unsealed.session = SessionId(session);
            unsealed.payload = hello.encode();
            frames.push(FromRelay::Deliver { from, bytes: unsealed.seal(&thief) });
            if let Ok(Message::Hello(real)) = Message::decode(&real.unsealed.payload) {
                hello = Peers::hello(real.key, None, status);
            }
        }
        frames
    }

    /// A member that nobody is, named and heard once.
    fn invented(&mut self) -> Vec<FromRelay> {
        self.count += 1;
        let mut peer = PeerId([0xab; 20]);
        peer.0[..8].copy_from_slice(&self.count.to_le_bytes());
        vec![
            FromRelay::PeerJoined { peer },
            FromRelay::Deliver { from: peer, bytes: [&[0; 32][..], &peer.0].concat() },
        ]
    }
}

/// A tip that no chain has.
pub(super) fn untrue_tip() -> Tip {
    let work = Target::for_hashes(1 << 50).work();
    Tip { hash: BlockHash([0xee; 32]), height: Height(1_000_000), work }
}

fn mutated(bytes: &[u8], field: Field, to: PeerId) -> Vec<u8> {
    let mut frame = Frame::decode(bytes).expect("a node's own frame");
    let unsealed = &mut frame.unsealed;
    match field {
        Field::Genesis => unsealed.genesis.0[0] ^= 1,
        Field::Origin => unsealed.origin.0[0] ^= 1,
        Field::Session => unsealed.session.0[0] ^= 1,
        Field::Sequence => unsealed.sequence += 1,
        Field::Recipient => {
            unsealed.recipient = if unsealed.recipient.is_some() { None } else { Some(to) };
        }
        Field::Payload => {
            let last = unsealed.payload.len() - 1;
            unsealed.payload[last] ^= 1;
        }
        Field::Signature => frame.signature = Signature(frame.signature.0.map(|byte| byte ^ 1)),
    }
    encode(&frame)
}
