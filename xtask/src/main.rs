//! The project's commands: `cargo xtask run | test | dev | sim | size | screenshot | fuzz | bench`.
//!
//! Each installs what it needs ([`tools`], [`browser`]), shows progress ([`progress`]), and ends with a sentence that
//! says what failed, why, and what to do. For Unix; nothing here is part of what a browser or the relay runs.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its terminal")]

mod bench;
mod browser;
mod dev;
mod fuzz;
mod names;
mod page;
mod progress;
mod relay;
mod run;
mod screenshot;
mod sim;
mod size;
mod system;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's commands", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page, start the relay that serves it, and print the link
    Run(run::Options),
    /// Run every check: format, lints, native tests, wasm tests in Chromium, tests in real tabs
    Test(test::Options),
    /// Rebuild the page at every change, beside a relay
    Dev,
    /// Simulate many nodes on one virtual clock; --help lists the scenarios
    Sim(sim::Options),
    /// Build the page and print what a browser downloads, compressed
    Size,
    /// Take the picture in README.md anew
    Screenshot,
    /// Run the decoders and the node on bytes that are almost right, for long; --help lists the targets
    Fuzz(fuzz::Options),
    /// Measure the miner, the node and the page beside a reference, with a bar for each ratio
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let outcome = progress::stop_on_signal().and_then(|()| match Cli::parse().command {
        Command::Run(options) => run::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Dev => dev::run(),
        Command::Sim(options) => sim::run(&options),
        Command::Size => size::run(),
        Command::Screenshot => screenshot::run(),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Bench(options) => bench::run(&options),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
