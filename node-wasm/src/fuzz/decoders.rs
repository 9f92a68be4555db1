//! One target for each decoder: any bytes are refused, or are the one encoding of what they decode to.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};

use super::fixture::fixture;
use crate::chain::Snapshot;
use crate::codec::{decode, encode};
use crate::consensus::ChainParams;
use crate::consensus::retarget::Pace;
use crate::host::{chain_file as file, record as stored};
use crate::primitives::{
    Address, Block, BlockHash, Body, CompactTarget, Header, PeerId, Transaction, TransactionId,
};
use crate::proof::PaymentProof;
use crate::units::{Amount, BlockTime, RoomName};
use crate::wire::relay::{FromRelay, ToRelay};
use crate::wire::{Frame, Message, channel as tabs};

/// The value of bytes that are an encoding.
fn value<T: BorshSerialize + BorshDeserialize>(bytes: &[u8]) -> Option<T> {
    let value = decode(bytes).ok()?;
    assert!(encode(&value) == bytes, "decoded from other bytes than it encodes to");
    Some(value)
}

/// The value of a text; written again it is the same but for `spelling`.
fn parsed<T: FromStr + Display + PartialEq + Debug>(text: &str, spelling: fn(&str) -> String) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), spelling(text));
    }
}

/// A header.
pub fn header(bytes: &[u8]) {
    if let Some(header) = value::<Header>(bytes) {
        assert!(header.bytes() == bytes, "the hashed bytes are not the encoded ones");
    }
}

/// A block, and the body alone.
pub fn block(bytes: &[u8]) {
    if let Some(block) = value::<Block>(bytes) {
        assert_eq!(block.size(), bytes.len() as u64);
    }
    if let Some(body) = value::<Body>(bytes) {
        assert_eq!(body.size(), bytes.len() as u64);
    }
}

/// A payment, its id, sender and cost.
pub fn payment(bytes: &[u8]) {
    if let Some(transaction) = value::<Transaction>(bytes) {
        assert_eq!(transaction.size(), bytes.len() as u64);
        let (amount, fee) = (transaction.payment.amount.0, transaction.payment.fee.0);
        assert_eq!(transaction.payment.cost().map(|cost| cost.0), amount.checked_add(fee));
        let signed = transaction.payment.signed_bytes(&BlockHash::default());
        assert!(signed.ends_with(&bytes[..bytes.len() - 64]), "a field is not signed");
    }
}

/// A frame; its signature is the node's to check, see [`super::node()`].
pub fn frame(bytes: &[u8]) {
    if let Ok(frame) = Frame::decode(bytes) {
        assert!(encode(&frame) == bytes, "decoded from other bytes than it encodes to");
        assert!(Frame::names_origin(bytes, frame.unsealed.origin));
    }
}

/// A message of any kind.
pub fn message(bytes: &[u8]) {
    match Message::decode(bytes) {
        Ok(message) => assert!(message.encode() == bytes, "decoded from other bytes than it encodes to"),
        Err(error) => assert!(error.to_string().len() < 200, "an error as long as its message"),
    }
}

/// What a client says to the relay.
pub fn to_relay(bytes: &[u8]) {
    value::<ToRelay>(bytes);
}

/// What the relay says.
pub fn from_relay(bytes: &[u8]) {
    value::<FromRelay>(bytes);
}

/// What tabs of one browser say.
pub fn channel(bytes: &[u8]) {
    value::<tabs::Envelope>(bytes);
}

/// A chain file.
pub fn chain_file(bytes: &[u8]) {
    let genesis = fixture().genesis;
    if let Ok(blocks) = file::read(bytes, genesis) {
        let shared: Vec<_> = blocks.into_iter().map(std::sync::Arc::new).collect();
        assert!(file::write(genesis, &shared) == bytes, "read from another file than it writes");
    }
}

/// A snapshot: its record's checksum finds damage, and keeps no attacker out.
pub fn snapshot(bytes: &[u8]) {
    value::<Snapshot>(bytes);
}

/// A payment proof.
pub fn proof(bytes: &[u8]) {
    if let Ok(proof) = PaymentProof::decode(bytes) {
        assert!(proof.encode() == bytes, "decoded from other bytes than it encodes to");
    }
}

/// A stored record.
pub fn record(bytes: &[u8]) {
    match stored::read(bytes) {
        stored::Stored::Intact(block) => {
            assert!(stored::write(&block) == bytes, "intact, and another record")
        }
        stored::Stored::Damaged(block) => {
            assert!(stored::write(&block) != bytes, "damaged, and the same record")
        }
        stored::Stored::Unreadable => {}
    }
    if let Some(content) = stored::open(bytes) {
        assert!(stored::seal(content) == bytes, "opened, and another record");
    }
}

/// An address as people type it.
pub fn address(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        parsed::<Address>(text, str::to_ascii_lowercase);
    }
}

/// A room's name, as text and as bytes.
pub fn room(bytes: &[u8]) {
    value::<RoomName>(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        parsed::<RoomName>(text, str::to_owned);
    }
}

/// An amount as people type it.
pub fn amount(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let shortest = |text: &str| match text.trim_start_matches('0') {
            "" => "0".to_owned(),
            digits => digits.to_owned(),
        };
        parsed::<Amount>(text, shortest);
    }
}

/// The ids that people and links name.
pub fn hash(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        parsed::<BlockHash>(text, str::to_ascii_lowercase);
        parsed::<TransactionId>(text, str::to_ascii_lowercase);
        parsed::<PeerId>(text, str::to_ascii_lowercase);
    }
}

/// A compact target.
pub fn bits(bytes: &[u8]) {
    let Some(bits) = value::<CompactTarget>(bytes) else { return };
    if let Some(target) = bits.expand() {
        assert_eq!(target.compact(), bits);
        // One hash at least, whatever the target.
        assert!(target.work() > crate::primitives::Work::ZERO);
    }
}

/// The difficulty of a chain whose blocks come at any times: always a target, never easier than the limit.
pub fn retarget(bytes: &[u8]) {
    let params = ChainParams::room(RoomName::default());
    let mut pace = Pace::genesis(&params);
    for time in bytes.chunks_exact(4).take(64) {
        let time = BlockTime(u32::from_le_bytes(time.try_into().expect("chunks of four")));
        let bits = pace.bits_at(&params, time);
        let target = bits.expand().expect("a schedule gives a target");
        assert!(target <= params.limit(), "{bits:?} is easier than the limit");
        pace = pace.child(time, bits);
    }
}
