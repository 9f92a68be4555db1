//! `cargo fuzz run chain_file --features libfuzzer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| node_wasm::fuzz::chain_file(bytes));
