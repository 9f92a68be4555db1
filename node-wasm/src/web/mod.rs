//! The browser host: the node in a worker, its miner workers, and the page's side of both.
//!
//! ```text
//! page        client      js_api                      renders and commands; owns nothing of the chain
//!   │ protocol
//! node worker worker  ── driver (commands, news) ──── one queue of events, one owner of the node
//!   │         │            store (slots, disk, writer), channel_link, socket, page
//!   │ miner_protocol
//! miner       miner_worker ── kernel                  a pure search in slices
//! tools       answerer                                what the pages ask of a worker of their own
//! ```
//!
//! Nothing that matters runs on the page's thread: its timers sleep while it is hidden. What can be decided without
//! a browser is decided in [`crate::host`], where native tests reach it.

pub mod answerer;
mod channel_link;
mod client;
mod commands;
mod disk;
mod driver;
mod events;
mod js;
pub mod js_api;
pub mod kernel;
mod locks;
mod miner_protocol;
mod miner_worker;
mod miners;
mod news;
mod page;
mod program;
mod protocol;
mod slots;
mod socket;
mod store;
mod worker;
mod writer;

pub use client::{NodeClient, StartOptions};
pub use program::{is_worker, run};
