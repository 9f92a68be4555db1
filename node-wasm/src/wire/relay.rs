//! The relay's envelope: how a node and the relay talk. Payloads are opaque to the relay.
//!
//! One WebSocket binary message holds one envelope, in the codec of [`crate::codec`]. A client first sends `Join`
//! and is answered by `Welcome`; publishing needs membership. Whatever breaks a rule is answered by `Bye` and the
//! end of the connection.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::primitives::PeerId;
use crate::units::RoomName;

/// The version of this envelope; a relay refuses others with [`ByeCode::Version`].
pub const RELAY_VERSION: u16 = 1;

/// The largest WebSocket message in either direction, in bytes: a whole block with room to spare.
pub const RELAY_FRAME_BYTES_MAX: usize = 1 << 20;

/// Proof of having held an id before: it takes the id over from a connection that has not noticed its own death.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ResumeToken(pub [u8; 16]);

/// What a client says to the relay.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ToRelay {
    /// Enter a room under an id. The first message of a connection, and only the first.
    Join {
        /// [`RELAY_VERSION`].
        version: u16,
        /// The room.
        room: RoomName,
        /// Who joins. The relay believes it: peers prove themselves to each other.
        peer: PeerId,
        /// From the last `Welcome`, when the id may still be taken by this client's former connection.
        resume: Option<ResumeToken>,
    },
    /// Forward to every other member.
    Cast {
        /// The payload.
        #[borsh(deserialize_with = "crate::codec::read_bytes")]
        bytes: Vec<u8>,
    },
    /// Forward to one member; nothing happens if it is gone.
    To {
        /// Who is meant.
        peer: PeerId,
        /// The payload.
        #[borsh(deserialize_with = "crate::codec::read_bytes")]
        bytes: Vec<u8>,
    },
    /// Ask for a `Pong`: a browser sees no pings of the protocol below.
    Ping {
        /// Comes back in the `Pong`.
        token: u64,
    },
}

/// What the relay says to a client.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum FromRelay {
    /// The client is a member from here on.
    Welcome {
        /// The other members, in the order of their ids.
        peers: Vec<PeerId>,
        /// What the client has to keep to.
        limits: RelayLimits,
        /// For the next `Join`.
        resume: ResumeToken,
    },
    /// Someone else has become a member.
    PeerJoined {
        /// Who.
        peer: PeerId,
    },
    /// Someone else is gone.
    PeerLeft {
        /// Who.
        peer: PeerId,
    },
    /// A payload for every member, or for this client alone.
    Deliver {
        /// The member whose connection it came in on.
        from: PeerId,
        /// The payload.
        #[borsh(deserialize_with = "crate::codec::read_bytes")]
        bytes: Vec<u8>,
    },
    /// The answer to a `Ping`.
    Pong {
        /// The `Ping`'s.
        token: u64,
    },
    /// The connection ends here.
    Bye {
        /// Why.
        code: ByeCode,
        /// How long to stay away, in milliseconds; 0 means the client's own back-off.
        retry_after_ms: u32,
    },
}

/// What a client has to keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RelayLimits {
    /// The largest WebSocket message, in bytes.
    pub frame_bytes_max: u32,
    /// The most members a room takes.
    pub members_max: u32,
    /// A connection that is silent for so many milliseconds is closed.
    pub idle_ms_max: u32,
}

/// Why the relay ends a connection: 4000-4499 may come back, 4500-4999 may not until something changes, for which a client looks
/// every five minutes. The number
/// is also the WebSocket's close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum ByeCode {
    /// 4000: the relay is going down or restarting.
    Shutdown,
    /// 4001: the connection did not read what was queued for it.
    TooSlow,
    /// 4002: nothing was heard for too long.
    Idle,
    /// 4003: too much was sent in too short a time.
    TooFast,
    /// 4004: the room, or the relay, is full.
    Full,
    /// 4005: the id is in use by a connection that is still alive, and the resume token is not its own.
    IdInUse,
    /// 4500: a newer connection took over this id.
    Replaced,
    /// 4501: bytes that are no envelope, or an envelope out of turn.
    Malformed,
    /// 4502: a message above the size limit.
    TooLarge,
    /// 4503: another version of the envelope.
    Version,
}

impl ByeCode {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Shutdown,
        Self::TooSlow,
        Self::Idle,
        Self::TooFast,
        Self::Full,
        Self::IdInUse,
        Self::Replaced,
        Self::Malformed,
        Self::TooLarge,
        Self::Version,
    ];

    /// The code of a WebSocket close code, if it is one of the relay's.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// The WebSocket close code.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Shutdown => 4000,
            Self::TooSlow => 4001,
            Self::Idle => 4002,
            Self::TooFast => 4003,
            Self::Full => 4004,
            Self::IdInUse => 4005,
            Self::Replaced => 4500,
            Self::Malformed => 4501,
            Self::TooLarge => 4502,
            Self::Version => 4503,
        }
    }

    /// Whether the client may come back as soon as it was told, and not only look now and then whether something changed.
    #[must_use]
    pub const fn may_return(self) -> bool {
        self.number() < 4500
    }

    /// The reason as a sentence for the person at the page.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Shutdown => "the relay is restarting",
            Self::TooSlow => "this tab did not keep up with the room",
            Self::Idle => "the connection was silent for too long",
            Self::TooFast => "this tab sent too much at once",
            Self::Full => "the room is full",
            Self::IdInUse => "this node is still connected elsewhere",
            Self::Replaced => "this node connected again elsewhere",
            Self::Malformed => "the relay did not understand this tab",
            Self::TooLarge => "this tab sent too large a message",
            Self::Version => "the relay speaks another version",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode, encode};
    use crate::test;

    #[test]
    fn envelopes_survive_the_codec() {
        let join = ToRelay::Join {
            version: RELAY_VERSION,
            room: RoomName::default(),
            peer: PeerId([1; 20]),
            resume: Some(ResumeToken([2; 16])),
        };
        assert_eq!(decode::<ToRelay>(&encode(&join)), Ok(join));
        let bye = FromRelay::Bye { code: ByeCode::TooSlow, retry_after_ms: 9 };
        assert_eq!(decode::<FromRelay>(&encode(&bye)), Ok(bye));
        assert!(decode::<ToRelay>(&[200, 0, 0]).is_err());
    }

    #[test]
    fn the_number_says_whether_to_come_back() {
        assert!(ByeCode::IdInUse.may_return());
        assert!(!ByeCode::Replaced.may_return());
        // Their encoding is their place.
        for (place, code) in (0_u8..).zip(ByeCode::ALL) {
            assert_eq!(encode(&code), [place]);
            assert_eq!(ByeCode::from_number(code.number()), Some(code));
        }
        assert!(decode::<ByeCode>(&[10]).is_err(), "a code that is not in the list");
    }
}
