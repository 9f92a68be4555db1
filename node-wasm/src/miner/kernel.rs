//! The generated kernels: wasm modules that search for a nonce, for an engine to run.
//!
//! `build/` generates them; here is what they agree on with their caller. A kernel has a memory of its own and two
//! functions. `prepare()` computes what depends on the header alone from the words at the memory's start;
//! `search(nonce, groups)` searches so many groups of nonces, and returns 0, or, when a group may hold a hit, how many
//! were left, that one included. The group is then hashed whole here, so that [`scan`] finds exactly what
//! [`super::scan_scalar()`] finds.

use super::scan::{Search, find, nonces};
use crate::primitives::{Header, Target};

/// A kernel's code.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// What the benchmark calls it.
    pub name: &'static str,
    /// How many nonces are a group.
    pub group: u32,
    /// The module.
    pub module: &'static [u8],
}

/// Every kernel. Which of them is the fastest depends on the processor, and on what else it does.
pub const KERNELS: [Kernel; 2] = [
    Kernel { name: "vector", group: 4, module: include_bytes!(concat!(env!("OUT_DIR"), "/vector.wasm")) },
    Kernel { name: "mixed", group: 5, module: include_bytes!(concat!(env!("OUT_DIR"), "/mixed.wasm")) },
];

/// How many words about a header a kernel reads.
pub const WORDS: usize = 12;

/// A kernel that an engine has made ready to run.
pub trait Instance {
    /// Writes these words at the memory's start and calls `prepare`.
    fn prepare(&self, words: [u32; WORDS]);
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
    kernel.prepare(words(&Search::new(header, target)));
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

/// What a kernel is told of a search, in the order in which it expects it.
fn words(search: &Search) -> [u32; WORDS] {
    let Search { midstate: [a, b, c, d, e, f, g, h], words: [root, time, bits], mask } = *search;
    [a, b, c, d, e, f, g, h, root, time, bits, mask]
}
