//! What a person sees, in real tabs of a real browser on a running relay. `cargo xtask test --browser` runs these;
//! the letters are the scenarios of the five systems that Tabchain grew from.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "figures, and what is skipped, are for whoever reads"
)]

mod ancestors;
mod busy;
mod garbage;
mod late;
mod mining;
mod opening;
mod page;
mod partition;
mod payments;
mod snapshot;
mod storage;

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// Far above what anything takes that is not itself measured: tests run beside other work.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether to take the time that a person would: `TABCHAIN_LONG=1`.
fn long() -> bool {
    std::env::var_os("TABCHAIN_LONG").is_some()
}
