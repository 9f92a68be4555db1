//! Messages: what nodes say to each other. One byte of kind, then the fields in the codec.
//!
//! A kind that this version does not know is skipped, so that a newer node can say more. Every list has a limit
//! that is checked when it is read; a sender keeps to the same limits.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec::{decode, encode};
use crate::crypto::PublicKey;
use crate::primitives::{BlockHash, Body, Header, Transaction, TransactionId, Work};
use crate::units::Height;
use crate::wire::{CompactBlock, SessionId};

/// The best block that a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Tip {
    /// Its hash.
    pub hash: BlockHash,
    /// Its height.
    pub height: Height,
    /// The work of the whole chain up to it.
    pub work: Work,
}

/// What a node has: a sign of life, and what others compare with their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Status {
    /// Its best block.
    pub tip: Tip,
    /// The digest of its mempool: equal for equal sets of payments.
    pub mempool: u64,
}

/// How a node introduces itself. The frame around it carries the session, and the signature that proves the key.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Hello {
    /// [`Message::VERSION`].
    pub version: u16,
    /// The node key, of which the origin's id is the hash.
    pub key: PublicKey,
    /// The greeted peer's session, once known: it shows that this greeting is not a recording.
    pub echo: Option<SessionId>,
    /// What the node has.
    pub status: Status,
}

/// What nodes say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The handshake.
    Hello(Hello),
    /// A sign of life, and a reason to sync when the tip has more work.
    Status(Status),
    /// Ask for a `Pong`.
    Ping(u64),
    /// The answer to a `Ping`.
    Pong(u64),
    /// Payments, new to the sender or asked for.
    Transactions(Vec<Transaction>),
    /// A new block.
    CompactBlock(Box<CompactBlock>),
    /// Ask for the headers after the first of these hashes that is on the receiver's chain.
    GetHeaders(Vec<BlockHash>),
    /// Headers in the order of the chain; empty when there are none after.
    Headers(Vec<Header>),
    /// Ask for the bodies of these blocks.
    GetBodies(Vec<BlockHash>),
    /// Bodies that were asked for; those that do not fit one frame are left for the next request.
    Bodies(Vec<(BlockHash, Body)>),
    /// These blocks are not here.
    NotFound(Vec<BlockHash>),
    /// Ask for the ids of the waiting payments.
    GetInventory,
    /// The ids of waiting payments.
    Inventory(Vec<TransactionId>),
    /// Ask for these waiting payments; those that are gone are left out of the answer.
    GetTransactions(Vec<TransactionId>),
    /// Ask for the payments at these places of a block, which rise; `Transactions` answer.
    GetBlockTransactions(Vec<u16>, BlockHash),
}

/// A payload that is not a message of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A kind that a newer version may know: skip it.
    #[error("unknown kind of message {0}")]
    UnknownKind(u8),
    /// Not the encoding of its kind.
    #[error("malformed message of kind {kind}: {reason}")]
    Malformed {
        /// The kind byte, 0 for an empty payload.
        kind: u8,
        /// What was wrong.
        reason: String,
    },
    /// A list above its limit.
    #[error("a message of kind {kind} lists {count}, at most {limit}")]
    TooMany {
        /// The kind byte.
        kind: u8,
        /// How many it lists.
        count: usize,
        /// How many it may.
        limit: usize,
    },
}

impl Message {
    /// The version of the protocol; nodes of others are refused by name.
    pub const VERSION: u16 = 2;
    /// Headers in one answer: 160 KB.
    pub const HEADERS_MAX: usize = 2000;
    /// Hashes in one locator: enough for a chain of 2^32 blocks.
    pub const LOCATOR_MAX: usize = 64;
    /// Bodies in one request.
    pub const BODIES_MAX: usize = 512;
    /// Bytes of bodies in one answer, unless the first alone is larger: answers of several peers at once fit what the
    /// relay queues for a slow reader.
    pub const BODIES_BYTES_MAX: u64 = 1 << 18;
    /// Payments in one message: the largest payments still fit a frame.
    pub const TRANSACTIONS_MAX: usize = 1000;
    /// Ids in one inventory: 640 KB, most of a full mempool of the smallest payments.
    pub const INVENTORY_MAX: usize = 20_000;

    /// Payments in one block: a little more than the 1,820 smallest ones that fit a room's largest block.
    pub const BLOCK_TRANSACTIONS_MAX: usize = 2000;

