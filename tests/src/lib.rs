//! The harness library of the tests: a relay, browsers and their tabs, native peers, and chains to join.
//!
//! Everything here is the real thing on loopback: the relay's own server, the built page in headless Chromium, the
//! node's own code behind a native host. What a value stands for ends with it. Left out: what is expected of them,
//! which the tests say.

pub mod browser;
pub mod chain;
pub mod clock;
pub mod peer;
pub mod raw;
pub mod relay;
pub mod tab;
