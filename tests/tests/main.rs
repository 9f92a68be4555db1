//! Everything that is tested natively across packages, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test's helpers fail and speak as the test does"
)]

mod adversary;
mod difficulty;
mod kernels;
mod network;
mod simulated;
mod tidy;
mod vectors;

// Where the cases of `kernels` look for them, which are the node's own tests' too.
use node_wasm::{primitives, units};
