//! `cargo xtask dev`: the page rebuilt at every change, beside a relay.

use anyhow::{Result, ensure};

use crate::{progress, relay, tools};

/// Where Trunk.toml serves the page, and where it looks for the relay.
const LINK: &str = "http://127.0.0.1:8081";
const RELAY_HOST: &str = "127.0.0.1";
const RELAY_PORT: u16 = 8080;

/// Builds and serves, until Ctrl-C.
pub(crate) fn run() -> Result<()> {
    let tools = tools::ensure()?;
    let mut server = relay::start(&relay::build()?, RELAY_HOST, RELAY_PORT)?;
    relay::link(&mut server)?;
    println!(
        "\n  The page will be at {LINK} once it is built, and follows your changes  (Ctrl-C stops it)\n"
    );
    let mut trunk = tools.trunk()?;
    let mut trunk = progress::start_beside(&server, trunk.arg("serve"))?;
    let status = progress::wait(&mut trunk)?;
    progress::stop(&mut server)?;
    ensure!(progress::stopped() || status.success(), "trunk ended ({status}); its own words are above");
    Ok(())
}
