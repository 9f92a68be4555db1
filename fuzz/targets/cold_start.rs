//! `cargo fuzz run cold_start --features libfuzzer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| node_wasm::fuzz::cold_start(bytes));
