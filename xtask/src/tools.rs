//! The build tools at pinned versions, in a per-user cache that every clone shares.
//!
//! A tool lies in `<cache>/tools/<name>-<version>/`. It is built aside and renamed into place, under a lock that all
//! clones respect, so that what is there is whole. The cache is `$TABCHAIN_CACHE`, or `$XDG_CACHE_HOME/tabchain`, or
//! `~/.cache/tabchain`.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::progress::{self, Step};
use crate::{system, workspace};

/// The target that the page and its workers are compiled for.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// The bundler. 0.22 needs a newer compiler than the workspace does.
const TRUNK: &str = "0.21.14";
/// The optimiser, as packaged for npm: distributions carry versions that cannot read today's wasm.
const BINARYEN: &str = "132";
/// What judges the page's accessibility in the tests: a script that is put into it.
const AXE: &str = "4.14.1";
/// What the miner is compared with in a browser: the SHA-256 that many pages use.
const HASH_WASM: &str = "4.13.0";

/// What is installed, by the directories of the programs.
#[derive(Hash)]
pub(crate) struct Tools {
    trunk: PathBuf,
    wasm_bindgen: PathBuf,
    wasm_opt: Option<PathBuf>,
}

impl Tools {
    /// The bundler, told to use these tools and to download none.
    pub(crate) fn trunk(&self) -> Result<Command> {
        let mut command = Command::new(self.trunk.join("trunk"));
        command.current_dir(workspace::root()).env("PATH", self.path()?).env("TRUNK_OFFLINE", "true");
        // Trunk reads `NO_COLOR=1` as a flag with a value that it does not know; its own backtraces help nobody.
        command.env_remove("NO_COLOR").env("RUST_BACKTRACE", "0");
        Ok(command)
    }

    /// What runs wasm tests: a value for cargo's `runner` setting.
    pub(crate) fn wasm_test_runner(&self) -> PathBuf {
        self.wasm_bindgen.join("wasm-bindgen-test-runner")
    }

    /// Whether the page can be optimised for size.
    pub(crate) const fn has_wasm_opt(&self) -> bool {
        self.wasm_opt.is_some()
    }

    /// `PATH` with the tools in front.
    pub(crate) fn path(&self) -> Result<OsString> {
        let own = [&self.trunk, &self.wasm_bindgen].into_iter().chain(&self.wasm_opt).cloned();
        let inherited = env::var_os("PATH").unwrap_or_default();
        env::join_paths(own.chain(env::split_paths(&inherited))).context("a tool's path has a `:`")
    }
}

/// Installs what is missing.
pub(crate) fn ensure() -> Result<Tools> {
    ensure_wasm_target()?;
    let bindgen = workspace::locked_version("wasm-bindgen")?;
    let cache = Cache::open()?;
    let wasm_bindgen = cache.tool("wasm-bindgen", &bindgen, "bin/wasm-bindgen", |stage| {
        install_wasm_bindgen(&cache, &bindgen, stage)
    })?;
    let trunk = cache.tool("trunk", TRUNK, "bin/trunk", |stage| {
        let features = ["--locked", "--no-default-features", "--features", "rustls"];
        cache.cargo_install("trunk", TRUNK, &features, stage)
    })?;
    let install = |stage: &Path| install_from_npm("binaryen", BINARYEN, "wasm-opt", stage);
    let wasm_opt = cache.tool("binaryen", BINARYEN, "node_modules/.bin/wasm-opt", install);
    let wasm_opt = match wasm_opt {
        Ok(program) => Some(program),
        Err(error) if !progress::stopped() => {
            eprintln!(
                "  note: the page will be larger, because wasm-opt cannot be installed: {error:#}\n  \
                 Install Node.js with npm and run the command again to have it."
            );
            None
        }
        Err(error) => return Err(error),
    };
    cache.drop_builds();
    Ok(Tools { trunk, wasm_bindgen, wasm_opt })
}

/// The script of axe-core, if it is there or can be had; the tests skip what needs it, and say so.
pub(crate) fn axe() -> Result<Option<PathBuf>> {
    let file = "axe.min.js";
    let directory =
        optional("axe-core", AXE, file, "the tests of accessibility", "accessibility is not tested")?;
    Ok(directory.map(|directory| directory.join(file)))
}

/// The directory of hash-wasm's scripts, if it is there or can be had; the benchmark goes without, and says so.
pub(crate) fn hash_wasm() -> Result<Option<PathBuf>> {
    optional(
        "hash-wasm",
        HASH_WASM,
        "dist/index.esm.min.js",
        "the benchmark",
        "there is no comparison with hash-wasm",
    )
}

