//! `cargo xtask bench mining`: the miner against the plain `sha2` crate and hash-wasm, in a browser and natively.
//!
//! The contestants take turns, so that what else the machine does strikes all alike; what counts are the ratios within
//! a round. The miner's module is compiled and optimised as the page ships it. The naive one's is compiled for speed
//! throughout, so that the miner does not win by the page's being compiled for size. How soon a miner is at its full
//! rate is seen in tabs of their own, as an engine keeps what it compiled once.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::tab::Tab;
use crate::progress::{self, Step};
use crate::tools::{self, Tools};
use crate::{browser, workspace};

/// An engine recompiles a busy function within tens of milliseconds; this is ample.
const WARM_UP_MS: u32 = 200;
/// How many tabs show how soon a miner is at its full rate, and for how long.
const STARTS: u32 = 5;
const START_MS: u32 = 1000;
/// Long against a slice of the search, short against the changes of a machine's load.
const TURN_MS: u32 = 100;
/// What makes a naive module fast: the hash's outer functions are compiled with the package that calls them.
const FOR_SPEED: [&str; 2] = ["--config", "profile.web.package.node-wasm.opt-level=3"];

/// How to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// How many turns each contestant gets
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// One row of the table, and its turns in hashes per second.
struct Contestant {
    title: String,
    /// Its name in the file of results.
    key: String,
    rates: Vec<f64>,
}

/// What the miner promises of itself: a ratio of two contestants.
struct Bar {
    title: &'static str,
    of: &'static str,
    to: &'static str,
    least: f64,
}

const BARS: [Bar; 5] = [
    Bar { title: "the miner to the sha2 crate, both in the browser", of: "chosen", to: "naive", least: 4.6 },
    Bar {
        title: "the miner in the browser to the native sha2 crate",
        of: "chosen",
        to: "native_naive",
        least: 1.05,
    },
    Bar { title: "the miner to hash-wasm", of: "chosen", to: "hash_wasm", least: 10.0 },
    Bar { title: "two workers to one", of: "workers 2", to: "workers 1", least: 1.9 },
    Bar {
        title: "the native miner to the native sha2 crate",
        of: "native_miner",
        to: "native_naive",
        least: 2.0,
    },
];
/// How soon after its start a miner is at 90 % of its full rate, at most, in milliseconds.
const START_MS_MAX: f64 = 100.0;

/// Measures, prints a table and writes `target/bench/mining.json`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (tools, browser) = (tools::ensure()?, browser::ensure()?);
    let hash_wasm = tools::hash_wasm()?;
    let dir = workspace::target_dir()?.join("bench");
    let naive = Module { name: "naive", cargo: &FOR_SPEED, tools: &tools }.build()?;
    let shipped = Module { name: "shipped", cargo: &[], tools: &tools }.build()?;
    let native = build_native()?;
    let mut modules = vec![("naive", naive), ("shipped", shipped)];
    modules.extend(hash_wasm.map(|dir| ("hash-wasm", dir)));

    let mut starts = Vec::new();
    for start in 1..=STARTS {
        eprintln!("  start {start} of {STARTS}");
        starts.push(Tab::open(&browser.chromium, &dir, &modules)?.turn("warm_up", START_MS)?);
    }
    let mut tab = Tab::open(&browser.chromium, &dir, &modules)?;
    let mut in_tab = in_tab(&mut tab, modules.len() > 2)?;
    for contestant in &in_tab {
        tab.turn(&contestant.key, WARM_UP_MS)?;
    }
    let mut natives = Vec::new();
    for round in 1..=options.rounds {
        eprintln!("  round {round} of {}", options.rounds);
        for contestant in &mut in_tab {
            contestant.rates.push(tab.turn(&contestant.key, TURN_MS)?);
        }
        take_native_turns(&native, &mut natives)?;
    }
    drop(tab);
    in_tab.extend(natives);
    report(&in_tab, &starts, &dir.join("mining.json"))
}

/// The contestants that the tab runs.
fn in_tab(tab: &mut Tab, hash_wasm: bool) -> Result<Vec<Contestant>> {
    let names = tab.ask("names", Duration::ZERO)?;
    let mut contestants = vec![Contestant::new("naive", "browser: naive, by the sha2 crate".to_owned())];
    if hash_wasm {
        contestants.push(Contestant::new("hash_wasm", "browser: hash-wasm".to_owned()));
    }
    for (index, name) in names.split(',').enumerate() {
        contestants.push(Contestant::new(&format!("search {index}"), format!("browser: {name}")));
    }
    let rest = [
        ("chosen", "browser: miner, the fastest of these"),
        ("workers 1", "browser: one worker"),
        ("workers 2", "browser: two workers"),
    ];
    contestants.extend(rest.map(|(key, title)| Contestant::new(key, title.to_owned())));
    Ok(contestants)
}

/// A wasm module of the benchmark's two searches.
struct Module<'a> {
    name: &'static str,
    cargo: &'a [&'a str],
    tools: &'a Tools,
}

