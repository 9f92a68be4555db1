//! `cargo xtask bench verify | sync | reorg | state | decode`: what the node does, beside what it has to do at least.
//!
//! The contests are in the package `bench`; here is how often they run, where, and what is promised of them. The
//! browser's module is compiled and optimised as the page ships it, the native program as a whole: compiled in parts,
//! the same signature takes a fifth more time or less, by the part that asks.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::module::Module;
use super::report::{Bar, Bound, Report, Unit};
use super::tab::Tab;
use crate::progress::{self, Step};
use crate::{browser, tools, workspace};

/// A turn of the longest contest may take so long on a busy machine.
const TURN: Duration = Duration::from_secs(300);
const PAGE: &str = include_str!("node.html");
const PER_SECOND: Unit = Unit { name: "/s", factor: 1.0 };
const MEGABYTES: Unit = Unit { name: "MB/s", factor: 1e-6 };
const MICROSECONDS: Unit = Unit { name: "µs", factor: 1e6 };
const MILLISECONDS: Unit = Unit { name: "ms", factor: 1e3 };
const MEBIBYTES: Unit = Unit { name: "MiB", factor: 1.0 / (1024.0 * 1024.0) };

/// How to measure.
#[derive(Args)]
pub(super) struct Options {
    /// How many turns, instead of as many as the contest usually gets
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
}

/// A contest: what its turns tell, and what is promised of it.
pub(super) struct Contest {
    name: &'static str,
    rounds: u32,
    /// Where it runs.
    browser: Browser,
    /// The figures of a turn in their order: key, title, unit.
    figures: &'static [(&'static str, &'static str, Unit)],
    bars: &'static [Bar],
}

/// Whether a contest runs in a browser as well as natively.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Browser {
    No,
    /// All turns in one tab.
    OneTab,
    /// Each turn in a tab of its own: memory never shrinks.
    TabEach,
}

pub(super) const VERIFY: Contest = Contest {
    name: "verify",
    rounds: 24,
    browser: Browser::OneTab,
    figures: &[
        ("raw", "signatures, verify_strict alone", PER_SECOND),
        ("block", "payments, in blocks of 1,000", PER_SECOND),
    ],
    bars: &[
        Bar {
            title: "natively: payments in blocks to signatures alone",
            of: "native block",
            to: Some("native raw"),
            bound: Bound::Least(0.85),
        },
        Bar {
            title: "in the browser: the same",
            of: "browser block",
            to: Some("browser raw"),
            bound: Bound::Least(0.85),
        },
    ],
};

pub(super) const REORG: Contest = Contest {
    name: "reorg",
    rounds: 5,
    browser: Browser::No,
    figures: &[
        ("connect", "connecting 100 blocks of 1,000 payments", MILLISECONDS),
        ("reorg", "replacing them by 100 others", MILLISECONDS),
    ],
    bars: &[Bar {
        title: "a reorg of 100 blocks to connecting 100",
        of: "native reorg",
        to: Some("native connect"),
        bound: Bound::Most(1.5),
    }],
};

pub(super) const STATE: Contest = Contest {
    name: "state",
    rounds: 5,
    browser: Browser::TabEach,
    figures: &[
        ("early", "an empty block around height 1,000", MICROSECONDS),
        ("late", "an empty block around height 100,000", MICROSECONDS),
        ("early paying", "a block of 10 payments around height 1,000", MICROSECONDS),
        ("late paying", "a block of 10 payments around height 100,000", MICROSECONDS),
        ("memory", "memory at height 100,000", MEBIBYTES),
    ],
    bars: &[
        Bar {
            title: "natively: a block of 10 payments, late to early",
            of: "native late paying",
            to: Some("native early paying"),
            bound: Bound::Most(1.2),
        },
        Bar {
            title: "in the browser: the same",
            of: "browser late paying",
            to: Some("browser early paying"),
            bound: Bound::Most(1.2),
        },
        // Natively an empty block is a matter of some microseconds, of which a search in a map that has outgrown the
        // processor's cache is a part that shows: it has no bar.
        Bar {
            title: "in the browser: an empty block, late to early",
            of: "browser late",
            to: Some("browser early"),
            bound: Bound::Most(1.2),
        },
        Bar {
            title: "in the browser: MiB with 100,000 empty blocks",
            of: "browser memory",
            to: None,
            bound: Bound::Most(64.0),
        },
    ],
};