    /// The encoded message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let fields = match self {
            Self::Hello(hello) => encode(hello),
            Self::Status(status) => encode(status),
            Self::Ping(token) | Self::Pong(token) => encode(token),
            Self::Transactions(list) => encode(list),
            Self::CompactBlock(compact) => encode(compact),
            Self::GetHeaders(hashes) | Self::GetBodies(hashes) | Self::NotFound(hashes) => encode(hashes),
            Self::Headers(headers) => encode(headers),
            Self::Bodies(bodies) => encode(bodies),
            Self::GetInventory => Vec::new(),
            Self::Inventory(ids) | Self::GetTransactions(ids) => encode(ids),
            Self::GetBlockTransactions(places, hash) => encode(&(places, hash)),
        };
        [&[self.kind()], fields.as_slice()].concat()
    }

    /// Whether a payload says of itself that it is a `Hello`.
    #[must_use]
    pub fn is_greeting(payload: &[u8]) -> bool {
        payload.first() == Some(&1)
    }

    /// Whether it asks for an answer. Questions are for one peer each: cast, one would make a whole room answer.
    #[must_use]
    pub const fn is_question(&self) -> bool {
        matches!(
            self,
            Self::Ping(_)
                | Self::GetHeaders(_)
                | Self::GetBodies(_)
                | Self::GetInventory
                | Self::GetTransactions(_)
                | Self::GetBlockTransactions(..)
        )
    }

    /// Reads a message.
    ///
    /// # Errors
    /// When the kind is unknown, the fields are malformed or a list is too long.
    pub fn decode(payload: &[u8]) -> Result<Self, MessageError> {
        let Some((&kind, fields)) = payload.split_first() else {
            return Err(MessageError::Malformed { kind: 0, reason: "empty".to_owned() });
        };
        match kind {
            1 => read(kind, fields).map(Self::Hello),
            2 => read(kind, fields).map(Self::Status),
            3 => read(kind, fields).map(Self::Ping),
            4 => read(kind, fields).map(Self::Pong),
            5 => read_list(kind, fields, Self::TRANSACTIONS_MAX).map(Self::Transactions),
            6 => read_list(kind, fields, Self::BLOCK_TRANSACTIONS_MAX)
                .map(|compact| Self::CompactBlock(Box::new(compact))),
            7 => read_list(kind, fields, Self::LOCATOR_MAX).map(Self::GetHeaders),
            8 => read_list(kind, fields, Self::HEADERS_MAX).map(Self::Headers),
            9 => read_list(kind, fields, Self::BODIES_MAX).map(Self::GetBodies),
            10 => read_list(kind, fields, Self::BODIES_MAX).map(Self::Bodies),
            11 => read_list(kind, fields, Self::BODIES_MAX).map(Self::NotFound),
            12 => read::<()>(kind, fields).map(|()| Self::GetInventory),
            13 => read_list(kind, fields, Self::INVENTORY_MAX).map(Self::Inventory),
            14 => read_list(kind, fields, Self::TRANSACTIONS_MAX).map(Self::GetTransactions),
            15 => read_list(kind, fields, Self::BLOCK_TRANSACTIONS_MAX)
                .map(|(places, hash)| Self::GetBlockTransactions(places, hash)),
            _ => Err(MessageError::UnknownKind(kind)),
        }
    }

    const fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => 1,
            Self::Status(_) => 2,
            Self::Ping(_) => 3,
            Self::Pong(_) => 4,
            Self::Transactions(_) => 5,
            Self::CompactBlock(_) => 6,
            Self::GetHeaders(_) => 7,
            Self::Headers(_) => 8,
            Self::GetBodies(_) => 9,
            Self::Bodies(_) => 10,
            Self::NotFound(_) => 11,
            Self::GetInventory => 12,
            Self::Inventory(_) => 13,
            Self::GetTransactions(_) => 14,
            Self::GetBlockTransactions(..) => 15,
        }
    }
}

fn read<T: BorshDeserialize>(kind: u8, fields: &[u8]) -> Result<T, MessageError> {
    decode(fields).map_err(|error| MessageError::Malformed { kind, reason: error.0 })
}

/// Reads fields that begin with a list.
fn read_list<T: BorshDeserialize>(kind: u8, fields: &[u8], limit: usize) -> Result<T, MessageError> {
    // The count stands first: too long a list is refused before any of it is read.
    if let Some(prefix) = fields.first_chunk::<4>() {
        let count = u32::from_le_bytes(*prefix) as usize;
        if count > limit {
            return Err(MessageError::TooMany { kind, count, limit });
        }
    }
    read(kind, fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::ChainParams;
    use crate::test;
    use crate::testing::pay;
    use crate::units::RoomName;

    fn status() -> Status {
        Status { tip: Tip { hash: BlockHash([1; 32]), height: Height(2), work: Work::ZERO }, mempool: 3 }
    }

    #[test]
    fn every_kind_survives_the_codec() {
        let hello =
            Hello { version: 1, key: PublicKey([3; 32]), echo: Some(SessionId([4; 16])), status: status() };
        let block = ChainParams::room(RoomName::default()).genesis();
        let transaction = pay(&block.hash(), 1, 2, 3, 4);
        for message in [
            Message::Hello(hello),
            Message::CompactBlock(Box::new(CompactBlock::new(&block, 7))),
            Message::GetBlockTransactions(vec![0, 3], block.hash()),
            Message::Status(status()),
            Message::Ping(5),
            Message::Pong(6),
            Message::Transactions(vec![transaction]),
            Message::GetHeaders(vec![BlockHash([7; 32])]),
            Message::Headers(vec![block.header]),
            Message::GetBodies(vec![BlockHash([8; 32])]),
            Message::Bodies(vec![(block.hash(), block.body)]),
            Message::NotFound(vec![BlockHash([9; 32])]),
            Message::GetInventory,
            Message::Inventory(vec![TransactionId([1; 32])]),
            Message::GetTransactions(vec![TransactionId([2; 32])]),
        ] {
            assert_eq!(Message::decode(&message.encode()), Ok(message));
        }
    }

    #[test]
    fn lists_are_limited_exactly() {
        let hashes = |count| Message::GetHeaders(vec![BlockHash::default(); count]).encode();
        assert!(Message::decode(&hashes(Message::LOCATOR_MAX)).is_ok());
        let over = Message::decode(&hashes(Message::LOCATOR_MAX + 1));
        let expect = MessageError::TooMany { kind: 7, count: 65, limit: 64 };
        assert_eq!(over, Err(expect));
    }

    #[test]
    fn unknown_kinds_and_empty_payloads_are_told_apart() {
        assert_eq!(Message::decode(&[99, 1, 2]), Err(MessageError::UnknownKind(99)));
        assert!(matches!(Message::decode(&[]), Err(MessageError::Malformed { kind: 0, .. })));
        assert!(matches!(Message::decode(&[12, 0]), Err(MessageError::Malformed { kind: 12, .. })));
    }
}
