//! Chromium and its driver: found, or installed from the system's packages.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::tools::Tools;
use crate::{page, system, workspace};

/// The names that Chromium and its close relatives go by.
const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// The packages of Debian and its descendants.
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
const BY_HAND: &str = "Chromium and chromedriver are missing. Install both: `apt install chromium chromium-driver` on \
    Debian, `apt install chromium-browser chromium-chromedriver` on Ubuntu, `dnf install chromium chromedriver` on \
    Fedora, `brew install --cask chromium chromedriver` on macOS; or set CHROMIUM and CHROMEDRIVER to the programs";

/// A browser and the program that drives it.
pub(crate) struct Browser {
    /// The browser.
    pub(crate) chromium: PathBuf,
    /// Its WebDriver server.
    pub(crate) chromedriver: PathBuf,
}

impl Browser {
    /// The environment in which the harness of package `tests` opens real tabs of the built page.
    pub(crate) fn runs_tabs(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("TABCHAIN_DIST", page::dist().into()),
            ("CHROMIUM", self.chromium.clone().into()),
            ("CHROMEDRIVER", self.chromedriver.clone().into()),
        ]
    }

    /// The environment in which `cargo test` and `cargo bench` for wasm run in this browser, in a dedicated worker: the
    /// node lives in one.
    pub(crate) fn runs_wasm(&self, tools: &Tools, limit: Duration) -> Result<Vec<(&'static str, OsString)>> {
        let capabilities = workspace::target_dir()?.join("webdriver.json");
        // The runner adds that the browser is headless and needs no sandbox.
        let options = format!(
            "{{\"goog:chromeOptions\": {{\"binary\": {:?}, \"args\": [\"disable-gpu\"]}}}}",
            self.chromium
        );
        fs::write(&capabilities, options).with_context(|| format!("writing {}", capabilities.display()))?;
        Ok(vec![
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", tools.wasm_test_runner().into()),
            ("WASM_BINDGEN_USE_DEDICATED_WORKER", "1".into()),
            ("WASM_BINDGEN_TEST_TIMEOUT", limit.as_secs().to_string().into()),
            ("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities.into()),
            ("CHROMEDRIVER", self.chromedriver.clone().into()),
        ])
    }
}

/// Finds the browser, or installs it.
pub(crate) fn ensure() -> Result<Browser> {
    if let Some(browser) = find() {
        return Ok(browser);
    }
    system::apt_install("Chromium and chromedriver", &PACKAGES).context(BY_HAND)?;
    find().context(BY_HAND)
}

fn find() -> Option<Browser> {
    let set = |name| env::var_os(name).map(PathBuf::from);
    let chromium = set("CHROMIUM").or_else(|| CHROMIUM.into_iter().find_map(system::find))?;
    let chromedriver = set("CHROMEDRIVER").or_else(|| system::find("chromedriver"))?;
    Some(Browser { chromium, chromedriver })
}
