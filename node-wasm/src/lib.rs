//! The Tabchain node: a proof-of-work chain whose full nodes are browser tabs.
//!
//! Everything but [`web`] is sans-IO: no clock, randomness, socket, file, thread, `async` or log. Time and
//! entropy are arguments, effects are values. The same code runs in a tab, natively and in the tests.
//!
//! The modules are layers; one names only modules on lower lines (`tests/tests/tidy.rs` checks it):
//!
//! ```text
//! 9  web                                    the browser host (wasm32 only)
//! 8  fuzz  sim                              what must hold for any bytes, and for many nodes on one clock
//! 7  host                                   the pure half of a host
//! 6  api                                    what a page sees of a node
//! 5  node                                   the sans-IO boundary
//! 4  mempool miner wallet peer sync proof   siblings: none names another
//! 3  chain                                  block tree, ledger, ChainUpdate
//! 2  consensus  wire                        rules, messages
//! 1  primitives  token_bucket               header, block, transaction, address, merkle, target; limits
//! 0  units  codec  crypto  spread           newtypes and encodings over the chosen crates
//! ```

pub mod api;
pub mod chain;
pub mod codec;
pub mod consensus;
pub mod crypto;
pub mod fuzz;
pub mod host;
pub mod mempool;
pub mod miner;
pub mod node;
pub mod peer;
pub mod primitives;
pub mod proof;
pub mod sim;
pub mod spread;
pub mod sync;
pub mod testing;
#[cfg(test)]
mod threats;
pub mod token_bucket;
pub mod units;
// What the processor has for the miner.
#[cfg(target_arch = "x86_64")]
#[path = "miner/x86.rs"]
mod vectors;
#[cfg(not(target_arch = "x86_64"))]
#[path = "miner/no_x86.rs"]
mod vectors;
pub mod wallet;
#[cfg(target_arch = "wasm32")]
pub mod web;
pub mod wire;

// Unit tests name `crate::test`, and so run natively and, as they are, in a browser.
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) use core::prelude::v1::test;
#[cfg(all(test, target_arch = "wasm32"))]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;
