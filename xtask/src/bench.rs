//! `cargo xtask bench`: what a browser reaches, measured where it counts, in headless Chromium.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::progress::{self, Step};
use crate::{browser, tools, workspace};

/// A browser can hang; no measurement takes this long.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Hashes per second of the miner's kernels and of the plain `sha2` crate
    Mining,
}

/// Measures.
pub(crate) fn run(options: &Options) -> Result<()> {
    match options.bench {
        Bench::Mining => in_browser("mining"),
    }
}

/// Runs one of `node-wasm/benches/` as the page would be compiled.
fn in_browser(bench: &str) -> Result<()> {
    let environment = browser::ensure()?.runs_wasm(&tools::ensure()?, LIMIT)?;
    let mut command = workspace::cargo();
    command
        .args([
            "bench",
            "--package",
            "node-wasm",
            "--profile",
            "web",
            "--target",
            tools::WASM_TARGET,
            "--bench",
            bench,
        ])
        .envs(environment);
    progress::show(&Step::new(bench).limit(LIMIT), &mut command, |_| ())
}