impl Module<'_> {
    /// Builds the module and its glue, and returns the directory that they lie in.
    fn build(&self) -> Result<PathBuf> {
        const EXAMPLE: &str = "bench_mining_web";
        let target = workspace::target_dir()?;
        let step = |what: &str| Step::new(&format!("{} module: {what}", self.name));
        let mut cargo = workspace::cargo();
        cargo
            .args(["build", "--package", "node-wasm", "--features", "bench", "--example", EXAMPLE])
            .args(["--profile", "web", "--target", tools::WASM_TARGET])
            .args(self.cargo);
        progress::run(&step("compiling").advice("The compiler's own words are above."), &mut cargo)?;

        let built = target.join(tools::WASM_TARGET).join("web/examples").join(EXAMPLE).with_extension("wasm");
        let dir = target.join("bench").join(self.name);
        let mut bindgen = self.tool("wasm-bindgen")?;
        bindgen.args(["--target", "web", "--out-name", "bench", "--out-dir"]).arg(&dir).arg(built);
        progress::run(&step("glue"), &mut bindgen)?;
        if self.tools.has_wasm_opt() {
            let wasm = dir.join("bench_bg.wasm");
            let mut optimiser = self.tool("wasm-opt")?;
            optimiser.arg("-O3").arg(&wasm).arg("-o").arg(&wasm);
            progress::run(&step("optimising"), &mut optimiser)?;
        }
        Ok(dir)
    }

    fn tool(&self, program: &str) -> Result<Command> {
        let mut command = Command::new(program);
        command.env("PATH", self.tools.path()?);
        Ok(command)
    }
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
fn take_native_turns(program: &Path, contestants: &mut Vec<Contestant>) -> Result<()> {
    let output = Command::new(program)
        .arg(TURN_MS.to_string())
        .output()
        .with_context(|| format!("running {}", program.display()))?;
    ensure!(output.status.success(), "{} failed ({})", program.display(), output.status);
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let rate = line.split_once(' ').and_then(|(name, rate)| Some((name, rate.parse().ok()?)));
        let (name, rate) = rate.with_context(|| format!("expected a rate, got {line:?}"))?;
        let key = format!("native_{name}");
        match contestants.iter_mut().find(|contestant| contestant.key == key) {
            Some(contestant) => contestant.rates.push(rate),
            None => {
                let title = match name {
                    "naive" => "native: naive, by the sha2 crate".to_owned(),
                    _ => format!("native: {name}"),
                };
                contestants.push(Contestant { title, key, rates: vec![rate] });
            }
        }
    }
    Ok(())
}

/// Prints the medians with their ratios, and writes everything measured.
fn report(contestants: &[Contestant], starts: &[f64], path: &Path) -> Result<()> {
    let find = |key| contestants.iter().find(|contestant| contestant.key == key);
    println!("  {:<38} {:>7} {:>7} {:>10} {:>9}", "", "MH/s", "best", "x browser", "x native");
    let mut json = String::new();
    for contestant in contestants {
        let ratio = |key| find(key).map_or(f64::NAN, |to| contestant.ratio(to));
        let rate = median(&contestant.rates);
        let (browser, native) = (ratio("naive"), ratio("native_naive"));
        let (megahashes, best) = (rate / 1e6, contestant.best() / 1e6);
        println!("  {:<38} {megahashes:>7.2} {best:>7.2} {browser:>10.2} {native:>9.2}", contestant.title);
        writeln!(
            json,
            "  {:?}: {{ \"median\": {rate:.0}, \"turns\": {:.0?} }},",
            contestant.key, contestant.rates
        )?;
    }
    println!();
    for Bar { title, of, to, least } in BARS {
        let Some((of, to)) = find(of).zip(find(to)) else {
            println!("  {title:<52} not measured; at least {least}");
            continue;
        };
        let (ratio, best) = (of.ratio(to), of.best() / to.best());
        let verdict = word(ratio >= least);
        println!("  {title:<52} {ratio:>6.2} ({best:.2} of the best turns), at least {least}: {verdict}");
        writeln!(json, "  \"{} to {}\": {{ \"median\": {ratio:.3}, \"best\": {best:.3} }},", of.key, to.key)?;
    }
    let start = median(starts);
    let title = "90 % of the full rate, ms after the start";
    println!("  {title:<52} {start:>6.0}, at most {START_MS_MAX}: {}", word(start <= START_MS_MAX));
    writeln!(json, "  \"start_ms\": {starts:.0?}")?;
    fs::write(path, format!("{{\n{json}}}\n")).with_context(|| format!("writing {}", path.display()))?;
    println!("  all turns, in hashes a second: {}", path.display());
    Ok(())
}

const fn word(holds: bool) -> &'static str {
    if holds { "met" } else { "MISSED" }
}

impl Contestant {
    fn new(key: &str, title: String) -> Self {
        Self { title, key: key.to_owned(), rates: Vec::new() }
    }

    /// How many times as fast as another: the median of the rounds, in each of which the machine was the same.
    fn ratio(&self, to: &Self) -> f64 {
        median(&self.rates.iter().zip(&to.rates).map(|(of, to)| of / to).collect::<Vec<_>>())
    }

    /// The best turn: what is left of the noise where the machine is busy, which makes every turn slower and none faster.
    fn best(&self) -> f64 {
        self.rates.iter().copied().fold(f64::NAN, f64::max)
    }
}

/// The middle of some figures.
fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
