//! Bytes that mean two things, or more than there is: C14 and C23.

use super::*;
use crate::codec::{decode, encode};
use crate::crypto::PublicKey;
use crate::host::chain_file;
use crate::primitives::{BlockHash, Header, PeerId, TransactionId};
use crate::test;
use crate::testing::pay;
use crate::units::RoomName;
use crate::wire::channel::Envelope;
use crate::wire::relay::{ByeCode, FromRelay, RELAY_VERSION, RelayLimits, ResumeToken, ToRelay};
use crate::wire::{CompactBlock, Frame, Hello, Message, SessionId, Status, UnsealedFrame};

/// One decoder: what bytes mean, written down again, or `None` where they are refused.
type Again = fn(&[u8]) -> Option<Vec<u8>>;

fn again<T: borsh::BorshSerialize + borsh::BorshDeserialize>(bytes: &[u8]) -> Option<Vec<u8>> {
    decode::<T>(bytes).ok().map(|value| encode(&value))
}

fn block() -> Block {
    let chain = chain_of(3, 1);
    block_on(&chain, at(40), 1, &[pay(&chain.genesis(), 1, 2, 10, 0), pay(&chain.genesis(), 1, 2, 11, 1)])
}

/// An example of everything that comes from outside, with its decoder.
fn examples() -> Vec<(Vec<u8>, Again)> {
    let (block, hash) = (block(), BlockHash([7; 32]));
    let status = Status { tip: chain_of(2, 1).tip(), mempool: 3 };
    let hello = |echo| Hello { version: 1, key: PublicKey([3; 32]), echo, status };
    let messages = [
        Message::Hello(hello(None)),
        Message::Hello(hello(Some(SessionId([4; 16])))),
        Message::Status(status),
        Message::Ping(5),
        Message::Pong(6),
        Message::Transactions(block.body.transactions.clone()),
        Message::CompactBlock(Box::new(CompactBlock::new(&block, 7))),
        Message::GetBlockTransactions(vec![1, 2], hash),
        Message::GetHeaders(vec![hash; 3]),
        Message::Headers(vec![block.header; 2]),
        Message::GetBodies(vec![hash]),
        Message::Bodies(vec![(hash, block.body.clone())]),
        Message::NotFound(vec![hash; 2]),
        Message::GetInventory,
        Message::Inventory(vec![TransactionId([1; 32]); 2]),
        Message::GetTransactions(vec![TransactionId([2; 32])]),
    ];
    let message: Again = |bytes| Message::decode(bytes).ok().map(|message| message.encode());
    let mut examples: Vec<(Vec<u8>, Again)> =
        messages.iter().map(|example| (example.encode(), message)).collect();
    for recipient in [None, Some(PeerId([4; 20]))] {
        let (origin, session) = (PeerId([1; 20]), SessionId([2; 16]));
        let payload = messages[3].encode();
        let unsealed = UnsealedFrame { genesis: hash, origin, session, sequence: 3, recipient, payload };
        let sealed = unsealed.seal(&crate::testing::key(1));
        examples.push((sealed, |bytes| Frame::decode(bytes).ok().map(|frame| encode(&frame))));
    }
    let (peer, bytes) = (PeerId([1; 20]), vec![1, 2, 3]);
    let limits = RelayLimits { frame_bytes_max: 1, members_max: 2, idle_ms_max: 3 };
    let resume = ResumeToken([5; 16]);
    let join = |resume| ToRelay::Join { version: RELAY_VERSION, room: RoomName::default(), peer, resume };
    for said in [
        join(None),
        join(Some(resume)),
        ToRelay::Cast { bytes: bytes.clone() },
        ToRelay::To { peer, bytes: bytes.clone() },
    ] {
        examples.push((encode(&said), again::<ToRelay>));
    }
    for said in [
        FromRelay::Welcome { peers: vec![peer; 2], limits, resume },
        FromRelay::PeerJoined { peer },
        FromRelay::Deliver { from: peer, bytes: bytes.clone() },
        FromRelay::Bye { code: ByeCode::Full, retry_after_ms: 7 },
    ] {
        examples.push((encode(&said), again::<FromRelay>));
    }
    examples.push((encode(&Envelope::Here { from: peer }), again::<Envelope>));
    examples.push((encode(&Envelope::Frame { to: Some(peer), bytes }), again::<Envelope>));
    examples.push((encode(&block.header), again::<Header>));
    examples.push((encode(&block), again::<Block>));
    examples.push((encode(&block.body.transactions[0]), again::<Transaction>));
    let file: Again = |bytes| {
        let blocks = chain_file::read(bytes, BlockHash([7; 32])).ok()?;
        let shared: Vec<_> = blocks.into_iter().map(std::sync::Arc::new).collect();
        Some(chain_file::write(BlockHash([7; 32]), &shared))
    };
    examples.push((chain_file::write(hash, &[std::sync::Arc::new(block)]), file));
    examples
}

#[test]
fn c14_every_encoding_is_the_only_one_of_its_value() {
    let mut noise = Noise::new(14);
    let mut taken = 0;
    for (number, (example, again)) in examples().into_iter().enumerate() {
        assert_eq!(again(&example), Some(example.clone()), "example {number}");
        for length in 0..example.len() {
            assert_eq!(again(&example[..length]), None, "example {number} cut to {length}");
        }
        assert_eq!(again(&[&example[..], &[0]].concat()), None, "example {number} running on");
        for _ in 0..300 {
            let mut bytes = example.clone();
            for _ in 0..=noise.below(3) {
                let at = noise.below(bytes.len());
                bytes[at] = if noise.below(2) == 0 { noise.next().to_le_bytes()[0] } else { bytes[at] ^ 1 };
            }
            // Two encodings of one value would be a way to change a block's or a payment's id, or a frame's signature.
            if let Some(written) = again(&bytes) {
                assert_eq!(written, bytes, "example {number}");
                taken += 1;
            }
        }
    }
    assert!(taken > 1_000, "{taken}: the changed bytes have to mean something now and then");
}

#[test]
fn c23_counts_near_the_end_of_32_bits_are_refused_before_anything_is_made_of_them() {
    // Each word of each example could be a count: that of more than there is, of more than memory, and those whose size
    // in bytes wraps to something small where a size has 32 bits.
    let counts = [u32::MAX, 1 << 31, (1 << 30) + 1, (1 << 27) + 1, 0x0333_3334, 0x0cce_cccd];
    for (number, (example, again)) in examples().into_iter().enumerate() {
        for at in 0..example.len().saturating_sub(3) {
            for count in counts {
                let mut bytes = example.clone();
                bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
                assert!(
                    again(&bytes).is_none_or(|written| written == bytes),
                    "example {number}, byte {at}, {count:08x}"
                );
            }
        }
    }
    // Sizes are counted in 64 bits everywhere.
    let block = block();
    let many = Block {
        body: Body { transactions: vec![block.body.transactions[0].clone(); 2_000], ..block.body },
        ..block
    };
    assert_eq!(many.size(), encode(&many).len() as u64);
    let mut noise = Noise::new(23);
    for _ in 0..2_000 {
        let bits = crate::primitives::CompactTarget(u32::try_from(noise.next() >> 32).expect("32 bits"));
        if let Some(target) = bits.expand() {
            assert_eq!(target.compact(), bits);
        }
    }
}
