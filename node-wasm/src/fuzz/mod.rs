//! Fuzz targets: what must hold for any bytes at all, one function for each decoder and one for the whole node.
//!
//! A target panics where its claim is broken: nothing from outside panics, and what decodes encodes to the same bytes.
//! Three callers run them: cargo-fuzz (`fuzz/targets`), the long run on stable (`cargo xtask fuzz`), which also
//! bounds what they allocate by [`allocation_max`], and the tests. Left out: clocks and files.

mod cold_start;
mod decoders;
mod fixture;
mod mutator;
mod script;
#[cfg(test)]
mod tests;

pub use cold_start::cold_start;
pub use decoders::{
    address, amount, bits, block, chain_file, channel, frame, from_relay, hash, header, message, payment,
    proof, record, retarget, room, snapshot, to_relay,
};
pub use mutator::Mutator;
pub use script::node;

use crate::codec::encode;
use crate::host::{chain_file as file, record as stored};
use crate::wire::UnsealedFrame;
use fixture::{Fixture, fixture};

/// What a decoder and the encoder that checks it may have allocated at once for each byte of the input. Payments and
/// headers take up to 1.4 times their encoding in memory, and a growing list three times that: the old one, and the
/// new of twice the size. The encoding grows alike. Of the bound that these two make, 10^7 runs of each decoder reach
/// two thirds.
const ALLOCATED_PER_BYTE_MAX: usize = 8;
/// What they may allocate for no input at all: a page of memory for each of three lists, the first kilobyte of an
/// encoding, and the words of an error.
const ALLOCATED_MAX: usize = 16 << 10;

/// A claim about any bytes, and bytes that lead far into it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: String,
    /// Panics where the claim is broken.
    pub run: fn(&[u8]),
    /// Valid encodings.
    pub seeds: Vec<Vec<u8>>,
    /// Whether [`allocation_max`] holds for it: it decodes, and makes nothing else of the bytes.
    pub bounded: bool,
}

/// How many bytes a decoder may have allocated at once for an input of `length` bytes.
#[must_use]
pub const fn allocation_max(length: usize) -> usize {
    ALLOCATED_MAX + ALLOCATED_PER_BYTE_MAX * length
}

/// Every target. The messages come as one target for each kind, the rest by the names of their functions.
#[must_use]
pub fn targets() -> Vec<Target> {
    let fixture = fixture();
    let target = |name: &str, run, seeds| Target { name: name.to_owned(), run, seeds, bounded: true };
    let mut targets = vec![
        target("header", header, fixture.blocks.iter().map(|block| encode(&block.header)).collect()),
        target("block", block, fixture.blocks.iter().map(encode).collect()),
        target("payment", payment, fixture.payments.iter().map(encode).collect()),
        target("frame", frame, frames(fixture)),
        target("to_relay", to_relay, Fixture::to_relay()),
        target("from_relay", from_relay, Fixture::from_relay()),
        target("channel", channel, Fixture::channel()),
        target("chain_file", chain_file, vec![file::write(fixture.genesis, &fixture.shared_blocks())]),
        target("proof", proof, fixture.proofs()),
        target("snapshot", snapshot, fixture.snapshots()),
        target("record", record, fixture.blocks.iter().map(stored::write).collect()),
        target("address", address, Fixture::addresses()),
        target("room", room, Fixture::rooms()),
        target("amount", amount, ["0", "42", "18446744073709551615"].map(Vec::from).into()),
        target("hash", hash, vec![fixture.genesis.to_string().into(), "0a".repeat(20).into()]),
        target("bits", bits, [0x1d00_ffff_u32, 0x207f_ffff, 0x0112_0000].map(|bits| encode(&bits)).into()),
        target("retarget", retarget, vec![(0..64).collect(), vec![0xff; 64], vec![10, 0, 0, 0, 9, 0, 0, 0]]),
    ];
    for kind in fixture.kinds() {
        let seeds = fixture.messages.iter().filter(|bytes| bytes[0] == kind).cloned().collect();
        targets.push(target(&format!("message_{kind}"), message, seeds));
    }
    targets.push(Target { bounded: false, ..target("cold_start", cold_start, fixture.starts()) });
    targets.push(Target { bounded: false, ..target("node", node, script::seeds()) });
    targets
}

/// A frame around every message.
fn frames(fixture: &Fixture) -> Vec<Vec<u8>> {
    let seal =
        |payload: &Vec<u8>| fixture.seal(UnsealedFrame { payload: payload.clone(), ..fixture.unsealed() });
    fixture.messages.iter().map(seal).collect()
}
