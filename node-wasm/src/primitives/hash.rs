//! Identifiers made of hashes: one type each, so that none is taken for another.
//!
//! All are written as lower-case hex in the order of their bytes, except a [`BlockHash`], which is written as
//! Bitcoin does: last byte first, so that its proof of work shows as leading zeros.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::crypto::{Digest, PublicKey, sha256};

/// A text that is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} hexadecimal digits")]
pub struct HashError {
    /// How many digits the identifier has.
    pub expected: usize,
}

/// The double SHA-256 of an 80-byte header.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct BlockHash(pub Digest);

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0;
        bytes.reverse();
        f.write_str(&hex::encode(bytes))
    }
}

impl FromStr for BlockHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let mut bytes: Digest = parse(text)?;
        bytes.reverse();
        Ok(Self(bytes))
    }
}

/// The hash of a whole payment, signature included.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct TransactionId(pub Digest);

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for TransactionId {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        parse(text).map(Self)
    }
}

/// The root of a block's Merkle tree.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct MerkleRoot(pub Digest);

impl fmt::Display for MerkleRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A node's identity: the hash of its Ed25519 node key.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct PeerId(pub [u8; 20]);

impl PeerId {
    /// The identity that belongs to a node key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let digest = sha256(&[b"tabchain/peer/1", &key.0]);
        let mut id = [0; 20];
        id.copy_from_slice(&digest[..20]);
        Self(id)
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for PeerId {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        parse(text).map(Self)
    }
}

fn parse<const N: usize>(text: &str) -> Result<[u8; N], HashError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| HashError { expected: 2 * N })?;
    Ok(bytes)
}

macro_rules! order_of_bytes {
    ($($name:ident),*) => {$(
        impl Ord for $name {
            /// The order of the bytes. The first eight almost always decide, and are compared at once: a block costs
            /// some thirty searches in the map of all blocks.
            fn cmp(&self, other: &Self) -> Ordering {
                let first = |id: &Self| id.0.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
                first(self).cmp(&first(other)).then_with(|| self.0.cmp(&other.0))
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
    )*};
}

order_of_bytes!(BlockHash, TransactionId);

macro_rules! debug_as_display {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )*};
}

debug_as_display!(BlockHash, TransactionId, MerkleRoot, PeerId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn hashes_are_in_the_order_of_their_bytes() {
        let check = |at: usize, other: usize| {
            let (mut one, mut two) = (BlockHash([7; 32]), BlockHash([7; 32]));
            one.0[at] += 1;
            two.0[other] += 2;
            assert_eq!(one.cmp(&two), one.0.cmp(&two.0), "{at} {other}");
        };
        (0..32).for_each(|at| (0..32).for_each(|other| check(at, other)));
        assert_eq!(BlockHash([7; 32]).cmp(&BlockHash([7; 32])), Ordering::Equal);
    }

    #[test]
    fn a_block_hash_is_written_last_byte_first() {
        let mut hash = BlockHash::default();
        hash.0[31] = 0x0a;
        let text = hash.to_string();
        assert!(text.starts_with("0a00"), "{text}");
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!("0a".parse::<BlockHash>(), Err(HashError { expected: 64 }));
    }
}
