//! The generated kernels under native tests: in an interpreter, where a tab has the browser's engine.

use std::cell::RefCell;
use std::io::Write as _;

use wasmi::{Engine, Linker, Memory, Module, Store, TypedFunc};

use crate::miner::kernel::{Instance, KERNELS, Kernel, WORDS, scan};
use crate::miner::scan::cases;
use crate::test;

struct Interpreted {
    store: RefCell<Store<()>>,
    memory: Memory,
    prepare: TypedFunc<(), ()>,
    search: TypedFunc<(u32, u32), u32>,
}

impl Interpreted {
    fn new(kernel: Kernel) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, kernel.module).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        let prepare = instance.get_typed_func(&store, "prepare").unwrap();
        let search = instance.get_typed_func(&store, "search").unwrap();
        Self { store: RefCell::new(store), memory, prepare, search }
    }
}

impl Instance for Interpreted {
    fn prepare(&self, words: [u32; WORDS]) {
        let mut store = self.store.borrow_mut();
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        self.memory.write(&mut *store, 0, &bytes).unwrap();
        self.prepare.call(&mut *store, ()).unwrap();
    }

    fn search(&self, nonce: u32, groups: u32) -> u32 {
        self.search.call(&mut *self.store.borrow_mut(), (nonce, groups)).unwrap()
    }
}

#[test]
fn every_kernel_finds_what_the_reference_finds() {
    for kernel in KERNELS {
        let interpreted = Interpreted::new(kernel);
        cases::check(|header, target, start, count| {
            scan(&interpreted, kernel.group, header, target, start, count)
        });
    }
}

/// How much of the page's weight the kernels may be, in bytes of brotli.
#[test]
fn the_kernels_are_small() {
    const LIMIT: usize = 16_000;
    let mut compressor = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    KERNELS.iter().for_each(|kernel| compressor.write_all(kernel.module).unwrap());
    let together = compressor.into_inner().len();
    assert!(together < LIMIT, "{together} bytes");
}
