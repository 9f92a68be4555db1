//! Who is in which room, and who hears what: the relay's behaviour, without its sockets.
//!
//! Guarantees: only a member publishes, and only into its own room; every member of a room sees the same joins and
//! leaves, in one order; an id has one socket at a time; a socket that breaks a rule is told why and is gone, with
//! nobody else touched; a room costs nothing once it is empty. Everything is held to [`crate::limits`].
//!
//! [`Rooms`] is driven by three verbs: `handle` an input, drain `poll`, and come back with a `Tick` by
//! `next_timeout`. Any clock will do that does not run backwards. Left out: what the payloads mean, and whether a
//! peer is who it says, which peers prove to each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use node_wasm::codec::{decode, encode};
use node_wasm::primitives::PeerId;
use node_wasm::token_bucket::TokenBucket;
use node_wasm::units::{RoomName, Timestamp};
use node_wasm::wire::relay::{
    ByeCode, FromRelay, RELAY_FRAME_BYTES_MAX, RELAY_VERSION, RelayLimits, ResumeToken, ToRelay,
};

use crate::limits::{
    BYTES_BURST, BYTES_PER_SECOND, CAST_BYTES_BURST, CAST_BYTES_PER_SECOND, FULL_RETRY_MS, IDLE_MS_MAX,
    JOIN_MS_MAX, MEMBERS_MAX, MESSAGES_BURST, MESSAGES_PER_SECOND, PACE_RETRY_MS, RESTART_RETRY_MS,
    ROOMS_MAX, SOCKETS_MAX, TAKEOVER_SILENCE_MS,
};

#[cfg(test)]
mod tests;

/// The host's name for a connection; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// A connection came up.
    Opened {
        /// Its name.
        socket: SocketId,
        /// Fresh random bytes, handed to the client should it become a member.
        resume: ResumeToken,
    },
    /// A binary message came in.
    Received {
        /// From where.
        socket: SocketId,
        /// All of it.
        bytes: Bytes,
    },
    /// The host saw a connection do what it may not: no binary message, too much, or not reading what it is sent.
    Failed {
        /// Which.
        socket: SocketId,
        /// What it did.
        code: ByeCode,
    },
    /// A connection is gone.
    Closed {
        /// Which.
        socket: SocketId,
    },
    /// The moment of `next_timeout` has come.
    Tick,
    /// The relay is about to stop: everyone is sent away, and so is who comes after.
    Shutdown,
}

/// What the host has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a binary message. A cast is encoded once, and its bytes are shared.
    Send {
        /// To where.
        socket: SocketId,
        /// An encoded [`FromRelay`].
        bytes: Bytes,
    },
    /// Send a last binary message, then close. Nothing follows for this socket, and what it still sends is ignored.
    Close {
        /// Which.
        socket: SocketId,
        /// Whose [`ByeCode::number`] is the close code.
        code: ByeCode,
        /// The encoded [`FromRelay::Bye`].
        bye: Bytes,
    },
}

/// The sockets, and the rooms that they have joined.
#[derive(Debug, Default)]
pub struct Rooms {
    sockets: BTreeMap<SocketId, Socket>,
    /// Never an empty one.
    rooms: BTreeMap<RoomName, BTreeMap<PeerId, SocketId>>,
    /// One entry per socket: when to look whether it has gone silent, never later than that may be.
    deadlines: BTreeSet<(Timestamp, SocketId)>,
    outputs: VecDeque<Output>,
    ended: BTreeMap<ByeCode, u64>,
    stopping: bool,
}

#[derive(Debug)]
struct Socket {
    resume: ResumeToken,
    member: Option<Member>,
    opened: Timestamp,
    heard: Timestamp,
    /// The time of this socket's entry in `deadlines`.
    deadline: Timestamp,
    messages: TokenBucket,
    bytes: TokenBucket,
    cast_bytes: TokenBucket,
}

#[derive(Clone, Debug)]
struct Member {
    room: RoomName,
    peer: PeerId,
}

/// Why a connection has to end, and when its client may try again.
struct Refusal {
    code: ByeCode,
    retry_after_ms: u32,
}

impl Rooms {
    /// What a client has to keep to.
    pub const LIMITS: RelayLimits = RelayLimits {
        frame_bytes_max: RELAY_FRAME_BYTES_MAX as u32,
        members_max: MEMBERS_MAX as u32,
        idle_ms_max: IDLE_MS_MAX,
    };

    /// Takes in what happened. Drain [`Self::poll`] before the next call.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        match input {
            Input::Opened { socket, resume } => self.open(now, socket, resume),
            Input::Received { socket, bytes } => {
                if let Err(refusal) = self.receive(now, socket, &bytes) {
                    self.end(socket, refusal);
                }
            }
            Input::Failed { socket, code } => self.end(socket, code.into()),
            Input::Closed { socket } => self.remove(socket),
            Input::Tick => self.tick(now),
            Input::Shutdown => self.stop(),
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with a [`Input::Tick`].
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// How many rooms have members.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// How many connections are open.
    #[must_use]
    pub fn socket_count(&self) -> usize {
        self.sockets.len()
    }

