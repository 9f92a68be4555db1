//! The host's clock and entropy, and waiting for what is to come.

use std::fmt::{Debug, Display};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use node_wasm::units::Timestamp;

/// How often a condition is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// This moment.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Fresh random bytes.
///
/// # Panics
/// When the system has no entropy.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has entropy");
    bytes
}

/// Asks `look` until it succeeds.
///
/// # Errors
/// The last answer, when there was no success within `limit`.
pub async fn until<T>(
    what: impl Display,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        match look().await {
            Ok(seen) => return Ok(seen),
            Err(not_yet) if started.elapsed() >= limit => {
                return Err(not_yet).with_context(|| format!("waited {limit:?} for {what}"));
            }
            Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}

/// A condition for [`until`], with what was found in case that it does not hold.
///
/// # Errors
/// When it does not hold.
pub fn holds(condition: bool, found: impl Debug) -> Result<()> {
    ensure!(condition, "found {found:?}");
    Ok(())
}
