//! `cargo xtask sim`: plays a scenario of the simulator with many seeds, on all cores, with the real relay.
//!
//! A seed that fails is shown with the one command that plays it again.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its terminal")]

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::value_parser;
use node_wasm::sim::{Failure, Options, Report, Scenario, run};

/// What the figures mean, for whoever sees them first.
const FIGURES: &str = "\
Every check holds after every step, or the run fails and shows the command that plays it again.
  reorgs    switches to a branch with more work, of all nodes together
  doubts    how often a node said that it is possibly isolated
  restarts  of nodes that died; from a snapshot, if their disk had one that holds
  bodies    blocks that a disk had lost when they were to be loaded behind a snapshot
  waited    branches that had to wait until the blocks below their fork were loaded
  refused   blocks made with a fault on purpose, which nobody took
  too slow  readers that the relay sent away, as it does with whoever falls behind
  agreed    how long after the last fault all had one tip and every payment
  audit     a hash of all that happened: equal hashes are equal runs";

/// Simulates many nodes on one virtual clock
#[derive(Clone, Parser)]
#[command(name = "cargo xtask sim", after_help = FIGURES)]
struct Cli {
    /// The seed, or the first of several
    #[arg(long)]
    seed: Option<u64>,
    /// How many nodes; the scenario decides where it is not given
    #[arg(long, value_parser = value_parser!(u16).range(2..))]
    nodes: Option<u16>,
    /// How many minutes of the virtual clock; the scenario decides where it is not given
    #[arg(long, value_parser = value_parser!(u64).range(1..))]
    minutes: Option<u64>,
    /// How many seeds, one after another; where it is not given, 1, or 100 of the swarm without a seed
    #[arg(long, value_parser = value_parser!(u64).range(1..))]
    runs: Option<u64>,
    /// What to play
    #[arg(long, default_value = Scenario::Swarm.name(), value_parser = scenario())]
    scenario: Scenario,
}

/// Reads a scenario's name, and knows them all.
fn scenario() -> impl TypedValueParser<Value = Scenario> {
    PossibleValuesParser::new(Scenario::ALL.map(Scenario::name)).try_map(|name| name.parse::<Scenario>())
}

/// What the runs came to together.
#[derive(Default)]
struct Total {
    runs: u64,
    events: u64,
    blocks: usize,
    reorgs: u64,
    deepest: usize,
    payments: usize,
    restarts: u64,
    snapshots: u64,
    lost: u64,
    waited: u64,
    too_slow: u64,
    doubts: u64,
    refused: u64,
    rest_ms_max: u64,
    failures: Vec<Failure>,
}

impl Cli {
    fn runs(&self) -> u64 {
        self.runs.unwrap_or(if self.scenario == Scenario::Swarm && self.seed.is_none() { 100 } else { 1 })
    }

    fn options(&self, seed: u64) -> Options {
        let relay: node_wasm::sim::NewSwitch = relay::sim::switch;
        Options {
            scenario: self.scenario,
            seed,
            nodes: self.nodes.map(usize::from),
            minutes: self.minutes,
            relay: Some(relay),
        }
    }
}

impl Total {
    fn add(&mut self, cli: &Cli, seed: u64, outcome: Result<Report, Failure>) {
        self.runs += 1;
        match outcome {
            Ok(report) => {
                if cli.runs() == 1 {
                    println!("  seed {seed}: {report}");
                }
                for finding in &report.findings {
                    println!("  seed {seed}: {finding}");
                }
                self.events += report.events;
                self.blocks += report.blocks;
                self.reorgs += report.reorgs;
                self.deepest = self.deepest.max(report.deepest);
                self.payments += report.payments;
                self.restarts += report.restarts;
                self.snapshots += report.snapshots;
                self.lost += report.lost;
                self.waited += report.waited;
                self.too_slow += report.too_slow;
                self.doubts += report.doubts;
                self.refused += report.refused;
                self.rest_ms_max = self.rest_ms_max.max(report.rest_ms);
            }
            Err(failure) => {
                println!("  FAILED: {failure}\n    again: {}", cli.options(seed).command());
                self.failures.push(failure);
            }
        }
        if self.runs.is_multiple_of(10) && std::io::stderr().is_terminal() {
            eprint!("\r  {} of {} runs, {} failed", self.runs, cli.runs(), self.failures.len());
            // Progress that does not show is no reason to stop.
            let _ = std::io::stderr().flush();
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (started, first) = (Instant::now(), cli.seed.unwrap_or_default());
    let (next, total) = (AtomicU64::new(0), Mutex::new(Total::default()));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= cli.runs() {
                        return;
                    }
                    let seed = first.wrapping_add(index);
                    let outcome = run(&cli.options(seed));
                    total.lock().expect("no run panics while it holds this").add(&cli, seed, outcome);
                }
            });
        }
    });
    let total = total.into_inner().expect("no run panics while it holds this");
    println!(
        "\n  {}: {} runs, {} failed; {} events, {} blocks, {} reorgs (deepest {}), {} payments, \
         {} restarts, {} from a snapshot, {} bodies lost, {} branches that waited, {} readers too slow, {} doubts, \
         {} forged blocks refused; \
         agreed at the latest after {} s; {:.1} s",
        cli.scenario.name(),
        total.runs,
        total.failures.len(),
        total.events,
        total.blocks,
        total.reorgs,
        total.deepest,
        total.payments,
        total.restarts,
        total.snapshots,
        total.lost,
        total.waited,
        total.too_slow,
        total.doubts,
        total.refused,
        total.rest_ms_max / 1000,
        started.elapsed().as_secs_f32()
    );
    for failure in &total.failures {
        println!("  FAILED: {failure}\n    again: {}", cli.options(failure.seed).command());
    }
    if total.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
