//! Generates the mining kernels, which the page's program carries as bytes.

#![allow(clippy::print_stdout, reason = "cargo reads what a build script prints")]

mod code;
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

/// Each kind in the shape in which it is the fastest. The plain kernel wins where a processor has many vector units, the
/// mixed one where it has few; it is the shorter, as its code is for both.
const SHAPES: [Shape; 2] = [
    Shape { name: "vector", kinds: &[Kind::Vector], unrolled: 32, rolled: 4 },
    Shape { name: "mixed", kinds: &[Kind::Vector, Kind::Scalar], unrolled: 16, rolled: 4 },
];

fn main() -> io::Result<()> {
    let dir = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    for shape in SHAPES {
        fs::write(dir.join(shape.name).with_extension("wasm"), kernel::module(shape))?;
    }
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/miner/sha256.rs");
    Ok(())
}
