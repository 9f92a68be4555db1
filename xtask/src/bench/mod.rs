//! `cargo xtask bench`: what is promised of speed, memory and size, measured where it counts.
//!
//! Each benchmark prints a table, with the bars and the ratios that were reached, and writes what it measured to
//! `target/bench/<name>.json`. Times mean little on a machine that does other things; ratios within one run do.

mod mining;
mod module;
mod node;
mod report;
mod tab;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::size;
use report::{Bar, Bound, Report, Unit};

const KILOBYTES: Unit = Unit { name: "kB", factor: 1e-3 };

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
    /// Payments per second in blocks of 1,000, beside `verify_strict` alone
    Verify(node::Options),
    /// Blocks per second from a peer, beside those from the node's own store; and how long a start takes
    Sync(node::Options),
    /// A reorg of 100 blocks of 1,000 payments, beside connecting 100
    Reorg(node::Options),
    /// What a block costs at height 1,000 and 100,000, and what memory 100,000 blocks take
    State(node::Options),
    /// Bytes per second read, beside borsh alone and a copy
    Decode(node::Options),
    /// What a browser downloads before its first block
    Size,
}

/// Measures.
pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.bench {
        Bench::Mining(options) => mining::run(options),
        Bench::Verify(options) => node::run(&node::VERIFY, options),
        Bench::Sync(options) => node::run(&node::SYNC, options),
        Bench::Reorg(options) => node::run(&node::REORG, options),
        Bench::State(options) => node::run(&node::STATE, options),
        Bench::Decode(options) => node::run(&node::DECODE, options),
        Bench::Size => {
            let mut report = Report::new("size", &[]);
            report.series("page", "everything that a browser downloads", KILOBYTES);
            report.turn("page", size::measure()? as f64);
            report.end(&[Bar {
                title: "kB of brotli before the first block",
                of: "page",
                to: None,
                bound: Bound::Most(size::LIMIT as f64 / 1000.0),
            }])
        }
    }
}
