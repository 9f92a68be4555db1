//! The contests in a browser: the page's script calls [`turn`].

use std::cell::RefCell;

use bench::{Bench, Platform};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static BENCH: RefCell<Bench> = const { RefCell::new(Bench::new(Platform { clock, memory })) };
}

/// Takes a turn of the contest of this name, and gives its figures, or what went wrong.
#[wasm_bindgen]
#[must_use]
pub fn turn(name: &str) -> String {
    BENCH.with_borrow_mut(|bench| bench.turn(name).unwrap_or_else(|error| error))
}

fn clock() -> f64 {
    let performance = web_sys::window().and_then(|window| window.performance());
    performance.map_or(f64::NAN, |performance| performance.now() / 1000.0)
}

/// The memory of this instance: it grows and never shrinks.
fn memory() -> f64 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    f64::from(buffer.byte_length())
}

fn main() {}
