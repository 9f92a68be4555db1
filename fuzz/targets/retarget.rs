//! `retarget` for cargo-fuzz; README.md has the command.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| node_wasm::fuzz::retarget(bytes));
