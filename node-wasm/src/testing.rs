//! What tests, fuzz targets and benchmarks need: easy rooms, keys, and blocks on demand. No program of a user names it.

use std::sync::Arc;

use crate::chain::Chain;
use crate::consensus::ChainParams;
use crate::crypto::SecretKey;
use crate::miner::Template;
use crate::primitives::{Address, Block, BlockHash, Header, MerkleRoot, Payment, Target, Transaction};
use crate::units::{Amount, Timestamp};

/// When the tests' clocks start: a while after every room's genesis.
pub const START: Timestamp = Timestamp(1_800_000_000_000);

/// A room in which every second hash is a block.
pub fn easy_params() -> ChainParams {
    let easiest = Target::for_hashes(2).compact();
    ChainParams {
        starting_bits: easiest,
        limit_bits: easiest,
        ..ChainParams::room("test".parse().expect("a room's name"))
    }
}

/// The key of test person `number`.
pub fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

/// The address of test person `number`.
pub fn address(number: u8) -> Address {
    Address::of(&key(number).public())
}

/// A signed payment of test person `from` to `to`, with a fee of 1.
pub fn pay(genesis: &BlockHash, from: u8, to: u8, amount: u64, nonce: u64) -> Transaction {
    let payment = Payment {
        sender: key(from).public(),
        recipient: address(to),
        amount: Amount(amount),
        fee: Amount(1),
        nonce,
        data: Vec::new(),
    };
    payment.sign(genesis, &key(from))
}

/// A valid block on the tip of `chain` that pays test person `miner`.
pub fn block_on(chain: &Chain, now: Timestamp, miner: u8, transactions: &[Transaction]) -> Block {
    let transactions: Vec<_> = transactions.iter().cloned().map(Arc::new).collect();
    let template = Template::new(chain, now, address(miner), 0, &transactions).expect("a template");
    proven(template.solve(0))
}

/// A room whose first blocks take some 4096 hashes, and which gets as easy as [`easy_params`] when they are late.
pub fn heavy_params() -> ChainParams {
    ChainParams { starting_bits: Target::for_hashes(1 << 12).compact(), ..easy_params() }
}

/// Proven headers after the tip of `chain`, of blocks that nobody has, each so many seconds after the one before.
/// Another `salt` gives others.
pub fn headers_after(chain: &Chain, steps: impl IntoIterator<Item = u32>, salt: u8) -> Vec<Header> {
    let tip = chain.tip();
    let (mut pace, mut previous) = (chain.tip_context().pace, tip.hash);
    let mut time = chain.block(&tip.hash).expect("the tip").header.time;
    let mut headers = Vec::new();
    for step in steps {
        time.0 += step;
        let bits = pace.bits_at(chain.params(), time);
        let (version, merkle_root) = (chain.params().version, MerkleRoot([salt; 32]));
        let mut header = Header { version, previous, merkle_root, time, bits, nonce: 0 };
        let target = bits.expand().expect("a target");
        while !target.is_met_by(&header.hash()) {
            header.nonce += 1;
        }
        (pace, previous) = (pace.child(time, bits), header.hash());
        headers.push(header);
    }
    headers
}

/// The same block with a nonce that proves its work.
pub fn proven(mut block: Block) -> Block {
    let target = block.header.bits.expand().expect("a target");
    while !target.is_met_by(&block.hash()) {
        block.header.nonce += 1;
    }
    block
}
