//! The generated kernels: a wasm module that searches for a nonce, for an engine to run.
//!
//! `build/` generates it, and agrees with its caller on what is in `contract.rs`. The module has a memory of its own.
//! `write(at, word)` tells it a word about the header; a kernel's `search(nonce, groups)` searches so many groups of
//! nonces, and returns 0, or, when a group may hold a hit, how many were left, that one included. The group is then
//! hashed whole here, so that [`scan`] finds exactly what [`super::scan_scalar()`] finds.

pub use super::contract::WRITE;
use super::contract::{LANES, MASK, MIXED, VECTOR};
use super::scan::{Search, find, nonces};
use crate::primitives::{Header, Target};

/// One of the module's kernels.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// What the module calls its search.
    pub name: &'static str,
    /// How many nonces are a group.
    pub group: u32,
}

/// The module of the kernels.
pub const MODULE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kernels.wasm"));
/// Every kernel. Which of them is the fastest depends on the processor, and on what else it does.
pub const KERNELS: [Kernel; 2] =
    [Kernel { name: VECTOR, group: LANES }, Kernel { name: MIXED, group: LANES + 1 }];

/// A kernel that an engine has made ready to run.
pub trait Instance {
    /// Calls `write`.
    fn write(&self, at: u32, word: u32);
    /// Calls `search`.
    fn search(&self, nonce: u32, groups: u32) -> u32;
}

/// Does as [`super::scan_scalar()`] does, with a kernel whose groups are of so many nonces.
#[must_use]
pub fn scan(
    kernel: &impl Instance,
    group: u32,
    header: &Header,
    target: &Target,
    start: u32,
    count: u32,
) -> Option<u32> {
    let (mut nonce, last) = nonces(start, count)?.into_inner();
    (0..).zip(words(&Search::new(header, target))).for_each(|(at, word)| kernel.write(at, word));
    loop {
        // The last group may reach beyond the last nonce: only nonces up to it are hashed whole.
        let groups = (last - nonce) / group + 1;
        let left = kernel.search(nonce, groups).min(groups);
        if left == 0 {
            return None;
        }
        let promising = nonce + (groups - left) * group;
        let found = find(header, target, promising..=last.min(promising.saturating_add(group - 1)));
        if found.is_some() {
            return found;
        }
        nonce = promising.checked_add(group).filter(|nonce| *nonce <= last)?;
    }
}

/// Lets a new kernel, which was told nothing of a header yet, do about so many hashes, and finds nothing: how fast it is
/// is all that can be learnt.
pub fn run(kernel: &impl Instance, group: u32, hashes: u32) {
    // The header of zeros has no hash whose eighth word is zero, with nonces as small as a trial's.
    kernel.write(MASK, u32::MAX);
    kernel.search(0, hashes / group);
}

/// What a kernel is told of a search, in the order in which it expects it.
fn words(search: &Search) -> [u32; MASK as usize + 1] {
    let Search { midstate: [a, b, c, d, e, f, g, h], words: [root, time, bits], mask } = *search;
    [a, b, c, d, e, f, g, h, root, time, bits, mask]
}
