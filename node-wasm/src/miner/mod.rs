//! The miner: the block that would come next, and the search for its nonce.
//!
//! [`scan()`] is the search wherever the node runs natively, and the reference; [`kernel`] is the same search for
//! machines with vectors but no instructions for SHA-256, which is what a browser is. Both are pure: who calls
//! them, in slices of a few milliseconds, decides how hard and how long to search.

pub mod kernel;
pub mod scan;
pub mod sha256;
mod template;

pub use scan::scan;
pub use template::{Job, Template};
