//! The pure half of a host: what a browser's and a command line's host decide alike.
//!
//! The relay's client side as a state machine, what a store keeps and how a node comes back from it, the chain file, the check of a
//! stored chain, and small meters and limits. Sans-IO like everything below it, so that native tests cover it.
//! Left out: performing any of it, which is [`crate::web`]'s.

mod backoff;
pub mod chain_file;
pub mod contest;
mod meter;
pub mod nonces;
mod rate_limit;
pub mod record;
pub mod relay_client;
pub mod restore;
pub mod roll;
pub mod unwritten;
pub mod verify;

pub use backoff::Backoff;
pub use meter::HashMeter;
pub use rate_limit::RateLimit;
