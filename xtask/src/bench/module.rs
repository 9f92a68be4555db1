//! A wasm module for a benchmark's tab: compiled as the page ships it, with its glue, optimised for speed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::progress::{self, Step};
use crate::tools::{self, Tools};
use crate::workspace;

/// What to compile, and how.
pub(super) struct Module<'a> {
    /// The name of its directory, and of the steps that are shown.
    pub(super) name: &'a str,
    /// What cargo builds, and how it differs from the page.
    pub(super) cargo: &'a [&'a str],
    /// The compiled file below the profile's directory, without its extension.
    pub(super) built: &'a str,
    pub(super) tools: &'a Tools,
}

impl Module<'_> {
    /// Builds the module and its glue, and returns the directory that they lie in.
    pub(super) fn build(&self) -> Result<PathBuf> {
        let target = workspace::target_dir()?;
        let step = |what: &str| Step::new(&format!("{} module: {what}", self.name));
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--profile", "web", "--target", tools::WASM_TARGET]).args(self.cargo);
        progress::run(&step("compiling").advice("The compiler's own words are above."), &mut cargo)?;

        let built = target.join(tools::WASM_TARGET).join("web").join(self.built).with_extension("wasm");
        let dir = target.join("bench").join(self.name);
        let mut bindgen = self.tool("wasm-bindgen")?;
        bindgen.args(["--target", "web", "--out-name", "bench", "--out-dir"]).arg(&dir).arg(built);
        progress::run(&step("glue"), &mut bindgen)?;
        if self.tools.has_wasm_opt() {
            let wasm = dir.join("bench_bg.wasm");
            let mut optimiser = self.tool("wasm-opt")?;
            progress::run(&step("optimising"), optimiser.arg("-O3").arg(&wasm).arg("-o").arg(&wasm))?;
        }
        Ok(dir)
    }

    fn tool(&self, program: &str) -> Result<Command> {
        let mut command = Command::new(program);
        command.env("PATH", self.tools.path()?);
        Ok(command)
    }
}
