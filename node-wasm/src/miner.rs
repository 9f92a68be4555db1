//! The miner: templates and the search for a nonce.

use crate::primitives::{Header, Target};
use crate::units::Height;

/// What the miner workers search: any nonce of this header whose hash meets the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Names the job in the answer.
    pub id: u64,
    /// The header; its nonce is free.
    pub header: Header,
    /// What the hash must not exceed.
    pub target: Target,
    /// The height that the block would have.
    pub height: Height,
}
