//! What the node worker and its miner workers say to each other.

use borsh::{BorshDeserialize, BorshSerialize};
use ruint::aliases::U256;

use crate::host::nonces;
use crate::miner::Job;
use crate::primitives::{Header, Target};

/// To a miner worker.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(super) enum ToMiner {
    /// Search this and nothing else.
    Job(Order),
    /// Rest until the next job.
    Stop,
}

/// One worker's part of a job.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct Order {
    /// The job's id.
    pub(super) job: u64,
    /// The header, whose nonce is left out of account.
    pub(super) header: Header,
    /// The target's 32 bytes, little-endian.
    target: [u8; 32],
    /// The first nonce of the part.
    pub(super) start: u32,
    /// The end of the part, exclusive.
    pub(super) end: u32,
    /// Per cent of the worker's time.
    pub(super) intensity: u32,
}

/// From a miner worker.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(super) enum FromMiner {
    /// The worker listens.
    Ready,
    /// So many hashes since the last report.
    Hashes(u32),
    /// The worker broke and does nothing any more.
    Broken { why: String },
    /// A nonce was found.
    Found { job: u64, nonce: u32 },
}

impl Order {
    /// The part of worker `index` of `workers`.
    pub(super) fn new(job: &Job, index: u32, workers: u32, intensity: u32) -> Self {
        let range = nonces::share(index, workers);
        Self {
            job: job.id,
            header: job.header,
            target: job.target.value().to_le_bytes(),
            start: range.start,
            end: range.end,
            intensity,
        }
    }

    /// What a hash must not exceed; `None` where that is 0, which no job's is.
    pub(super) fn target(&self) -> Option<Target> {
        Target::new(U256::from_le_bytes(self.target))
    }
}
