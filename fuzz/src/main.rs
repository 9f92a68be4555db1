//! The long run of the fuzz targets on a stable compiler: valid encodings, changed by chance, from a seed.
//!
//! Guarantees that a target which breaks its claim, or allocates beyond what its input allows, ends the run with a
//! file that repeats it. One thread, as the allocator counts for the whole program. Left out: coverage, which
//! cargo-fuzz has.

#![allow(clippy::print_stdout, reason = "a command talks to its terminal")]
#![allow(clippy::disallowed_methods, reason = "the run says how long it took")]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use clap::builder::PossibleValuesParser;
use node_wasm::fuzz::{Mutator, Target, allocation_max, targets};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What does more than decode is up to a hundred times as slow: the node, whose frames are signed.
const NODE_SHARE: u64 = 100;

#[derive(Parser)]
#[command(name = "cargo xtask fuzz", about = "Run the fuzz targets on changed valid encodings")]
struct Options {
    /// Which targets; none means all
    #[arg(value_parser = PossibleValuesParser::new(targets().into_iter().map(|target| target.name)))]
    targets: Vec<String>,
    /// How often each runs; what does more than decode, a hundredth as often
    #[arg(long, default_value_t = 10_000_000)]
    executions: u64,
    /// Another seed gives other inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs one target on the bytes of a file instead
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Where inputs that break something are kept
    #[arg(long, default_value = "target/fuzz")]
    keep: PathBuf,
}

/// What a run of a target came to.
#[derive(Debug, Default)]
struct Figures {
    executions: u64,
    /// What was allocated at once, in bytes: the most, ...
    peak: usize,
    /// ... and the most of what the input allowed, where it is bounded.
    share: f64,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let mut chosen = targets();
    chosen.retain(|target| options.targets.is_empty() || options.targets.contains(&target.name));
    if let Some(file) = &options.input {
        let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        return chosen.iter().try_for_each(|target| {
            execute(target, &bytes, &mut Figures::default())?;
            println!("{} holds", target.name);
            Ok(())
        });
    }
    println!(
        "  {:<12} {:>11} {:>8} {:>10} {:>10} {:>9}",
        "target", "executions", "seconds", "each, µs", "most bytes", "of bound"
    );
    for target in &chosen {
        let share = if target.bounded { 1 } else { NODE_SHARE };
        let started = Instant::now();
        let figures = fuzz(target, options.seed, options.executions.div_ceil(share), &options.keep)?;
        let seconds = started.elapsed().as_secs_f64();
        let of_bound =
            if target.bounded { format!("{:.0} %", 100.0 * figures.share) } else { "-".to_owned() };
        println!(
            "  {:<12} {:>11} {seconds:>8.1} {:>10.2} {:>10} {of_bound:>9}",
            target.name,
            figures.executions,
            1e6 * seconds / figures.executions as f64,
            figures.peak
        );
    }
    Ok(())
}

/// Runs a target so many times. Keeps the input that breaks it.
fn fuzz(target: &Target, seed: u64, executions: u64, keep: &Path) -> Result<Figures> {
    let (mut mutator, mut figures) = (Mutator::new(seed), Figures::default());
    for _ in 0..executions {
        let bytes = mutator.next_input(&target.seeds);
        if let Err(error) = execute(target, bytes, &mut figures) {
            fs::create_dir_all(keep).with_context(|| format!("making {}", keep.display()))?;
            let file = keep.join(format!("{}-{seed}-{}", target.name, figures.executions));
            fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))?;
            let again = format!("cargo xtask fuzz {} --input {}", target.name, file.display());
            return Err(error.context(format!("once more: {again}")));
        }
    }
    Ok(figures)
}

/// Runs a target once.
fn execute(target: &Target, bytes: &[u8], figures: &mut Figures) -> Result<()> {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let outcome = catch_unwind(|| (target.run)(bytes));
    let peak = ALLOCATOR.peak_usage() - before;
    figures.executions += 1;
    if outcome.is_err() {
        bail!("{} panicked on {} bytes", target.name, bytes.len());
    }
    figures.peak = figures.peak.max(peak);
    if target.bounded {
        let limit = allocation_max(bytes.len());
        ensure!(
            peak <= limit,
            "{} allocated {peak} bytes for an input of {}, at most {limit}",
            target.name,
            bytes.len()
        );
        figures.share = figures.share.max(peak as f64 / limit as f64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // The only test of this program: the allocator counts for all of them.
    #[test]
    fn c24_no_bytes_panic_or_allocate_more_than_they_are_worth() {
        for target in targets() {
            let executions = if target.bounded { 2_000 } else { 20 };
            let keep = std::env::temp_dir().join("tabchain-fuzz");
            fuzz(&target, 24, executions, &keep).unwrap_or_else(|error| panic!("{}: {error:#}", target.name));
        }
    }
}
