//! `cargo xtask test`: every check, each with its runner's own output, and a summary at the end.
//!
//! A failed check does not keep the others from running, so that one run tells everything.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::progress::{self, Step};
use crate::tools::WASM_TARGET;
use crate::workspace::cargo;
use crate::{browser, page, size, tools};

/// A browser can hang, and then so does what drives it.
const BROWSER_LIMIT: Duration = Duration::from_secs(15 * 60);
/// The wasm tests' runner gives up on its own a little earlier, which tells more.
const WASM_RUNNER_LIMIT: Duration = Duration::from_secs(14 * 60);

/// Which checks; none chosen means all.
#[derive(Args)]
pub(crate) struct Options {
    /// Format, lints and native tests
    #[arg(long)]
    native: bool,
    /// Lints for wasm, and the node's unit tests in headless Chromium
    #[arg(long)]
    wasm: bool,
    /// The page's size, and the tests in real tabs
    #[arg(long)]
    browser: bool,
}

/// Runs the chosen checks.
pub(crate) fn run(options: &Options) -> Result<()> {
    let all = !(options.native || options.wasm || options.browser);
    let mut report = Report::default();
    if all || options.native {
        native(&mut report)?;
    }
    if all || options.wasm {
        wasm(&mut report)?;
    }
    if all || options.browser {
        in_tabs(&mut report)?;
    }
    report.end()
}

fn native(report: &mut Report) -> Result<()> {
    report.check("format", |check| check.cargo(&["fmt", "--all", "--check"], &[]))?;
    report.check("lints", |check| {
        check.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])?;
        // Not a default test target, as it needs a browser.
        check.cargo(&["clippy", "--package", "tests", "--test", "browser", "--", "-D", "warnings"], &[])
    })?;
    report.check("native tests", |check| check.tests(&["test", "--workspace"], &[]))
}

fn wasm(report: &mut Report) -> Result<()> {
    let Some((tools, browser)) =
        report.prepare("tools for wasm", || Ok((tools::ensure()?, browser::ensure()?)))?
    else {
        return Ok(());
    };
    report.check("lints for wasm", |check| {
        let packages =
            ["clippy", "--package", "node-wasm", "--package", "ui", "--features", "ui/app,ui/pages"];
        check.cargo(
            &[&packages[..], &["--target", WASM_TARGET, "--all-targets", "--", "-D", "warnings"]].concat(),
            &[],
        )
    })?;
    report.check("wasm tests", |check| {
        let environment = browser.runs_wasm(&tools, WASM_RUNNER_LIMIT)?;
        check.tests(&["test", "--package", "node-wasm", "--lib", "--target", WASM_TARGET], &environment)
    })
}

fn in_tabs(report: &mut Report) -> Result<()> {
    let prepare = || {
        page::build(&tools::ensure()?)?;
        Ok((browser::ensure()?, tools::axe()?))
    };
    let Some((browser, axe)) = report.prepare("page and browser", prepare)? else { return Ok(()) };
    report.check("page size", |_| size::check())?;
    let mut environment = browser.runs_tabs();
    environment.push(("RUST_LIB_BACKTRACE", "0".into()));
    environment.extend(axe.map(|axe| ("TABCHAIN_AXE", axe.into())));
    report.check("tests in real tabs", |check| {
        check.tests(
            &["test", "--package", "tests", "--test", "browser", "--", "--test-threads=1"],
            &environment,
        )
    })
}

/// One check while it runs.
struct Check<'a> {
    name: &'a str,
    passed: Option<usize>,
}

impl Check<'_> {
    fn cargo(&mut self, arguments: &[&str], environment: &[(&str, OsString)]) -> Result<()> {
        let step = Step::new(self.name).limit(BROWSER_LIMIT);
        let mut command = cargo();
        command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
        progress::show(&step, &mut command, |line| {
            if let Some(passed) = passed_in(line) {
                *self.passed.get_or_insert(0) += passed;
            }
        })
    }

    /// Like [`Check::cargo`]; that no test ran at all is a failure.
    fn tests(&mut self, arguments: &[&str], environment: &[(&str, OsString)]) -> Result<()> {
        self.cargo(arguments, environment)?;
        ensure!(self.passed.is_some_and(|passed| passed > 0), "{}: no test ran", self.name);
        Ok(())
    }
}

/// The count in a test runner's last line, `test result: ok. 12 passed; 0 failed; ...`.
fn passed_in(line: &str) -> Option<usize> {
    let (_, counts) = line.split_once("test result: ")?;
    let (before, _) = counts.split_once(" passed")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// What ran, and how it ended.
#[derive(Default)]
struct Report {
    rows: Vec<String>,
    failed: usize,
    total: Duration,
}

impl Report {
    /// Runs a check; an error only if the user stopped it.
    fn check(&mut self, name: &str, body: impl FnOnce(&mut Check<'_>) -> Result<()>) -> Result<()> {
        println!("\n== {name}");
        let mut check = Check { name, passed: None };
        let started = Instant::now();
        let outcome = body(&mut check);
        self.row(name, check.passed, started.elapsed(), outcome)
    }

    /// Runs what checks need; gives nothing if that fails.
    fn prepare<T>(&mut self, name: &str, body: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
        println!("\n== {name}");
        let started = Instant::now();
        let (outcome, value) = match body() {
            Ok(value) => (Ok(()), Some(value)),
            Err(error) => (Err(error), None),
        };
        self.row(name, None, started.elapsed(), outcome)?;
        Ok(value)
    }

    fn row(&mut self, name: &str, passed: Option<usize>, took: Duration, outcome: Result<()>) -> Result<()> {
        if progress::stopped() {
            bail!("{name} was stopped");
        }
        let word = match &outcome {
            Ok(()) => "ok",
            Err(error) => {
                eprintln!("\nerror: {error:#}");
                self.failed += 1;
                "FAILED"
            }
        };
        let tests = passed.map_or_else(String::new, |passed| format!("{passed} tests passed"));
        self.rows.push(format!("  {word:<6}  {name:<24} {:>6.1} s  {tests}", took.as_secs_f32()));
        self.total += took;
        Ok(())
    }

    fn end(self) -> Result<()> {
        println!("\n== summary");
        self.rows.iter().for_each(|row| println!("{}", row.trim_end()));
        println!("  {:<6}  {:<24} {:>6.1} s", "", "together", self.total.as_secs_f32());
        ensure!(
            self.failed == 0,
            "{} of {} steps failed; their own words are above",
            self.failed,
            self.rows.len()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_a_runners_last_line() {
        let check = |line, passed| assert_eq!(passed_in(line), passed, "{line}");
        check("test result: ok. 12 passed; 0 failed; 0 ignored", Some(12));
        check("test result: \u{1b}[31mFAILED\u{1b}[m. 3 passed; 1 failed", Some(3));
        check("test a::b ... ok", None);
    }
}
