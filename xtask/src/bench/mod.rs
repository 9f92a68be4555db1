//! `cargo xtask bench`: what a browser reaches, measured where it counts, in headless Chromium.

mod mining;
mod tab;

use anyhow::Result;
use clap::{Args, Subcommand};

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Hashes per second of the miner and of the plain `sha2` crate, on one core
    Mining(mining::Options),
}

/// Measures.
pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.bench {
        Bench::Mining(options) => mining::run(options),
    }
}
