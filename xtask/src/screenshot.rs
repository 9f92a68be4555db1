//! `cargo xtask screenshot`: the picture in README.md, taken of the page as it is, by `tests/examples/screenshot.rs`.

use anyhow::Result;

use crate::progress::{self, Step};
use crate::{browser, page, tools, workspace};

/// Where README.md finds it.
const FILE: &str = "www/screenshot.png";

/// Builds the page and takes the picture.
pub(crate) fn run() -> Result<()> {
    page::build(&tools::ensure()?)?;
    let environment = browser::ensure()?.runs_tabs();
    let file = workspace::root().join(FILE);
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--package", "tests", "--example", "screenshot", "--"]).arg(&file).envs(environment);
    progress::run(&Step::new("screenshot"), &mut cargo)?;
    println!("  {FILE} is of the page as it is; look at it before you commit it");
    Ok(())
}
