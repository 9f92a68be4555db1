//! Where a kernel keeps its words.
//!
//! ```text
//! 0         what the caller writes about a header
//! RECORDS   a record per round
//! CONSTANTS the round constants
//! SLOTS     words known before the nonce, in the order of their first use
//! ```

use std::collections::BTreeMap;

use crate::graph::{Graph, Leaf, Op, Value};
use crate::sha256::K;

/// What a round is made of lies together, so that one pointer does for all of it.
pub(crate) const RECORD: u32 = 32;
/// In a record: the message word of the vectors, of the plain words, and the round's constant.
pub(crate) const VECTOR: u32 = 0;
pub(crate) const SCALAR: u32 = 16;
pub(crate) const CONSTANT: u32 = 20;

pub(crate) const RECORDS: u32 = 64;
pub(crate) const CONSTANTS: u32 = RECORDS + RECORD * K.len() as u32;
const SLOTS: u32 = CONSTANTS + WORD * K.len() as u32;
pub(crate) const WORD: u32 = 4;

/// Addresses given out so far.
#[derive(Default)]
pub(crate) struct Memory {
    slots: BTreeMap<Value, u32>,
}

impl Memory {
    /// The address of the caller's word `index`.
    pub(crate) const fn header(index: u32) -> u32 {
        index * WORD
    }

    /// The address of a word that is known before the nonce: its slot, unless it lies somewhere already.
    pub(crate) fn early(&mut self, graph: &Graph, value: Value) -> u32 {
        if let Value::Node(node) = value
            && let Op::Leaf(Leaf::Header(index)) = graph.op(node)
        {
            return Self::header(index);
        }
        if let Some(round) = K.iter().position(|k| value == Value::Known(*k)) {
            return CONSTANTS + WORD * round as u32;
        }
        let next = SLOTS + self.slots.len() as u32 * WORD;
        *self.slots.entry(value).or_insert(next)
    }

    /// The slots whose words are made once per header.
    pub(crate) fn per_header(&self) -> Vec<(Value, u32)> {
        let of_header = |(value, _): &(&Value, &u32)| matches!(value, Value::Node(_));
        self.slots.iter().filter(of_header).map(|(value, address)| (*value, *address)).collect()
    }

    /// What the memory from [`CONSTANTS`] on holds at first.
    pub(crate) fn content(&self) -> Vec<u8> {
        let mut words = K.to_vec();
        let mut slots: Vec<_> = self.slots.iter().collect();
        slots.sort_by_key(|(_, address)| **address);
        words.extend(slots.into_iter().map(|(value, _)| match value {
            Value::Known(word) => *word,
            Value::Node(_) => 0,
        }));
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }
}
