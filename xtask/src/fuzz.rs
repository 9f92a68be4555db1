//! `cargo xtask fuzz`: the long run of the fuzz targets, in a build that is fast and still checks its arithmetic.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;

use crate::progress::{self, Step};
use crate::workspace;

/// What the run is told.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// Handed on: targets, --executions, --seed, --input, --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Builds the program and runs it.
pub(crate) fn run(options: &Options) -> Result<()> {
    let keep = workspace::target_dir()?.join("fuzz");
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--package", "fuzz", "--profile", "fuzz", "--", "--keep"]).arg(keep);
    progress::show(&Step::new("fuzz"), cargo.args(&options.arguments), |_| {})
}
