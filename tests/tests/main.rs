//! Everything that is tested natively across packages, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test's helpers fail and speak as the test does"
)]

mod difficulty;
mod network;
mod simulated;
mod tidy;