    /// How many connections the relay has ended, by reason.
    #[must_use]
    pub const fn ended(&self) -> &BTreeMap<ByeCode, u64> {
        &self.ended
    }

    fn open(&mut self, now: Timestamp, id: SocketId, resume: ResumeToken) {
        if self.stopping {
            return self.close(id, ByeCode::Shutdown.into());
        }
        if self.sockets.len() >= SOCKETS_MAX {
            return self.close(id, ByeCode::Full.into());
        }
        let deadline = now.plus_ms(JOIN_MS_MAX);
        let socket = Socket {
            resume,
            member: None,
            opened: now,
            heard: now,
            deadline,
            messages: TokenBucket::new(now, MESSAGES_BURST, MESSAGES_PER_SECOND),
            bytes: TokenBucket::new(now, BYTES_BURST, BYTES_PER_SECOND),
            cast_bytes: TokenBucket::new(now, CAST_BYTES_BURST, CAST_BYTES_PER_SECOND),
        };
        self.sockets.insert(id, socket);
        self.deadlines.insert((deadline, id));
    }

    fn receive(&mut self, now: Timestamp, id: SocketId, bytes: &[u8]) -> Result<(), Refusal> {
        // What a socket that has ended had still under way.
        let Some(socket) = self.sockets.get_mut(&id) else { return Ok(()) };
        socket.heard = now;
        if bytes.len() > RELAY_FRAME_BYTES_MAX {
            return Err(ByeCode::TooLarge.into());
        }
        if !socket.messages.spend(now, 1) || !socket.bytes.spend(now, bytes.len() as u64) {
            return Err(ByeCode::TooFast.into());
        }
        let envelope = decode::<ToRelay>(bytes).map_err(|_| ByeCode::Malformed)?;
        match (envelope, socket.member.clone()) {
            (ToRelay::Join { version, .. }, _) if version != RELAY_VERSION => Err(ByeCode::Version.into()),
            (ToRelay::Join { room, peer, resume, .. }, None) => {
                self.join(now, id, Member { room, peer }, resume)
            }
            (ToRelay::Cast { bytes }, Some(member)) => {
                if !socket.cast_bytes.spend(now, bytes.len() as u64) {
                    return Err(ByeCode::TooFast.into());
                }
                self.cast(&member, bytes)
            }
            (ToRelay::To { peer, bytes }, Some(member)) => self.deliver(&member, peer, bytes),
            (ToRelay::Ping { token }, Some(_)) => {
                self.send(id, &FromRelay::Pong { token });
                Ok(())
            }
            // Join comes first, and once.
            (ToRelay::Join { .. }, Some(_))
            | (ToRelay::Cast { .. } | ToRelay::To { .. } | ToRelay::Ping { .. }, None) => {
                Err(ByeCode::Malformed.into())
            }
        }
    }

    fn join(
        &mut self,
        now: Timestamp,
        id: SocketId,
        member: Member,
        resume: Option<ResumeToken>,
    ) -> Result<(), Refusal> {
        self.free_id(now, &member, resume)?;
        let full = match self.rooms.get(&member.room) {
            Some(members) => members.len() >= MEMBERS_MAX,
            None => self.rooms.len() >= ROOMS_MAX,
        };
        if full {
            return Err(ByeCode::Full.into());
        }
        let Some(socket) = self.sockets.get_mut(&id) else { return Ok(()) };
        socket.member = Some(member.clone());
        let resume = socket.resume;
        let members = self.rooms.entry(member.room.clone()).or_default();
        let peers = members.keys().copied().collect();
        members.insert(member.peer, id);
        self.send(id, &FromRelay::Welcome { peers, limits: Self::LIMITS, resume });
        self.send_others(&member, &FromRelay::PeerJoined { peer: member.peer });
        Ok(())
    }

    /// Ends the socket that holds the newcomer's id, if the newcomer may have it. The room sees a leave and then a
    /// join, because a member's session with each other ends with its socket.
    fn free_id(
        &mut self,
        now: Timestamp,
        member: &Member,
        resume: Option<ResumeToken>,
    ) -> Result<(), Refusal> {
        let holder = self.rooms.get(&member.room).and_then(|members| members.get(&member.peer)).copied();
        let Some((id, socket)) = holder.and_then(|id| Some((id, self.sockets.get(&id)?))) else {
            return Ok(());
        };
        let silent_ms = now.ms_since(socket.heard);
        if resume != Some(socket.resume) && silent_ms < TAKEOVER_SILENCE_MS {
            let retry_after_ms = u32::try_from(TAKEOVER_SILENCE_MS - silent_ms).unwrap_or(u32::MAX);
            return Err(Refusal { code: ByeCode::IdInUse, retry_after_ms });
        }
        self.end(id, ByeCode::Replaced.into());
        Ok(())
    }

