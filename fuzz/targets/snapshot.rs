//! `cargo fuzz run snapshot --features libfuzzer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| node_wasm::fuzz::snapshot(bytes));
