//! `cargo xtask sim`: many nodes on one virtual clock, by the program `relay/examples/sim.rs`, which has the options.

use std::ffi::OsString;

use anyhow::{Result, ensure};
use clap::Args;

use crate::progress::{self, Step};
use crate::workspace;

const EXAMPLE: &str = "sim";
const PROFILE: &str = "quick";

/// What a program ends with that was told something it does not know.
const BAD_OPTIONS: i32 = 2;

/// What to play.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// Handed on: --scenario, --seed, --runs, --nodes, --minutes, --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<OsString>,
}

/// Builds the simulator and plays.
pub(crate) fn run(options: &Options) -> Result<()> {
    let step = Step::new("simulator").advice("The compiler's own words are above.");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--package", "relay", "--example", EXAMPLE, "--profile", PROFILE]);
    progress::run(&step, &mut cargo)?;
    let program = workspace::target_dir()?.join(PROFILE).join("examples").join(EXAMPLE);
    let mut simulator = progress::start(std::process::Command::new(program).args(&options.options))?;
    let status = progress::wait(&mut simulator)?;
    ensure!(status.code() != Some(BAD_OPTIONS), "nothing was played; the lines above say why");
    ensure!(
        progress::stopped() || status.success(),
        "a check failed; the lines above say how to see it again"
    );
    Ok(())
}
