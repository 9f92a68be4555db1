//! The relay as a command: flags, the link on standard output, and signals.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Parser;
use relay::{Options, run};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Connects Tabchain's nodes, and serves the page that they run in.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// The name or address to listen on; 0.0.0.0 is every network that this machine is on
    #[arg(long, env = "TABCHAIN_HOST", default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on; 0 takes any that is free
    #[arg(long, env = "TABCHAIN_PORT", default_value_t = 8080)]
    port: u16,
    /// The directory of the built page
    #[arg(long, env = "TABCHAIN_ASSETS", default_value = "dist", value_name = "DIR")]
    assets: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let listener = bind(&cli.host, cli.port).await?;
    let shutdown = stop_signal()?;
    announce(&listener)?;
    run(listener, Options { assets: cli.assets }, shutdown).await.context("the listener failed")
}

async fn bind(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind((host, port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
            "port {port} of {host} is in use: stop what runs there, or choose another with --port (0 takes any that is free)"
        ),
        Err(error) => Err(error)
            .with_context(|| format!("cannot listen on {host}, port {port}: check --host and --port")),
    }
}

/// The one line on standard output. Whoever started the relay waits for it.
fn announce(listener: &TcpListener) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "http://{address}/")?;
    stdout.flush()
}

/// Resolves on SIGTERM or SIGINT.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves on Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "cannot wait for Ctrl-C");
            std::future::pending::<()>().await;
        }
    })
}
