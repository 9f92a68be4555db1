//! A headless tab that takes turns: it asks this program what to run, and brings the result with its next question.
//!
//! Plain requests on loopback are all it needs, so the browser runs without a driver, and nothing of a driver's
//! runs in the page.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use tiny_http::{Header, Method, Request, Response, Server};

use crate::progress;

/// How long the browser may take to start, or for a turn beyond the turn's own time.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often to look whether the browser still runs.
const TICK: Duration = Duration::from_millis(500);
const PAGE: &str = include_str!("tab.html");
const WORKER: &str = include_str!("worker.js");
/// No sandbox, because a container's root has none; nothing that would talk to the network.
const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The tab, waiting for its next turn.
pub(super) struct Tab {
    server: Server,
    chromium: Child,
    profile: PathBuf,
    modules: Vec<(&'static str, PathBuf)>,
    /// The question that the tab waits at.
    question: Option<Request>,
}

impl Tab {
    /// Opens the page with the modules of these names, in their directories. The browser's profile lies in `dir` meanwhile.
    pub(super) fn open(chromium: &Path, dir: &Path, modules: &[(&'static str, PathBuf)]) -> Result<Self> {
        Self::open_page(chromium, dir, modules, "")
    }

    /// Opens a page that lies beside a module, `<module>/<file>`, instead of the one for miners.
    pub(super) fn open_page(
        chromium: &Path,
        dir: &Path,
        modules: &[(&'static str, PathBuf)],
        page: &str,
    ) -> Result<Self> {
        let server =
            Server::http("127.0.0.1:0").map_err(|error| anyhow!("listening on loopback: {error}"))?;
        let profile = dir.join("profile");
        if profile.exists() {
            fs::remove_dir_all(&profile).with_context(|| format!("removing {}", profile.display()))?;
        }
        let mut command = Command::new(chromium);
        command
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("http://{}/{page}", server.server_addr()))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let chromium = progress::start(&mut command)?;
        let mut tab = Self { server, chromium, profile, modules: modules.to_vec(), question: None };
        let ready = tab.serve(PATIENCE)?;
        ensure!(ready == "ready", "the benchmark's page {ready}");
        Ok(tab)
    }

    /// Gives a contestant its turn and returns its figure.
    pub(super) fn turn(&mut self, contestant: &str, milliseconds: u32) -> Result<f64> {
        // The number that a contestant's name may end with comes last.
        let (name, number) = contestant.split_once(' ').unwrap_or((contestant, ""));
        let answer =
            self.ask(&format!("{name} {milliseconds} {number}"), Duration::from_millis(milliseconds.into()))?;
        answer.parse().with_context(|| format!("expected a figure from the tab, but it {answer}"))
    }

    /// Has the tab take a turn, and returns what it brings.
    pub(super) fn ask(&mut self, turn: &str, takes: Duration) -> Result<String> {
        let question = self.question.take().context("the tab asked for no turn")?;
        question.respond(Response::from_string(turn)).context("giving a turn")?;
        self.serve(PATIENCE + takes)
    }

    /// Serves the page until it asks for a turn, and returns what it brings.
    fn serve(&mut self, patience: Duration) -> Result<String> {
        let started = Instant::now();
        while started.elapsed() < patience {
            if let Some(status) = self.chromium.try_wait().context("looking after the browser")? {
                bail!("the browser ended ({status})");
            }
            let Some(mut request) = self.server.recv_timeout(TICK).context("serving the tab")? else {
                continue;
            };
            if *request.method() == Method::Post {
                let mut answer = String::new();
                request.as_reader().read_to_string(&mut answer).context("reading what the tab brings")?;
                self.question = Some(request);
                return Ok(answer);
            }
            self.answer(request)?;
        }
        bail!("the tab said nothing for {} s", patience.as_secs())
    }

    /// The page, or a file of a module: `/<module>/<file>`.
    fn answer(&self, request: Request) -> Result<()> {
        let path = PathBuf::from(request.url().trim_start_matches('/'));
        let module =
            self.modules.iter().find(|(name, _)| path.iter().next().is_some_and(|first| first == *name));
        let file =
            module.zip(path.file_name()).and_then(|((_, module), file)| File::open(module.join(file)).ok());
        let sent = match file {
            Some(file) => request.respond(Response::from_file(file).with_header(content_type(&path)?)),
            None if path.as_os_str().is_empty() => {
                request.respond(Response::from_string(PAGE).with_header(content_type(Path::new("tab.html"))?))
            }
            None if path.as_os_str() == "worker.js" => {
                request.respond(Response::from_string(WORKER).with_header(content_type(&path)?))
            }
            None => request.respond(Response::empty(404)),
        };
        sent.context("sending the tab a file")
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        // Its helpers end when it is gone; a profile that stays behind is removed by the next run.
        let _ = self.chromium.kill();
        let _ = progress::wait(&mut self.chromium);
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn content_type(path: &Path) -> Result<Header> {
    let extension = path.extension().unwrap_or_default();
    let kind = [("html", "text/html"), ("js", "text/javascript"), ("wasm", "application/wasm")]
        .into_iter()
        .find_map(|(name, kind)| (extension == name).then_some(kind))
        .unwrap_or("text/plain");
    Header::from_bytes("content-type", kind).map_err(|()| anyhow!("{kind} is no header value"))
}
