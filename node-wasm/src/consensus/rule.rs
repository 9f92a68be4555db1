//! One error for every rule that a block or a payment can break.

use crate::primitives::{BlockHash, CompactTarget, MerkleRoot, Target};
use crate::units::{Amount, BlockTime, Height};

/// The rule that a block or a payment breaks. [`RuleError::code`] is its number in CONSENSUS.md.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// C-01
    #[error("the header's version is {got}, expected {expected}")]
    Version {
        /// What the header says.
        got: i32,
        /// What the room's parameters say.
        expected: i32,
    },
    /// C-02
    #[error("the header's target is {got}, the schedule demands {expected}")]
    Bits {
        /// What the header says.
        got: CompactTarget,
        /// What its ancestors and its time demand.
        expected: CompactTarget,
    },
    /// C-03
    #[error("the hash {hash} is above the target {target}: no proof of work")]
    ProofOfWork {
        /// The header's hash.
        hash: BlockHash,
        /// What it should not exceed.
        target: Target,
    },
    /// C-04
    #[error("the time {got} is not after the median {median} of the last 11 blocks")]
    TimeTooEarly {
        /// What the header says.
        got: BlockTime,
        /// The median of its ancestors' times.
        median: BlockTime,
    },
    /// C-05
    #[error("the time {got} is more than the allowed seconds ahead of the clock, {latest}")]
    TimeTooLate {
        /// What the header says.
        got: BlockTime,
        /// The latest acceptable time at the moment.
        latest: BlockTime,
    },
    /// C-06
    #[error("the height is past the last that a chain can have")]
    HeightOverflow,
    /// C-07
    #[error("the block is {got} bytes, at most {limit} are allowed")]
    BlockSize {
        /// The block's size.
        got: u64,
        /// The room's limit.
        limit: u64,
    },
    /// C-08
    #[error("the body's Merkle root is {got}, the header commits to {expected}")]
    MerkleRoot {
        /// The body's.
        got: MerkleRoot,
        /// The header's.
        expected: MerkleRoot,
    },
    /// C-09
    #[error("the coinbase says height {got}, the block is at {expected}")]
    CoinbaseHeight {
        /// What the coinbase says.
        got: Height,
        /// The block's height.
        expected: Height,
    },
    /// C-10
    #[error("the coinbase pays {got}, subsidy and fees are {expected}")]
    CoinbaseReward {
        /// What the coinbase pays.
        got: Amount,
        /// The subsidy and fees.
        expected: Amount,
    },
    /// C-11
    #[error("the message is {got} bytes, at most {limit} are allowed")]
    DataSize {
        /// The message's size.
        got: u64,
        /// The room's limit.
        limit: u64,
    },
    /// C-12
    #[error("the signature is not the sender's for this room")]
    Signature,
    /// C-13
    #[error("amounts add up past the largest amount")]
    AmountOverflow,
    /// C-14
    #[error("the payment's nonce is {got}, the sender's next is {expected}")]
    Nonce {
        /// What the payment says.
        got: u64,
        /// The account's.
        expected: u64,
    },
    /// C-15
    #[error("amount and fee are {cost}, the sender owns {balance}")]
    InsufficientFunds {
        /// Amount and fee.
        cost: Amount,
        /// What the sender owns.
        balance: Amount,
    },
    /// C-16
    #[error("an ancestor of the block is invalid")]
    InvalidAncestor,
    /// C-17
    #[error("the time {got} of a period's first block is before {earliest}")]
    PeriodStart {
        /// What the header says.
        got: BlockTime,
        /// The earliest that its parent allows.
        earliest: BlockTime,
    },
    /// C-18
    #[error("the time {got} of a period's last block is before its first block's, {earliest}")]
    PeriodEnd {
        /// What the header says.
        got: BlockTime,
        /// The time of the period's first block.
        earliest: BlockTime,
    },
}

impl RuleError {
    /// The rule's number in CONSENSUS.md.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Version { .. } => "C-01",
            Self::Bits { .. } => "C-02",
            Self::ProofOfWork { .. } => "C-03",
            Self::TimeTooEarly { .. } => "C-04",
            Self::TimeTooLate { .. } => "C-05",
            Self::HeightOverflow => "C-06",
            Self::BlockSize { .. } => "C-07",
            Self::MerkleRoot { .. } => "C-08",
            Self::CoinbaseHeight { .. } => "C-09",
            Self::CoinbaseReward { .. } => "C-10",
            Self::DataSize { .. } => "C-11",
            Self::Signature => "C-12",
            Self::AmountOverflow => "C-13",
            Self::Nonce { .. } => "C-14",
            Self::InsufficientFunds { .. } => "C-15",
            Self::InvalidAncestor => "C-16",
            Self::PeriodStart { .. } => "C-17",
            Self::PeriodEnd { .. } => "C-18",
        }
    }
}
