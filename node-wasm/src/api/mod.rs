//! What a page sees of a node: the typed protocol between the page and the node's worker.
//!
//! The same values are what `window.tabchain` resolves to, so their JSON shape is public: hashes and ids are
//! lower-case hex, addresses bech32m, amounts decimal strings of the smallest unit, times Unix milliseconds.
//! Pure data: native tests use it as the browser does.

mod command;
mod reply;
mod update;
pub mod view;

pub use command::*;
pub use reply::*;
pub use update::*;
