//! The miner: the block that would come next, and the search for its nonce.

mod template;

pub use template::{Job, Template};
