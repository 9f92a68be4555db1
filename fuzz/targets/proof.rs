//! `cargo fuzz run proof --features libfuzzer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| node_wasm::fuzz::proof(bytes));
