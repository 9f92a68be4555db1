//! A relay that serves the built page, and a browser to open it in. Both end with the value that stands for them.
//!
//! `cargo xtask test --browser` says in the environment where the page, the relay and the browser are.

use std::env;
use std::io::{self, BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use thirtyfour::{
    BrowserLogEntry, ChromeCapabilities, ChromiumLikeCapabilities as _, DesiredCapabilities,
    LoggingPrefsLogLevel, WebDriver,
};

/// How long a browser may take to close.
const END_LIMIT: Duration = Duration::from_secs(10);

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

/// A running relay.
pub(crate) struct Relay {
    program: Child,
    /// The page's address.
    pub(crate) link: String,
}

impl Relay {
    /// Starts one on a free port of loopback.
    pub(crate) fn start() -> Result<Self> {
        let mut program = Command::new(variable("TABCHAIN_RELAY")?)
            .args(["--port", "0", "--assets", &variable("TABCHAIN_DIST")?])
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the relay")?;
        let output = program.stdout.take().context("the relay's output")?;
        let mut relay = Self { program, link: String::new() };
        BufReader::new(output).read_line(&mut relay.link).context("the relay's link")?;
        relay.link.truncate(relay.link.trim_end().len());
        ensure!(!relay.link.is_empty(), "the relay did not start");
        Ok(relay)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        end(&mut self.program);
    }
}

/// A running browser with one tab.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    /// The browser's remote control.
    pub(crate) tab: WebDriver,
}

impl Browser {
    /// Starts one with an empty profile.
    pub(crate) async fn start() -> Result<Self> {
        let mut driver = Command::new(variable("CHROMEDRIVER")?)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .context("starting chromedriver")?;
        let output = BufReader::new(driver.stdout.take().context("chromedriver's output")?);
        let opened = async {
            let port = port_in(output)?;
            Ok((port, WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities()?).await?))
        };
        match opened.await {
            Ok((port, tab)) => Ok(Self { driver, port, tab }),
            Err(error) => {
                end(&mut driver);
                Err(error)
            }
        }
    }

    /// What the page's console has said since the last question.
    pub(crate) async fn console(&self) -> Result<Vec<BrowserLogEntry>> {
        Ok(self.tab.get_log("browser").await?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The client's own way to close a tab waits for the very runtime that is held up here.
        let _ = self.tab.clone().leak();
        // Killed, chromedriver would leave the browser behind; asked, it closes it.
        if ask_to_shut_down(self.port).is_err() {
            eprintln!("chromedriver does not answer on port {}: a browser may be left behind", self.port);
        }
        end(&mut self.driver);
    }
}

fn ask_to_shut_down(port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(END_LIMIT))?;
    write!(stream, "GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    io::copy(&mut stream, &mut io::sink())?;
    Ok(())
}

fn capabilities() -> Result<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    capabilities.set_binary(&variable("CHROMIUM")?)?;
    for argument in FLAGS {
        capabilities.add_arg(argument)?;
    }
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(capabilities)
}

/// Chromedriver says on which port it listens, and later nothing that it would wait for a reader of.
fn port_in(output: impl BufRead) -> Result<u16> {
    let mark = "was started successfully on port ";
    for line in output.lines() {
        if let Some((_, port)) = line?.split_once(mark) {
            return port.trim_end_matches('.').parse().context("chromedriver's port");
        }
    }
    bail!("chromedriver did not start")
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set: run `cargo xtask test --browser`"))
}

fn end(program: &mut Child) {
    // A program that has ended already needs no more.
    let _ = program.kill();
    let _ = program.wait();
}