/// The directory of a file of an npm package that the command can do without.
fn optional(
    package: &str,
    version: &str,
    file: &str,
    what_for: &str,
    without: &str,
) -> Result<Option<PathBuf>> {
    let install = |stage: &Path| install_from_npm(package, version, what_for, stage);
    match Cache::open()?.tool(package, version, &format!("node_modules/{package}/{file}"), install) {
        Ok(directory) => Ok(Some(directory)),
        Err(error) if !progress::stopped() => {
            eprintln!("  note: {without}, because {package} cannot be installed: {error:#}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn ensure_wasm_target() -> Result<()> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().context("running rustc")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if sysroot.join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir() {
        return Ok(());
    }
    if system::find("rustup").is_none() {
        bail!(
            "the compiler has no {WASM_TARGET} target and there is no rustup to add it: install Rust by rustup, or your \
             system's package of that target's standard library"
        );
    }
    let step = Step::new(&format!("the {WASM_TARGET} target"))
        .advice("rustup needs the network once; run the command again when it is there.");
    progress::run(&step, Command::new("rustup").args(["target", "add", WASM_TARGET]))
}

/// The lock file of an older release can name crate versions that are gone: then the newest that fit are taken.
fn install_wasm_bindgen(cache: &Cache, version: &str, stage: &Path) -> Result<()> {
    let locked = cache.cargo_install("wasm-bindgen-cli", version, &["--locked"], stage);
    if locked.is_ok() || progress::stopped() {
        return locked;
    }
    eprintln!("  note: once more, without wasm-bindgen-cli's own lock file");
    cache.cargo_install("wasm-bindgen-cli", version, &[], stage)
}

fn install_from_npm(package: &str, version: &str, what_for: &str, stage: &Path) -> Result<()> {
    if system::find("npm").is_none() {
        system::apt_install(&format!("Node.js and npm, for {what_for}"), &["nodejs", "npm"])
            .context("there is no npm on PATH")?;
    }
    let step = Step::new(&format!("{what_for} ({package} {version})")).advice("npm needs the network once.");
    progress::run(
        &step,
        Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--no-update-notifier", "--prefix"])
            .arg(stage)
            .arg(format!("{package}@{version}")),
    )
}

/// The directory of the tools, locked against other clones' installations for as long as this lives.
struct Cache {
    tools: PathBuf,
    _lock: File,
}

impl Cache {
    fn open() -> Result<Self> {
        let tools = cache_dir()?.join("tools");
        fs::create_dir_all(&tools).with_context(|| format!("creating the tool cache {}", tools.display()))?;
        let path = tools.join(".lock");
        let lock = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                eprintln!("  waiting for another clone that is installing tools ...");
                lock.lock().context("waiting for the tool cache")?;
            }
            Err(TryLockError::Error(error)) => return Err(error).context("locking the tool cache"),
        }
        Ok(Self { tools, _lock: lock })
    }

    /// The directory of a tool's `program`, after `install` has put it into the stage if it was missing.
    fn tool(
        &self,
        name: &str,
        version: &str,
        program: &str,
        install: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let home = self.tools.join(format!("{name}-{version}"));
        if !home.join(program).exists() {
            let stage = self.tools.join(".stage");
            remove(&stage)?;
            fs::create_dir_all(&stage).with_context(|| format!("creating {}", stage.display()))?;
            install(&stage)?;
            if !stage.join(program).exists() {
                bail!("installing {name} {version} gave no {program}");
            }
            remove(&home)?;
            fs::rename(&stage, &home).with_context(|| format!("moving {name} to {}", home.display()))?;
        }
        let program = home.join(program);
        Ok(program.parent().map_or(home, Path::to_owned))
    }

    /// Builds a tool from its sources, quickly: it runs for seconds, so that optimising it for minutes is no gain.
    fn cargo_install(&self, package: &str, version: &str, arguments: &[&str], stage: &Path) -> Result<()> {
        let step = Step::new(&format!("{package} {version}"))
            .advice("Cargo needs the network once; run the command again when it is there.");
        let mut command = workspace::cargo();
        command
            .args(["install", package, "--version", version, "--root"])
            .arg(stage)
            .args(arguments)
            .current_dir(&self.tools)
            .env("CARGO_TARGET_DIR", self.builds())
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
        progress::run(&step, &mut command)
    }

    /// Where tools are compiled: kept when that fails, so that the next try goes on.
    fn builds(&self) -> PathBuf {
        self.tools.join(".build")
    }

    fn drop_builds(&self) {
        if let Err(error) = remove(&self.builds()) {
            eprintln!("  note: {error:#}");
        }
    }
}

fn cache_dir() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(cache) = set("TABCHAIN_CACHE") {
        return std::path::absolute(cache).context("TABCHAIN_CACHE");
    }
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("tabchain"))
        .context("neither TABCHAIN_CACHE nor HOME is set: there is no place for the tools")
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", dir.display()))
        }
        _ => Ok(()),
    }
}
