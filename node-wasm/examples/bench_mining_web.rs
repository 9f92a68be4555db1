//! What `cargo xtask bench mining` runs in a browser: the naive search and the miner's, on one header.

#![allow(missing_docs, reason = "the page's script calls these by name")]

use std::cell::RefCell;

use node_wasm::miner::kernel::KERNELS;
use node_wasm::primitives::{BlockHash, CompactTarget, Header, MerkleRoot, Target};
use node_wasm::units::BlockTime;
use node_wasm::web::kernel::Searches;
use ruint::aliases::U256;
use sha2::{Digest as _, Sha256};
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static SEARCHES: RefCell<Searches> = RefCell::new(Searches::new());
}

/// Whole hashes by the `sha2` crate, as one would write it first.
#[wasm_bindgen]
pub fn naive(start: u32, count: u32) -> Option<u32> {
    let mut bytes = header().bytes();
    let target = target();
    (start..start.saturating_add(count)).find(|nonce| {
        bytes[Header::NONCE_OFFSET..].copy_from_slice(&nonce.to_le_bytes());
        target.is_met_by(&BlockHash(Sha256::digest(Sha256::digest(bytes)).into()))
    })
}

/// The names of the miner's kernels, in order.
#[wasm_bindgen]
pub fn searches() -> Vec<String> {
    KERNELS.map(|kernel| kernel.name.to_owned()).into()
}

/// The trial of a worker's start, on the script's clock in milliseconds.
#[wasm_bindgen]
pub fn try_out(clock: &js_sys::Function) {
    let now = || {
        clock.call0(&wasm_bindgen::JsValue::UNDEFINED).ok().and_then(|now| now.as_f64()).unwrap_or_default()
    };
    SEARCHES.with_borrow_mut(|searches| searches.try_out(now));
}

/// The kernel that was the fastest in the trial.
#[wasm_bindgen]
pub fn fastest() -> usize {
    SEARCHES.with_borrow(Searches::fastest)
}

/// Searches by one of the miner's kernels.
#[wasm_bindgen]
pub fn scan_by(search: usize, start: u32, count: u32) -> Option<u32> {
    SEARCHES.with_borrow(|searches| searches.scan_by(search, &header(), &target(), start, count))
}

fn header() -> Header {
    Header {
        version: 1,
        previous: BlockHash([0x11; 32]),
        merkle_root: MerkleRoot([0x22; 32]),
        time: BlockTime(1_700_000_000),
        bits: CompactTarget(0x0101_0000),
        nonce: 0,
    }
}

/// One that no nonce meets, so that every slice is searched to its end.
fn target() -> Target {
    Target::new(U256::from(1)).unwrap_or(Target::MAX)
}

fn main() {}
