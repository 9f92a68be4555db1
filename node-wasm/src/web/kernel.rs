//! The generated kernels in the browser's engine, and the one of them that is the fastest here.
//!
//! An engine compiles a function well only after some calls, and never swaps code that is running: search in slices of
//! a few milliseconds to tens of them.

use js_sys::{Function, Object, Uint8Array, WebAssembly};
use wasm_bindgen::prelude::*;

use super::js::property;
use crate::host::contest;
use crate::miner::kernel::{self, Instance, KERNELS, Kernel, MODULE, WRITE};
use crate::miner::scan_whole;
use crate::primitives::{Header, Target};

/// A kernel in this thread's engine.
struct Engine {
    write: Function,
    search: Function,
    group: u32,
}

impl Engine {
    /// Compiles the kernels, which an engine without vectors refuses.
    fn all() -> Result<Vec<Self>, JsValue> {
        let module = WebAssembly::Module::new(&Uint8Array::from(MODULE))?;
        let exports = WebAssembly::Instance::new(&module, &Object::new())?.exports();
        // What `build/` exports is known.
        let function = |name| property(&exports, name).unchecked_into();
        let engine = |kernel: Kernel| Self {
            write: function(WRITE),
            search: function(kernel.name),
            group: kernel.group,
        };
        Ok(KERNELS.into_iter().map(engine).collect())
    }

    /// A call; the kernels' code has nothing that fails.
    fn call(function: &Function, first: u32, second: u32) -> u32 {
        let result = function.call2(&JsValue::UNDEFINED, &first.into(), &second.into());
        result.ok().and_then(|result| result.as_f64()).unwrap_or_default() as u32
    }
}

impl Instance for Engine {
    fn write(&self, at: u32, word: u32) {
        Self::call(&self.write, at, word);
    }

    fn search(&self, nonce: u32, groups: u32) -> u32 {
        Self::call(&self.search, nonce, groups)
    }
}

/// Every search that this engine runs: none where it has no vectors.
pub struct Searches {
    engines: Vec<Engine>,
    fastest: usize,
}

impl Searches {
    /// Compiles the kernels; none of them is fast yet.
    #[must_use]
    pub fn new() -> Self {
        Self { engines: Engine::all().unwrap_or_default(), fastest: 0 }
    }

    /// Lets the kernels run against each other until it is known which is the fastest, on a clock in milliseconds.
    pub fn try_out(&mut self, clock: impl Fn() -> f64) {
        self.fastest = contest::fastest(self.engines.len(), |search, hashes| {
            let engine = &self.engines[search];
            let began = clock();
            kernel::run(engine, engine.group, hashes);
            clock() - began
        });
    }

    /// The fastest search, as [`Self::try_out`] found.
    #[must_use]
    pub const fn fastest(&self) -> usize {
        self.fastest
    }

    /// Does as [`scan_whole()`] does, by the fastest search.
    #[must_use]
    pub fn scan(&self, header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
        self.scan_by(self.fastest, header, target, start, count)
    }

    /// Does as [`scan_whole()`] does, by this search.
    // The vectors are the kernels', but one function that may use them lets the compiler use them everywhere: the page
    // is 3 KB smaller with them.
    #[target_feature(enable = "simd128")]
    #[must_use]
    pub fn scan_by(
        &self,
        search: usize,
        header: &Header,
        target: &Target,
        start: u32,
        count: u32,
    ) -> Option<u32> {
        match self.engines.get(search) {
            Some(engine) => kernel::scan(engine, engine.group, header, target, start, count),
            None => scan_whole(header, target, start, count),
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
        assert_eq!(searches.engines.len(), KERNELS.len(), "the engine refused a kernel");
        // One more: what is left where the engine refuses them.
        for search in 0..=KERNELS.len() {
            cases::check(|header, target, start, count| {
                searches.scan_by(search, header, target, start, count)
            });
        }
    }
}
