//! Building the page into `dist/`, and knowing when that is not needed.
//!
//! A stamp beside cargo's output holds a fingerprint of everything that the page is made of and one of the page that
//! came out. While both still hold there is nothing to build. It guards against waiting, not against malice.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use walkdir::WalkDir;

use crate::progress::{self, Step};
use crate::tools::Tools;
use crate::{names, size, workspace};

/// What the page is made of.
const INPUTS: [&str; 6] = ["Cargo.lock", "Cargo.toml", "Trunk.toml", "node-wasm", "ui", "www"];
/// The cargo profile of everything that a browser downloads.
const PROFILE: &str = "web";

/// Where the built page lies.
pub(crate) fn dist() -> PathBuf {
    workspace::root().join("dist")
}

/// Builds the page for release unless it is up to date, and says what it weighs.
pub(crate) fn build(tools: &Tools) -> Result<()> {
    let stamp = workspace::target_dir()?.join("page.stamp");
    let inputs = fingerprint_of_inputs(tools)?;
    let up_to_date = |dist: u64| fs::read_to_string(&stamp).is_ok_and(|old| old == stamp_text(inputs, dist));
    if dist().join("index.html").exists() && up_to_date(fingerprint(&dist())?) {
        println!("  page up to date");
        return Ok(());
    }
    let crates =
        Step::new("crates").advice("Cargo needs the network once; run the command again when it is there.");
    progress::run(&crates, workspace::cargo().arg("fetch"))?;
    let mut trunk = tools.trunk()?;
    trunk.arg("build");
    match tools.has_wasm_opt() {
        true => trunk.arg("--release"),
        // Only a release build runs wasm-opt; this is the same code without it.
        false => trunk.args(["--cargo-profile", PROFILE]),
    };
    let step = Step::new("page (two wasm programs, optimised)").advice("The compiler's own words are above.");
    progress::run(&step, &mut trunk)?;
    names::number(&dist())?;
    fs::write(&stamp, stamp_text(inputs, fingerprint(&dist())?))
        .with_context(|| format!("writing {}", stamp.display()))?;
    size::print()?;
    Ok(())
}

fn stamp_text(inputs: u64, dist: u64) -> String {
    format!("inputs {inputs:016x}\ndist {dist:016x}\n")
}

fn fingerprint_of_inputs(tools: &Tools) -> Result<u64> {
    let compiler = Command::new("rustc").arg("-vV").output().context("running rustc")?.stdout;
    let mut hasher = DefaultHasher::new();
    (compiler, tools).hash(&mut hasher);
    for input in INPUTS {
        (input, fingerprint(&workspace::root().join(input))?).hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// A fingerprint of the names and contents of a file or of all files below a directory.
fn fingerprint(path: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
        let entry = entry.context("reading the sources")?;
        if entry.file_type().is_file() {
            let content =
                fs::read(entry.path()).with_context(|| format!("reading {}", entry.path().display()))?;
            (entry.path(), content).hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_sees_content_and_name() {
        let dir = std::env::temp_dir().join(format!("xtask-fingerprint-{}", std::process::id()));
        let print = |name: &str, content: &str| {
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join(name), content).unwrap();
            let print = fingerprint(&dir).unwrap();
            fs::remove_dir_all(&dir).unwrap();
            print
        };
        let first = print("a", "1");
        assert_eq!(print("a", "1"), first);
        assert_ne!(print("a", "2"), first);
        assert_ne!(print("b", "1"), first);
    }
}
