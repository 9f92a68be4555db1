//! What the system has, and what its package manager can add.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::progress::{self, Step};

/// The program of that name on `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(program)).find(|file| is_program(file))
}

/// Installs packages of Debian and its descendants. An error says why that is not possible here.
pub(crate) fn apt_install(title: &str, packages: &[&str]) -> Result<()> {
    if find("apt-get").is_none() {
        bail!("this system has no apt-get");
    }
    if !nix::unistd::Uid::effective().is_root() {
        bail!("only root may install packages");
    }
    let advice = "See what apt-get says above; the packages can also be installed by hand.";
    let step = |title: &str| Step::new(title).advice(advice);
    progress::run(&step(&format!("{title}: package lists")), Command::new("apt-get").arg("update"))?;
    progress::run(
        &step(title),
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages),
    )
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
