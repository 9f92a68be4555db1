//! Frames: a message with proof of who sent it, in which session, to whom.
//!
//! A relay can drop or delay a frame, but not forge, redirect or replay one: the signature covers the room's
//! genesis, the origin, its session, a sequence number, the recipient and the payload. The receiver learns the
//! origin's key and session from its [`Hello`](super::Hello) and takes only rising sequence numbers after.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec::{DecodeError, decode, encode};
use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::primitives::{BlockHash, PeerId};
use crate::wire::relay::RELAY_FRAME_BYTES_MAX;

/// A node's presence on one link, from its opening to its end or its renewal: random bytes, and in a renewal the number after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct SessionId(pub [u8; 16]);

/// A frame before its origin has signed it: what [`crate::node::Node`] hands to its host.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct UnsealedFrame {
    /// The room.
    pub genesis: BlockHash,
    /// Who sends it.
    pub origin: PeerId,
    /// The origin's session on this link.
    pub session: SessionId,
    /// Rises with every frame of the session.
    pub sequence: u64,
    /// Who is meant; `None` is everyone on the link.
    pub recipient: Option<PeerId>,
    /// An encoded [`Message`](super::Message).
    #[borsh(deserialize_with = "crate::codec::read_bytes")]
    pub payload: Vec<u8>,
}

/// A frame as it travels.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Frame {
    /// What is signed.
    pub unsealed: UnsealedFrame,
    /// The origin's.
    pub signature: Signature,
}

/// Bytes that are not a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Above [`Frame::BYTES_MAX`].
    #[error("a frame of {0} bytes is too large")]
    TooLarge(usize),
    /// Not the encoding of a frame.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
}

impl UnsealedFrame {
    /// Signs the frame: the bytes that travel.
    #[must_use]
    pub fn seal(self, key: &SecretKey) -> Vec<u8> {
        let signature = key.sign(&self.signed_bytes());
        encode(&Frame { unsealed: self, signature })
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = b"tabchain/frame/1".to_vec();
        bytes.extend_from_slice(&encode(self));
        bytes
    }
}

impl Frame {
    /// The largest frame, in bytes: what the relay forwards, less its envelope.
    pub const BYTES_MAX: usize = RELAY_FRAME_BYTES_MAX - 64;

    /// Reads a frame. Its signature is not checked yet.
    ///
    /// # Errors
    /// When the bytes are too many or not a frame.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() > Self::BYTES_MAX {
            return Err(FrameError::TooLarge(bytes.len()));
        }
        Ok(decode(bytes)?)
    }

    /// Whether bytes that may be a frame name `peer` as their origin: a first look that costs nothing.
    #[must_use]
    pub fn names_origin(bytes: &[u8], peer: PeerId) -> bool {
        // In the encoding it stands behind the genesis.
        let at = BlockHash::default().0.len();
        bytes.get(at..at + peer.0.len()).is_some_and(|origin| *origin == peer.0)
    }

    /// Whether the holder of `key` signed this frame, and `key` is that of the origin it names.
    #[must_use]
    pub fn is_sealed_by(&self, key: &PublicKey) -> bool {
        PeerId::of(key) == self.unsealed.origin
            && key.verifies(&self.unsealed.signed_bytes(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    fn unsealed(key: &SecretKey) -> UnsealedFrame {
        UnsealedFrame {
            genesis: BlockHash([1; 32]),
            origin: PeerId::of(&key.public()),
            session: SessionId([2; 16]),
            sequence: 3,
            recipient: Some(PeerId([4; 20])),
            payload: vec![5, 6, 7],
        }
    }

    #[test]
    fn no_bit_of_a_sealed_frame_can_change() {
        let key = SecretKey::from_bytes(&[9; 32]);
        let bytes = unsealed(&key).seal(&key);
        assert!(Frame::decode(&bytes).expect("a frame").is_sealed_by(&key.public()));
        assert!(Frame::names_origin(&bytes, PeerId::of(&key.public())));
        assert!(!Frame::names_origin(&bytes, PeerId([4; 20])));
        assert!(!Frame::names_origin(&bytes[..51], PeerId::of(&key.public())));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let accepted = Frame::decode(&flipped).is_ok_and(|frame| frame.is_sealed_by(&key.public()));
            assert!(!accepted, "bit {bit}");
        }
    }

    #[test]
    fn another_key_cannot_speak_for_an_origin() {
        let key = SecretKey::from_bytes(&[9; 32]);
        let thief = SecretKey::from_bytes(&[8; 32]);
        let stolen = Frame::decode(&unsealed(&key).seal(&thief)).expect("a frame");
        assert!(!stolen.is_sealed_by(&thief.public()));
        assert!(!stolen.is_sealed_by(&key.public()));
    }

    #[test]
    fn the_size_limit_is_exact() {
        assert!(matches!(Frame::decode(&vec![0; Frame::BYTES_MAX]), Err(FrameError::Malformed(_))));
        let over = Frame::decode(&vec![0; Frame::BYTES_MAX + 1]);
        assert_eq!(over, Err(FrameError::TooLarge(Frame::BYTES_MAX + 1)));
    }
}
