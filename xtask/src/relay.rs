//! The relay's program: built, started, and known by the link that it prints.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::progress::{self, Step};
use crate::{page, workspace};

/// The relay's cargo profile here: it is there in a fraction of the time that a release takes.
const PROFILE: &str = "quick";

/// Builds the relay.
pub(crate) fn build() -> Result<PathBuf> {
    let step = Step::new("relay").advice("The compiler's own words are above.");
    progress::run(&step, workspace::cargo().args(["build", "--package", "relay", "--profile", PROFILE]))?;
    Ok(workspace::target_dir()?.join(PROFILE).join("relay"))
}

/// Starts the relay, which serves the page.
pub(crate) fn start(program: &Path, host: &str, port: u16) -> Result<Child> {
    let mut command = Command::new(program);
    command
        .args(["--host", host, "--port", &port.to_string(), "--assets"])
        .arg(page::dist())
        .stdout(Stdio::piped());
    progress::start(&mut command)
}

/// The link that a relay prints once it listens.
pub(crate) fn link(relay: &mut Child) -> Result<String> {
    let output = relay.stdout.take().context("the relay's output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).context("reading the relay's link")?;
    if line.is_empty() {
        bail!("the relay did not start; its own words are above");
    }
    Ok(reachable(line.trim()))
}

/// The links under which other machines may reach a listener on all addresses.
pub(crate) fn links_for_others(host: &str, link: &str) -> Result<Vec<String>> {
    if !["0.0.0.0", "::"].contains(&host) {
        return Ok(Vec::new());
    }
    let port = link.trim_end_matches('/').rsplit(':').next().unwrap_or_default();
    let interfaces = nix::ifaddrs::getifaddrs().context("reading this machine's addresses")?;
    let addresses =
        interfaces.filter_map(|interface| interface.address?.as_sockaddr_in().map(|own| own.ip()));
    Ok(addresses.filter(|own| !own.is_loopback()).map(|own| format!("http://{own}:{port}/")).collect())
}

/// The link under which this machine reaches a listener, also one on all addresses.
fn reachable(link: &str) -> String {
    link.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        let check = |printed: &str, link: &str| assert_eq!(reachable(printed), link);
        check("http://0.0.0.0:80/", "http://127.0.0.1:80/");
        check("http://[::]:80/", "http://[::1]:80/");
        check("http://192.0.2.1:80/", "http://192.0.2.1:80/");
    }
}
