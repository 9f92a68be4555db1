//! Generates the mining kernels, which the page's program carries as bytes.

#![allow(clippy::print_stdout, reason = "cargo reads what a build script prints")]

mod code;
#[allow(unreachable_pub, reason = "the library has these too, where they are reached")]
#[path = "../src/miner/contract.rs"]
mod contract;
mod graph;
mod kernel;
mod memory;
#[allow(unreachable_pub, reason = "the library has these too, where they are reached")]
#[path = "../src/miner/sha256.rs"]
mod sha256;

use std::path::PathBuf;
use std::{env, fs, io};

use code::Kind;
use kernel::Shape;

/// Vectors alone win where a processor has many units for them; with plain words beside them where it has few.
const SHAPES: [Shape; 2] = [
    Shape { name: contract::VECTOR, kinds: &[Kind::Vector] },
    Shape { name: contract::MIXED, kinds: &[Kind::Vector, Kind::Scalar] },
];

fn main() -> io::Result<()> {
    let dir = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(dir.join("kernels.wasm"), kernel::module(&SHAPES))?;
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/miner/contract.rs");
    println!("cargo::rerun-if-changed=src/miner/sha256.rs");
    Ok(())
}
