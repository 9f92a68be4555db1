//! The generated kernels in the browser's engine, and the one of them that is the fastest here.
//!
//! An engine compiles a function well only after some calls, and never swaps code that is running: search in slices of
//! a few milliseconds to tens of them.

use js_sys::{Function, Object, Uint8Array, Uint32Array, WebAssembly};
use ruint::aliases::U256;
use wasm_bindgen::prelude::*;

use super::js::property;
use crate::host::Contest;
use crate::miner::kernel::{Instance, KERNELS, Kernel, WORDS, scan};
use crate::miner::scan_scalar;
use crate::primitives::{BlockHash, CompactTarget, Header, MerkleRoot, Target};
use crate::units::BlockTime;

/// A kernel in this thread's engine.
struct Engine {
    kernel: Kernel,
    words: Uint32Array,
    prepare: Function,
    search: Function,
}

impl Engine {
    /// Compiles a kernel, which an engine without vectors refuses.
    fn new(kernel: Kernel) -> Result<Self, JsValue> {
        let module = WebAssembly::Module::new(&Uint8Array::from(kernel.module))?;
        let exports = WebAssembly::Instance::new(&module, &Object::new())?.exports();
        // What `build/` exports is known.
        let memory: WebAssembly::Memory = property(&exports, "memory").unchecked_into();
        let words = Uint32Array::new_with_byte_offset_and_length(&memory.buffer(), 0, WORDS as u32);
        let function = |name| property(&exports, name).unchecked_into();
        Ok(Self { kernel, words, prepare: function("prepare"), search: function("search") })
    }
}

impl Instance for Engine {
    fn prepare(&self, words: [u32; WORDS]) {
        self.words.copy_from(&words);
        // The kernels' code has nothing that fails.
        let _ = self.prepare.call0(&JsValue::UNDEFINED);
    }

    fn search(&self, nonce: u32, groups: u32) -> u32 {
        let left = self.search.call2(&JsValue::UNDEFINED, &nonce.into(), &groups.into());
        left.ok().and_then(|left| left.as_f64()).unwrap_or_default() as u32
    }
}

/// Every search that this engine runs.
pub struct Searches {
    engines: Vec<Engine>,
    contest: Contest,
}

impl Searches {
    /// Compiles the kernels; none of them is fast yet.
    #[must_use]
    pub fn new() -> Self {
        let engines: Vec<_> = KERNELS.into_iter().filter_map(|kernel| Engine::new(kernel).ok()).collect();
        let contest = Contest::new(1 + engines.len());
        Self { engines, contest }
    }

    /// The names of the searches, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        ["scalar"].into_iter().chain(self.engines.iter().map(|engine| engine.kernel.name))
    }

    /// Lets the searches run against each other until it is known which is the fastest, on a clock in milliseconds.
    pub fn try_out(&mut self, clock: impl Fn() -> f64) {
        let header = Header {
            version: 0,
            previous: BlockHash([0; 32]),
            merkle_root: MerkleRoot([0; 32]),
            time: BlockTime(0),
            bits: CompactTarget(0),
            nonce: 0,
        };
        // No hash meets it.
        let target = Target::new(U256::ONE).unwrap_or(Target::MAX);
        let mut nonce = 0_u32;
        while let Some((search, count)) = self.contest.trial() {
            let began = clock();
            let _ = self.scan_by(search, &header, &target, nonce, count);
            self.contest.record(search, count, clock() - began);
            nonce = nonce.wrapping_add(count);
        }
    }

    /// The search whose turn it is, mostly the fastest, and how many nonces it is to search.
    pub fn turn(&mut self) -> (usize, u32) {
        self.contest.turn()
    }

    /// The fastest search so far.
    #[must_use]
    pub fn fastest(&self) -> usize {
        self.contest.fastest()
    }

    /// Takes down that a search did a whole turn, in so many milliseconds.
    pub fn record(&mut self, search: usize, hashes: u32, took_ms: f64) {
        self.contest.record(search, hashes, took_ms);
    }

    /// Does as [`scan_scalar()`] does, by this search.
    #[must_use]
    pub fn scan_by(
        &self,
        search: usize,
        header: &Header,
        target: &Target,
        start: u32,
        count: u32,
    ) -> Option<u32> {
        match search.checked_sub(1).and_then(|index| self.engines.get(index)) {
            Some(engine) => scan(engine, engine.kernel.group, header, target, start, count),
            None => scan_scalar(header, target, start, count),
        }
    }
}

impl Default for Searches {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Searches;
    use crate::miner::kernel::KERNELS;
    use crate::miner::scan::cases;
    use crate::test;

    #[test]
    fn every_search_finds_what_the_reference_finds() {
        let searches = Searches::new();
        assert_eq!(searches.names().count(), 1 + KERNELS.len(), "the engine refused a kernel");
        for search in 0..=KERNELS.len() {
            cases::check(|header, target, start, count| {
                searches.scan_by(search, header, target, start, count)
            });
        }
    }
}
