//! Bytes per second read: a block of 1,000 payments by the node's codec, beside borsh's own reader on a plain copy of
//! the types, and beside copying the bytes.
//!
//! Figures of a turn: bytes per second copied, read by borsh, and read by the node.

use std::hint::black_box;

use borsh::BorshDeserialize;
use node_wasm::codec;
use node_wasm::primitives::Block;

use crate::Platform;
use crate::room::Branch;

/// How often each reads the block in a turn.
const TIMES: usize = 200;

#[derive(Debug)]
pub(crate) struct Decode {
    bytes: Vec<u8>,
}

/// A block as borsh would have it.
#[derive(BorshDeserialize)]
struct Plain {
    _header: [u8; 80],
    _coinbase: ([u8; 4], [u8; 20], u64, u64),
    _transactions: Vec<PlainTransaction>,
}

#[derive(BorshDeserialize)]
struct PlainTransaction {
    _parties: ([u8; 32], [u8; 20]),
    _numbers: (u64, u64, u64),
    _data: Vec<u8>,
    _signature: [u8; 64],
}

impl Decode {
    pub(crate) fn new() -> Self {
        let mut branch = Branch::new();
        branch.funding();
        Self { bytes: codec::encode(&branch.full()) }
    }

    pub(crate) fn turn(&self, platform: Platform) -> [f64; 3] {
        let bytes = &self.bytes;
        let rate = |read: &dyn Fn()| {
            (TIMES * bytes.len()) as f64 / platform.seconds(|| (0..TIMES).for_each(|_| read()))
        };
        [
            rate(&|| drop(black_box(bytes.clone()))),
            rate(&|| drop(black_box(borsh::from_slice::<Plain>(bytes).expect("the same bytes")))),
            rate(&|| drop(black_box(codec::decode::<Block>(bytes).expect("a block")))),
        ]
    }
}