pub(super) const SYNC: Contest = Contest {
    name: "sync",
    rounds: 5,
    browser: Browser::OneTab,
    figures: &[
        ("restore", "blocks, taken from the node's own store", PER_SECOND),
        ("sync", "blocks, from a peer, both nodes' work", PER_SECOND),
        ("whole", "a start at 10,000 blocks that reads all", MILLISECONDS),
        ("snapshot", "the same from a snapshot", MILLISECONDS),
    ],
    bars: &[
        Bar {
            title: "natively: blocks from a peer to those from the store",
            of: "native sync",
            to: Some("native restore"),
            bound: Bound::Least(0.3),
        },
        Bar {
            title: "in the browser: the same",
            of: "browser sync",
            to: Some("browser restore"),
            bound: Bound::Least(0.3),
        },
        // From the records in memory to the tip and the balances. The reading of the disk is extra: the browser test
        // `a_tab_is_at_its_tip_before_it_has_read_its_blocks` says what a whole start takes.
        Bar {
            title: "natively: ms from a snapshot to tip and balances",
            of: "native snapshot",
            to: None,
            bound: Bound::Most(1000.0),
        },
        Bar {
            title: "in the browser: the same",
            of: "browser snapshot",
            to: None,
            bound: Bound::Most(1000.0),
        },
        // What a start checks whole behind a snapshot is an eighth of the chain at most.
        Bar {
            title: "natively: that to a start that reads all",
            of: "native snapshot",
            to: Some("native whole"),
            bound: Bound::Most(0.2),
        },
        Bar {
            title: "in the browser: the same",
            of: "browser snapshot",
            to: Some("browser whole"),
            bound: Bound::Most(0.2),
        },
    ],
};

pub(super) const DECODE: Contest = Contest {
    name: "decode",
    rounds: 24,
    browser: Browser::OneTab,
    figures: &[
        ("copy", "a block of 1,000 payments, copied", MEGABYTES),
        ("borsh", "read by borsh alone", MEGABYTES),
        ("node", "read by the node", MEGABYTES),
    ],
    bars: &[Bar {
        title: "natively: the node to borsh alone",
        of: "native node",
        to: Some("native borsh"),
        bound: Bound::Least(0.8),
    }],
};

/// Measures, prints a table and writes `target/bench/<name>.json`.
pub(super) fn run(contest: &Contest, options: &Options) -> Result<()> {
    let dir = workspace::target_dir()?.join("bench");
    fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
    let mut native = Native::start()?;
    let web = if contest.browser == Browser::No { None } else { Some(Web::build(dir)?) };
    let places: &[&str] = if web.is_some() { &["native", "browser"] } else { &["native"] };
    let mut report = Report::new(contest.name, &[]);
    for place in places {
        for (key, title, unit) in contest.figures {
            report.series(&format!("{place} {key}"), &format!("{place}: {title}"), *unit);
        }
    }
    let mut tab = None;
    let rounds = options.rounds.unwrap_or(contest.rounds);
    for round in 1..=rounds {
        eprintln!("  round {round} of {rounds}");
        note(&mut report, contest, "native", &native.turn(contest.name)?)?;
        if let Some(web) = &web {
            if contest.browser == Browser::TabEach {
                // The last one first: two browsers cannot have one profile.
                drop(tab.take());
            }
            let open = match &mut tab {
                Some(open) => open,
                None => tab.insert(web.open()?),
            };
            note(&mut report, contest, "browser", &open.ask(contest.name, TURN)?)?;
        }
    }
    drop(tab);
    report.end(contest.bars)
}

/// Takes the figures of a turn.
fn note(report: &mut Report, contest: &Contest, place: &str, answer: &str) -> Result<()> {
    let figures: Vec<f64> = answer.split_whitespace().map_while(|word| word.parse().ok()).collect();
    ensure!(figures.len() == contest.figures.len(), "expected figures from {place}, but it said {answer:?}");
    for ((key, ..), figure) in contest.figures.iter().zip(figures) {
        report.turn(&format!("{place} {key}"), figure);
    }
    Ok(())
}

/// The native program, waiting for its next turn.
struct Native {
    program: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Native {
    fn start() -> Result<Self> {
        let step = Step::new("native program").advice("The compiler's own words are above.");
        let mut cargo = workspace::cargo();
        progress::run(&step, cargo.args(["build", "--package", "bench", "--release"]))?;
        let path = workspace::target_dir()?.join("release/bench");
        // It ends with its input, and so with this program.
        let mut command = Command::new(&path);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut program = spawned.with_context(|| format!("running {}", path.display()))?;
        let questions = program.stdin.take().context("the program's input")?;
        let answers = BufReader::new(program.stdout.take().context("the program's output")?);
        Ok(Self { program, questions, answers })
    }

    fn turn(&mut self, name: &str) -> Result<String> {
        writeln!(self.questions, "{name}").context("asking the native program")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("listening to the native program")?;
        Ok(answer)
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The module for the browser, and the browser.
struct Web {
    browser: browser::Browser,
    /// Where the browser's profile lies.
    dir: PathBuf,
    /// The module, its glue and its page.
    module: PathBuf,
}

impl Web {
    fn build(dir: PathBuf) -> Result<Self> {
        let (tools, browser) = (tools::ensure()?, browser::ensure()?);
        let cargo = ["--package", "bench", "--features", "web", "--bin", "bench_web"];
        let module = Module { name: "node", cargo: &cargo, built: "bench_web", tools: &tools }.build()?;
        fs::write(module.join("index.html"), PAGE).context("writing the benchmark's page")?;
        Ok(Self { browser, dir, module })
    }

    fn open(&self) -> Result<Tab> {
        Tab::open_page(&self.browser.chromium, &self.dir, &[("node", self.module.clone())], "node/index.html")
    }
}
