//! Headless Chromium behind chromedriver: one browser with an empty profile of its own, and tabs in windows of their
//! own, so that none hides another.
//!
//! A WebDriver session looks at one window at a time: whoever talks to a tab holds the focus meanwhile.

use std::env;
use std::io::{self, BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use thirtyfour::{
    ChromeCapabilities, ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
    WindowHandle,
};
use tokio::sync::Mutex;

use crate::tab::Tab;

/// Headless, quiet on the network, and without the sandbox, which root cannot have: the pages are our own.
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

/// How long a browser may take to close.
const END_LIMIT: Duration = Duration::from_secs(10);
/// How long a script in a page may take: the longest thing that one waits for is a sync of 10,000 blocks.
const SCRIPT_LIMIT: Duration = Duration::from_secs(90);

/// A running browser.
#[derive(Debug)]
pub struct Browser {
    session: WebDriver,
    /// The window that the session looks at.
    focus: Mutex<WindowHandle>,
    /// An empty window that stays, from which others are opened.
    home: WindowHandle,
    driver: Driver,
}

impl Browser {
    /// Starts one with an empty profile.
    ///
    /// # Errors
    /// When there is no browser or no driver for it.
    pub async fn start() -> Result<Arc<Self>> {
        let driver = Driver::start()?;
        let session = WebDriver::new(format!("http://127.0.0.1:{}", driver.port), capabilities()?)
            .await
            .context("opening a browser")?;
        session.set_script_timeout(SCRIPT_LIMIT).await?;
        let home = session.window().await?;
        Ok(Arc::new(Self { session, focus: Mutex::new(home.clone()), home, driver }))
    }

    /// Opens a link in a new window, and waits until its node answers.
    ///
    /// # Errors
    /// When the page does not come up.
    pub async fn open(self: &Arc<Self>, link: &str) -> Result<Tab> {
        let tab = self.blank().await?;
        tab.goto(link).await?;
        Ok(tab)
    }

    /// A new empty tab in a window of its own.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn blank(self: &Arc<Self>) -> Result<Tab> {
        let window = self.on(&self.home, async |session| Ok(session.new_window().await?)).await?;
        Ok(Tab::new(Arc::clone(self), window))
    }

    /// Does something in a window.
    pub(crate) async fn on<T>(
        &self,
        window: &WindowHandle,
        act: impl AsyncFnOnce(&WebDriver) -> Result<T>,
    ) -> Result<T> {
        let mut focus = self.focus.lock().await;
        if *focus != *window {
            self.session.switch_to_window(window.clone()).await?;
            focus.clone_from(window);
        }
        act(&self.session).await
    }

    /// Errors and warnings on the consoles of all tabs since the last question.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let entries = self.on(&self.home, async |session| Ok(session.browser_log().await?)).await?;
        let bad = entries.into_iter().filter(|entry| ["SEVERE", "WARNING"].contains(&entry.level.as_str()));
        Ok(bad.map(|entry| entry.message).collect())
    }

    /// Checks that all consoles stayed clean, but for lines with one of the `expected` texts.
    ///
    /// # Errors
    /// What the consoles complain of.
    pub async fn is_content(&self, expected: &[&str]) -> Result<()> {
        let is_expected = |line: &String| expected.iter().any(|text| line.contains(text));
        let surprises: Vec<_> =
            self.complaints().await?.into_iter().filter(|line| !is_expected(line)).collect();
        ensure!(surprises.is_empty(), "the console complains: {surprises:#?}");
        Ok(())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The client's own way to end a session waits for the very runtime that is held up here.
        let _ = self.session.clone().leak();
        // Killed, chromedriver would leave the browser behind; asked, it closes it. One that is gone has no browser.
        let _ = self.driver.ask_to_shut_down();
    }
}

fn capabilities() -> Result<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    if let Ok(program) = env::var("CHROMIUM") {
        capabilities.set_binary(&program)?;
    }
    for argument in FLAGS {
        capabilities.add_arg(argument)?;
    }
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(capabilities)
}

/// A running chromedriver.
#[derive(Debug)]
struct Driver {
    program: Child,
    port: u16,
}

impl Driver {
    /// Starts one on a free port.
    fn start() -> Result<Self> {
        let program = env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let child = Command::new(&program).arg("--port=0").stdout(Stdio::piped()).spawn();
        let mut driver = Self { program: child.with_context(|| format!("starting {program}"))?, port: 0 };
        let output = BufReader::new(driver.program.stdout.take().context("chromedriver's output")?);
        driver.port = port_in(output)?;
        Ok(driver)
    }

    fn ask_to_shut_down(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(END_LIMIT))?;
        write!(stream, "GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        io::copy(&mut stream, &mut io::sink())?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A program that has ended already needs no more.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Chromedriver says on which port it listens, and later nothing that it would wait for a reader of.
fn port_in(output: BufReader<ChildStdout>) -> Result<u16> {
    let mark = "was started successfully on port ";
    for line in output.lines() {
        if let Some((_, port)) = line?.split_once(mark) {
            return port.trim_end_matches('.').parse().context("chromedriver's port");
        }
    }
    bail!("chromedriver did not start")
}
