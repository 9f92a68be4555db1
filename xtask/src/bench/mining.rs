//! `cargo xtask bench mining`: the miner against the plain `sha2` crate and hash-wasm, in a browser and natively.
//!
//! The contestants take turns, so that what else the machine does strikes all alike; what counts are the ratios within
//! a round. The miner's module is compiled and optimised as the page ships it. The naive one's is compiled for speed
//! throughout, so that the miner does not win by the page's being compiled for size. How soon a miner is at its full
//! rate is seen in tabs of their own, as an engine keeps what it compiled once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::module::Module;
use super::report::{Bar, Bound, Report, Unit};
use super::tab::Tab;
use crate::progress::{self, Step};
use crate::tools::{self, Tools};
use crate::{browser, workspace};

/// An engine recompiles a busy function within tens of milliseconds; this is ample.
const WARM_UP_MS: u32 = 200;
/// How many tabs show how soon a miner is at its full rate, and for how long.
const STARTS: u32 = 9;
const START_MS: u32 = 1000;
/// Long against a slice of the search, short against the changes of a machine's load.
const TURN_MS: u32 = 100;
/// For all workers together: the messages that begin their turn keep a core busy for some milliseconds, which a page that
/// mines for minutes does not notice.
const WORKERS_TURN_MS: u32 = 500;
/// What makes a naive module fast: the hash's outer functions are compiled with the package that calls them.
const FOR_SPEED: [&str; 2] = ["--config", "profile.web.package.node-wasm.opt-level=3"];

/// How to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// How many turns each contestant gets
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// What each row of the table is compared with.
const REFERENCES: &[(&str, &str)] = &[("naive", "x browser"), ("native_naive", "x native")];
const BARS: [Bar; 6] = [
    Bar {
        title: "the miner to the sha2 crate, both in the browser",
        of: "chosen",
        to: Some("naive"),
        bound: Bound::Least(4.6),
    },
    Bar {
        title: "the miner in the browser to the native sha2 crate",
        of: "chosen",
        to: Some("native_naive"),
        bound: Bound::Least(1.05),
    },
    Bar { title: "the miner to hash-wasm", of: "chosen", to: Some("hash_wasm"), bound: Bound::Least(10.0) },
    Bar { title: "two workers to one", of: "workers 2", to: Some("workers 1"), bound: Bound::Least(1.9) },
    Bar {
        title: "the native miner to the native sha2 crate",
        of: "native_miner",
        to: Some("native_naive"),
        bound: Bound::Least(2.0),
    },
    Bar {
        title: "90 % of the full rate, ms after the start",
        of: "start",
        to: None,
        bound: Bound::Most(100.0),
    },
];
const MEGAHASHES: Unit = Unit { name: "MH/s", factor: 1e-6 };
const MILLISECONDS: Unit = Unit { name: "ms", factor: 1.0 };

/// Measures, prints a table and writes `target/bench/mining.json`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (tools, browser) = (tools::ensure()?, browser::ensure()?);
    let hash_wasm = tools::hash_wasm()?;
    let dir = workspace::target_dir()?.join("bench");
    let naive = build_web("naive", &FOR_SPEED, &tools)?;
    let shipped = build_web("shipped", &[], &tools)?;
    let native = build_native()?;
    let mut modules = vec![("naive", naive), ("shipped", shipped)];
    let has_hash_wasm = hash_wasm.is_some();
    modules.extend(hash_wasm.map(|dir| ("hash-wasm", dir)));

    let mut report = Report::new("mining", REFERENCES);
    let mut tab = Tab::open(&browser.chromium, &dir, &modules)?;
    let in_tab = in_tab(&mut tab, has_hash_wasm, &mut report)?;
    for contestant in &in_tab {
        tab.turn(contestant, WARM_UP_MS)?;
    }
    for round in 1..=options.rounds {
        eprintln!("  round {round} of {}", options.rounds);
        for contestant in &in_tab {
            report.turn(contestant, tab.turn(contestant, turn_ms(contestant))?);
        }
        take_native_turns(&native, &mut report)?;
    }
    drop(tab);
    report.series("start", "90 % of the full rate after a start", MILLISECONDS);
    for start in 1..=STARTS {
        eprintln!("  start {start} of {STARTS}");
        let mut tab = Tab::open(&browser.chromium, &dir, &modules)?;
        report.turn("start", tab.turn("warm_up", START_MS)?);
    }
    let measured = |bar: &Bar| has_hash_wasm || bar.to != Some("hash_wasm");
    report.end(&BARS.into_iter().filter(measured).collect::<Vec<_>>())
}

fn turn_ms(contestant: &str) -> u32 {
    if contestant.starts_with("workers") { WORKERS_TURN_MS } else { TURN_MS }
}

/// The names of the contestants that the tab runs.
fn in_tab(tab: &mut Tab, hash_wasm: bool, report: &mut Report) -> Result<Vec<String>> {
    let names = tab.ask("names", Duration::ZERO)?;
    let mut contestants = vec![("naive".to_owned(), "naive, by the sha2 crate".to_owned())];
    if hash_wasm {
        contestants.push(("hash_wasm".to_owned(), "hash-wasm".to_owned()));
    }
    for (index, name) in names.split(',').enumerate() {
        contestants.push((format!("search {index}"), name.to_owned()));
    }
    let rest = [
        ("chosen", "miner, the fastest of these"),
        ("workers 1", "one worker"),
        ("workers 2", "two workers"),
    ];
    contestants.extend(rest.map(|(key, title)| (key.to_owned(), title.to_owned())));
    for (key, title) in &contestants {
        report.series(key, &format!("browser: {title}"), MEGAHASHES);
    }
    Ok(contestants.into_iter().map(|(key, _)| key).collect())
}

/// A wasm module of the benchmark's two searches.
fn build_web(name: &str, options: &[&str], tools: &Tools) -> Result<PathBuf> {
    let example = ["--package", "node-wasm", "--features", "bench", "--example", "bench_mining_web"];
    let cargo = [&example[..], options].concat();
    Module { name, cargo: &cargo, built: "examples/bench_mining_web", tools }.build()
}

fn build_native() -> Result<PathBuf> {
    const EXAMPLE: &str = "bench_mining_native";
    let step = Step::new("native searches").advice("The compiler's own words are above.");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--package", "node-wasm", "--example", EXAMPLE, "--profile", "quick"]);
    progress::run(&step, &mut cargo)?;
    Ok(workspace::target_dir()?.join("quick/examples").join(EXAMPLE))
}

/// One turn of each native contestant: the program names them.
fn take_native_turns(program: &Path, report: &mut Report) -> Result<()> {
    let output = Command::new(program)
        .arg(TURN_MS.to_string())
        .output()
        .with_context(|| format!("running {}", program.display()))?;
    ensure!(output.status.success(), "{} failed ({})", program.display(), output.status);
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let rate = line.split_once(' ').and_then(|(name, rate)| Some((name, rate.parse().ok()?)));
        let (name, rate) = rate.with_context(|| format!("expected a rate, got {line:?}"))?;
        let key = format!("native_{name}");
        if !report.has(&key) {
            let title = if name == "naive" { "naive, by the sha2 crate" } else { name };
            report.series(&key, &format!("native: {title}"), MEGAHASHES);
        }
        report.turn(&key, rate);
    }
    Ok(())
}