    fn cast(&mut self, from: &Member, bytes: Vec<u8>) -> Result<(), Refusal> {
        let bytes = envelope(from.peer, bytes)?;
        self.send_others_bytes(from, &bytes);
        Ok(())
    }

    fn deliver(&mut self, from: &Member, to: PeerId, bytes: Vec<u8>) -> Result<(), Refusal> {
        let bytes = envelope(from.peer, bytes)?;
        // A peer that has just left: its sender hears of it by PeerLeft.
        let receiver = self.rooms.get(&from.room).and_then(|members| members.get(&to)).copied();
        if let Some(socket) = receiver {
            self.outputs.push_back(Output::Send { socket, bytes });
        }
        Ok(())
    }

    fn tick(&mut self, now: Timestamp) {
        while let Some(&(at, id)) = self.deadlines.first() {
            if at > now {
                break;
            }
            let Some(socket) = self.sockets.get_mut(&id) else {
                self.deadlines.pop_first();
                continue;
            };
            let deadline = socket.silent_until();
            if deadline <= now {
                self.end(id, ByeCode::Idle.into());
            } else {
                socket.deadline = deadline;
                self.deadlines.pop_first();
                self.deadlines.insert((deadline, id));
            }
        }
    }

    fn stop(&mut self) {
        self.stopping = true;
        // Everyone leaves at once: nobody is told of the others.
        self.rooms.clear();
        self.deadlines.clear();
        for id in std::mem::take(&mut self.sockets).into_keys() {
            self.close(id, ByeCode::Shutdown.into());
        }
    }

    fn end(&mut self, id: SocketId, refusal: Refusal) {
        if self.sockets.contains_key(&id) {
            self.close(id, refusal);
            self.remove(id);
        }
    }

    fn close(&mut self, socket: SocketId, refusal: Refusal) {
        let Refusal { code, retry_after_ms } = refusal;
        *self.ended.entry(code).or_default() += 1;
        let bye = Bytes::from(encode(&FromRelay::Bye { code, retry_after_ms }));
        self.outputs.push_back(Output::Close { socket, code, bye });
    }

    fn remove(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.remove(&id) else { return };
        self.deadlines.remove(&(socket.deadline, id));
        let Some(member) = socket.member else { return };
        if let Some(members) = self.rooms.get_mut(&member.room) {
            members.remove(&member.peer);
            if members.is_empty() {
                self.rooms.remove(&member.room);
            }
        }
        self.send_others(&member, &FromRelay::PeerLeft { peer: member.peer });
    }

    fn send(&mut self, socket: SocketId, message: &FromRelay) {
        self.outputs.push_back(Output::Send { socket, bytes: encode(message).into() });
    }

    fn send_others(&mut self, member: &Member, message: &FromRelay) {
        self.send_others_bytes(member, &encode(message).into());
    }

    fn send_others_bytes(&mut self, member: &Member, bytes: &Bytes) {
        let members = self.rooms.get(&member.room).into_iter().flatten();
        let others = members.filter(|(peer, _)| **peer != member.peer);
        self.outputs.extend(others.map(|(_, socket)| Output::Send { socket: *socket, bytes: bytes.clone() }));
    }
}

impl Socket {
    /// When this socket has been silent for too long, should it stay silent.
    fn silent_until(&self) -> Timestamp {
        match self.member {
            Some(_) => self.heard.plus_ms(u64::from(IDLE_MS_MAX)),
            None => self.opened.plus_ms(JOIN_MS_MAX),
        }
    }
}

impl From<ByeCode> for Refusal {
    /// The usual wait for each reason; 0 leaves it to the client.
    fn from(code: ByeCode) -> Self {
        let retry_after_ms = match code {
            ByeCode::Shutdown => RESTART_RETRY_MS,
            ByeCode::Full => FULL_RETRY_MS,
            ByeCode::TooFast => PACE_RETRY_MS,
            ByeCode::TooSlow
            | ByeCode::Idle
            | ByeCode::IdInUse
            | ByeCode::Replaced
            | ByeCode::Malformed
            | ByeCode::TooLarge
            | ByeCode::Version => 0,
        };
        Self { code, retry_after_ms }
    }
}

/// A payload on its way to its receivers. The limit holds in both directions.
fn envelope(from: PeerId, bytes: Vec<u8>) -> Result<Bytes, Refusal> {
    let bytes = encode(&FromRelay::Deliver { from, bytes });
    if bytes.len() > RELAY_FRAME_BYTES_MAX { Err(ByeCode::TooLarge.into()) } else { Ok(bytes.into()) }
}
