//! `cargo xtask run`: from a checkout to a link.

use std::net::TcpListener;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::{page, progress, relay, tools};

/// Where to serve.
#[derive(Args)]
pub(crate) struct Options {
    /// The name or address to listen on; 0.0.0.0 lets other machines in
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on; 0 takes any that is free
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Builds and serves, until Ctrl-C.
pub(crate) fn run(options: &Options) -> Result<()> {
    let Options { host, port } = options;
    // Asked before the long part; the relay itself has the last word.
    drop(TcpListener::bind((host.as_str(), *port)).with_context(|| {
        format!("cannot listen on {host}, port {port}; choose another port with --port, or another address with --host")
    })?);
    page::build(&tools::ensure()?)?;
    let mut server = relay::start(&relay::build()?, host, *port)?;
    let link = relay::link(&mut server);
    if let Ok(link) = &link {
        println!("\n  Tabchain runs at {link}  (Ctrl-C stops it)");
        for link in relay::links_for_others(host, link)? {
            println!("  on other machines {link}  (plain http: tabs keep nothing; see README.md)");
        }
        println!();
    }
    let status = progress::wait(&mut server)?;
    if progress::stopped() {
        return Ok(());
    }
    link?;
    ensure!(status.success(), "the relay ended ({status}); its own words are above");
    Ok(())
}
