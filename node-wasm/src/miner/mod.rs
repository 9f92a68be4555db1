//! The miner: the block that would come next, and the search for its nonce.
//!
//! [`scan_scalar()`] is the portable search and the reference; every other finds exactly what it finds, only faster:
//! [`lanes`] with a native processor's vectors, [`kernel`] with the wasm module that `build/` generates. All are pure:
//! who calls them, in slices of a few milliseconds, decides how hard and how long to search.

mod contract;
pub mod kernel;
pub mod lanes;
pub mod scan;
pub mod sha256;
mod template;

pub use scan::{scan_scalar, scan_whole};
pub use template::{Job, Template};

use crate::primitives::{Header, Target};

/// The first of some nonces with which a header's hash meets a target: of so many, from this one on. A search ends at
/// the largest nonce: it does not wrap.
pub type Scan = fn(&Header, &Target, u32, u32) -> Option<u32>;

/// The fastest search that runs on this processor without an engine for wasm.
#[must_use]
pub fn scan(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    // Vectors are slow in builds that do not optimise, where the crate that hashes for the scalar search still is.
    let vectors = if cfg!(debug_assertions) { None } else { native_scans().next() };
    vectors.map_or(scan_scalar as Scan, |(_, scan)| scan)(header, target, start, count)
}

/// The searches that this processor has instructions for, by name, the fastest first.
pub fn native_scans() -> impl Iterator<Item = (&'static str, Scan)> {
    crate::vectors::available()
}
