//! A relay on a free port, for one test.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use relay::{Options, run};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Far above what anything here takes; only a failing test meets it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Starts a relay without a page.
    pub(crate) async fn start() -> Self {
        Self::serving(PathBuf::from("no such directory")).await
    }

    /// Starts a relay that serves `assets`.
    pub(crate) async fn serving(assets: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        // A test that ends without `stop` drops the sender, which stops the relay too.
        let running = tokio::spawn(run(listener, Options { assets }, async { drop(stopped.await) }));
        Self { address, stop, running }
    }

    /// Tells the relay to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("the relay runs");
        let ended = timeout(PATIENCE, self.running).await.expect("the relay stops in time");
        ended.expect("no panic").expect("no error");
    }
}

/// An empty directory of this test's own, removed at its end.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tabchain-relay-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.0.join(name), content).expect("a file");
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
