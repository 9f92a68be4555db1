//! `cargo xtask bench mining`: the miner against the plain `sha2` crate, in a browser and natively.
//!
//! One core, and the contestants by turns, so that what else the machine does strikes all alike; what counts are
//! the ratios of the medians. The miner's module is compiled and optimised as the page ships it. The naive one's is
//! compiled for speed throughout, so that the miner does not win by the page's being compiled for size.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::tab::Tab;
use crate::progress::{self, Step};
use crate::tools::{self, Tools};
use crate::{browser, workspace};

/// An engine recompiles a busy function within tens of milliseconds; this is ample.
const WARM_UP_MS: u32 = 200;
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

/// A contestant's name in the table, in the file of results, and its turns in hashes per second.
struct Contestant {
    title: &'static str,
    key: &'static str,
    rates: Vec<f64>,
}

/// Measures, prints a table and writes `target/bench/mining.json`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (tools, browser) = (tools::ensure()?, browser::ensure()?);
    let dir = workspace::target_dir()?.join("bench");
    let naive = Module { name: "naive", cargo: &FOR_SPEED, tools: &tools }.build()?;
    let shipped = Module { name: "shipped", cargo: &[], tools: &tools }.build()?;
    let native = build_native()?;

    let mut contestants = [
        ("browser, sha2 crate", "browser_naive"),
        ("browser, miner", "browser_scan"),
        ("native, sha2 crate", "native_naive"),
        ("native, midstate", "native_scan"),
    ]
    .map(|(title, key)| Contestant { title, key, rates: Vec::new() });
    let mut tab = Tab::open(&browser.chromium, &dir, &[naive, shipped])?;
    for contestant in ["naive", "scan"] {
        tab.rate(contestant, WARM_UP_MS)?;
    }
    for round in 1..=options.rounds {
        eprintln!("  round {round} of {}", options.rounds);
        let [native_naive, native_scan] = native_rates(&native)?;
        let rates = [tab.rate("naive", TURN_MS)?, tab.rate("scan", TURN_MS)?, native_naive, native_scan];
        for (contestant, rate) in contestants.iter_mut().zip(rates) {
            contestant.rates.push(rate);
        }
    }
    drop(tab);
    report(&mut contestants, &dir.join("mining.json"))
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

/// One turn of each native contestant.
fn native_rates(program: &PathBuf) -> Result<[f64; 2]> {
    let output = Command::new(program)
        .arg(TURN_MS.to_string())
        .output()
        .with_context(|| format!("running {}", program.display()))?;
    ensure!(output.status.success(), "{} failed ({})", program.display(), output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let rates: Vec<f64> = text.split_whitespace().map_while(|word| word.parse().ok()).collect();
    rates
        .try_into()
        .ok()
        .with_context(|| format!("expected two rates from {}, got {text:?}", program.display()))
}

/// Prints the medians with their ratios, and writes everything measured.
fn report(contestants: &mut [Contestant], path: &PathBuf) -> Result<()> {
    for contestant in contestants.iter_mut() {
        contestant.rates.sort_by(f64::total_cmp);
    }
    let [naive, scan, native, ..] = contestants else { unreachable!("the contestants are an array of four") };
    let (naive, scan, native) = (naive.median(), scan.median(), native.median());
    println!(
        "  {:<20} {:>7} {:>7} {:>7} {:>9} {:>8}",
        "one core", "MH/s", "least", "most", "x browser", "x native"
    );
    let mut rows = Vec::new();
    for Contestant { title, key, rates } in contestants.iter() {
        let (median, least, most) = (rates[rates.len() / 2], rates[0], rates[rates.len() - 1]);
        println!(
            "  {title:<20} {:>7.2} {:>7.2} {:>7.2} {:>9.2} {:>8.2}",
            median / 1e6,
            least / 1e6,
            most / 1e6,
            median / naive,
            median / native
        );
        rows.push(format!("  \"{key}\": {{ \"median\": {median:.0}, \"turns\": {rates:.0?} }}"));
    }
    rows.push(format!(
        "  \"scan_to_naive\": {:.3},\n  \"scan_to_native\": {:.3}",
        scan / naive,
        scan / native
    ));
    fs::write(path, format!("{{\n{}\n}}\n", rows.join(",\n")))
        .with_context(|| format!("writing {}", path.display()))?;
    println!("  all turns, in hashes a second: {}", path.display());
    Ok(())
}

impl Contestant {
    /// The middle of the turns, which are sorted.
    fn median(&self) -> f64 {
        self.rates[self.rates.len() / 2]
    }
}
