//! A relay on a free port of loopback, in a thread of its own; it can be stopped and come back where it was.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::{env, thread};

use anyhow::{Context as _, Result};
use relay::Options;
use tokio::sync::oneshot;

/// A relay; dropping it stops it.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    assets: PathBuf,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<Result<()>>,
}

impl Relay {
    /// Starts a relay that serves the built page: `dist`, or what `TABCHAIN_DIST` names.
    ///
    /// # Errors
    /// When the page is not built, or nothing can listen on loopback.
    pub fn start() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let assets = env::var_os("TABCHAIN_DIST").map_or_else(|| root.join("dist"), PathBuf::from);
        let index = assets.join("index.html");
        anyhow::ensure!(index.exists(), "{} is missing: run `cargo xtask test --browser`", index.display());
        Self::serving(assets)
    }

    /// Starts a relay that has no page to serve.
    ///
    /// # Errors
    /// When nothing can listen on loopback.
    pub fn without_page() -> Result<Self> {
        Self::serving(PathBuf::from("no such directory"))
    }

    fn serving(assets: PathBuf) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listening on loopback")?;
        let mut relay = Self { address: listener.local_addr()?, assets, running: None };
        relay.run(listener)?;
        Ok(relay)
    }

    /// Stops it as a signal would: it says goodbye to everyone.
    ///
    /// # Errors
    /// When it does not run, or ended badly.
    pub async fn stop(&mut self) -> Result<()> {
        let running = self.running.take().context("the relay does not run")?;
        // A relay that has failed already hears nothing, and says so at the end.
        let _ = running.stop.send(());
        running.ended.await.context("the relay's thread panicked")?
    }

    /// Starts it again on the port that it had.
    ///
    /// # Errors
    /// When the port is taken by someone else.
    pub fn restart(&mut self) -> Result<()> {
        let listener = TcpListener::bind(self.address).context("listening where the relay was")?;
        self.run(listener)
    }

    /// The link to a room.
    #[must_use]
    pub fn link(&self, room: &str) -> String {
        format!("http://{}/#/room/{room}", self.address)
    }

    /// Where its sockets are opened.
    #[must_use]
    pub fn socket(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    fn run(&mut self, listener: TcpListener) -> Result<()> {
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let options = Options { assets: self.assets.clone() };
        listener.set_nonblocking(true)?;
        thread::Builder::new().name("relay".to_owned()).spawn(move || {
            // Nobody may be left to hear of the end.
            let _ = end.send(serve(listener, options, stopped));
        })?;
        self.running = Some(Running { stop, ended });
        Ok(())
    }
}

fn serve(listener: TcpListener, options: Options, stopped: oneshot::Receiver<()>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        // The sender's end is a signal too.
        relay::run(listener, options, async { drop(stopped.await) }).await?;
        Ok(())
    })
}
