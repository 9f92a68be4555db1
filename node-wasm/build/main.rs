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

/// As fast as each kind gets. The processors at hand are two: with few vector units the mixed kernels are the fastest,
/// with many the plain one is. A mixed kernel folds more when it is written out to the end of what can be folded, and
/// is shorter when it is not.
const SHAPES: [Shape; 3] = [
    Shape { name: "vector", kinds: &[Kind::Vector], unrolled: 32, rolled: 8 },
    Shape { name: "mixed", kinds: &[Kind::Vector, Kind::Scalar], unrolled: 32, rolled: 8 },
    Shape { name: "mixed_short", kinds: &[Kind::Vector, Kind::Scalar], unrolled: 16, rolled: 4 },
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
