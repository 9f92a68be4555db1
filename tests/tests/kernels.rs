//! The generated mining kernels under native tests: in an interpreter, where a tab has the browser's engine.

use std::cell::RefCell;
use std::io::Write as _;

use node_wasm::miner::kernel::{Instance, KERNELS, MODULE, WRITE, run, scan};
use wasmi::{Engine, Linker, Module, Store, TypedFunc};

#[path = "../../node-wasm/src/miner/scan/cases.rs"]
mod cases;

/// A kernel in the interpreter.
struct Interpreted {
    store: RefCell<Store<()>>,
    write: TypedFunc<(u32, u32), ()>,
    search: TypedFunc<(u32, u32), u32>,
    /// The groups of the searches so far, and of those how many were left.
    searched: RefCell<(u64, u64)>,
}

impl Interpreted {
    fn new(name: &str) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, MODULE).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module).unwrap();
        let write = instance.get_typed_func(&store, WRITE).unwrap();
        let search = instance.get_typed_func(&store, name).unwrap();
        Self { store: RefCell::new(store), write, search, searched: RefCell::default() }
    }
}

impl Instance for Interpreted {
    fn write(&self, at: u32, word: u32) {
        self.write.call(&mut *self.store.borrow_mut(), (at, word)).unwrap();
    }

    fn search(&self, nonce: u32, groups: u32) -> u32 {
        let left = self.search.call(&mut *self.store.borrow_mut(), (nonce, groups)).unwrap();
        let (all, unsearched) = *self.searched.borrow();
        self.searched.replace((all + u64::from(groups), unsearched + u64::from(left)));
        left
    }
}

#[test]
fn every_kernel_finds_what_the_reference_finds() {
    for kernel in KERNELS {
        let interpreted = Interpreted::new(kernel.name);
        cases::check(|header, target, start, count| {
            scan(&interpreted, kernel.group, header, target, start, count)
        });
    }
}

/// A trial measures a search that does all that it is told to.
#[test]
fn a_trial_searches_to_its_end() {
    for kernel in KERNELS {
        let interpreted = Interpreted::new(kernel.name);
        run(&interpreted, kernel.group, 20_000);
        assert_eq!(*interpreted.searched.borrow(), (u64::from(20_000 / kernel.group), 0), "{}", kernel.name);
    }
}

/// How much of the page's weight the kernels may be, in bytes of brotli.
#[test]
fn the_kernels_are_small() {
    const LIMIT: usize = 4_000;
    let mut compressor = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    compressor.write_all(MODULE).unwrap();
    let size = compressor.into_inner().len();
    assert!(size < LIMIT, "{size} bytes");
}
