//! `cargo fuzz run from_relay --features libfuzzer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| node_wasm::fuzz::from_relay(bytes));
