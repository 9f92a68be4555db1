//! What a person sees, in real tabs of a real browser on a running relay.
<<<<<<< HEAD

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test's helpers fail and speak as the test does"
)]

mod harness;

use anyhow::{Result, ensure};
use harness::{Browser, Relay};
use thirtyfour::BrowserLogEntry;

#[tokio::test]
async fn the_page_opens_with_a_clean_console() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    browser.tab.goto(&relay.link).await?;
    let title = browser.tab.title().await?;
    ensure!(title.contains("Tabchain"), "the page's title is {title:?}");
    let complains = |entry: &BrowserLogEntry| entry.level == "SEVERE" || entry.level == "WARNING";
    let complaints: Vec<_> = browser.console().await?.into_iter().filter(complains).collect();
    ensure!(complaints.is_empty(), "the console complains: {complaints:#?}");
    Ok(())
}
=======
>>>>>>> 8a9f697 (tests: the harness and the native scenarios)
