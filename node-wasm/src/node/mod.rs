//! The node's sans-IO boundary: inputs in, outputs out.
//!
//! The host's whole loop:
//!
//! ```text
//! node.handle(now, input);                       // whatever happened, or Input::Tick
//! while let Some(output) = node.poll() { perform(output) }
//! wait until something happens, or node.next_timeout()
//! ```

mod event;

pub use event::{Event, Refusal};

use crate::chain::ChainUpdate;
use crate::consensus::{ChainParams, RuleError};
use crate::crypto::PublicKey;
use crate::miner::Job;
use crate::peer::Medium;
use crate::primitives::{Address, Block, BlockHash, PeerId, Transaction, TransactionId};
use crate::units::{Height, Timestamp};
use crate::wire::{SessionId, UnsealedFrame};

/// Names a link between `LinkUp` and `LinkDown`; the host chooses it and never uses it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// What a node is, for as long as it lives.
#[derive(Clone, Debug)]
pub struct Config {
    /// The room's chain.
    pub params: ChainParams,
    /// The public half of the node key; the host seals frames with the secret half.
    pub node_key: PublicKey,
    /// Spreads this node's timers away from those of others: random bytes.
    pub seed: u64,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// The moment that `next_timeout` named has come.
    Tick,
    /// A link is open, and this node a member of it.
    LinkUp {
        /// Its name from now on.
        link: LinkId,
        /// What it is.
        medium: Medium,
        /// Fresh random bytes.
        session: SessionId,
    },
    /// A link is gone, and with it everyone who was reached by it.
    LinkDown {
        /// Which.
        link: LinkId,
    },
    /// A link says that someone is there. Nothing is believed of it before its `Hello`.
    PeerJoined {
        /// Where.
        link: LinkId,
        /// Who.
        peer: PeerId,
    },
    /// A link says that someone is gone.
    PeerLeft {
        /// Where.
        link: LinkId,
        /// Who.
        peer: PeerId,
    },
    /// A frame came in.
    Received {
        /// Where.
        link: LinkId,
        /// Its bytes, whatever they are.
        bytes: Vec<u8>,
    },
    /// The user's signed payment: answered by `Output::Submitted`.
    Submit(Transaction),
    /// Mine for this address, or stop: answered by `Output::Job`, again and again as the chain moves.
    Mine(Option<Address>),
    /// A miner worker found a nonce.
    Mined {
        /// The job it worked on.
        job: u64,
        /// What it found.
        nonce: u32,
    },
    /// The machine slept, the tab was frozen, the network came back: nothing known of the peers is current.
    Woke,
    /// The user wants to be sure: answered by `Output::Synced`.
    Sync,
    /// Blocks from a chain file, in the order of the chain: answered by `Output::Imported`.
    Import(Vec<Block>),
}

/// What the host has to do.
#[derive(Clone, Debug)]
pub enum Output {
    /// Seal the frame with the node key and send it: to `frame.recipient`, or to everyone on the link.
    Send {
        /// Where.
        link: LinkId,
        /// What.
        frame: UnsealedFrame,
    },
    /// The best chain changed: store it, show it.
    Chain(ChainUpdate),
    /// Work on this from now on; `None` is stop.
    Job(Option<Job>),
    /// What became of `Input::Submit`.
    Submitted(Result<TransactionId, SubmitError>),
    /// What became of `Input::Sync`.
    Synced(SyncOutcome),
    /// What became of `Input::Import`.
    Imported {
        /// How many blocks were new.
        new: u32,
        /// The first block that broke a rule, with its place in the file; those before it were kept.
        error: Option<(usize, BlockHash, RuleError)>,
    },
    /// The mempool changed: a payment came in, or some left.
    Mempool(MempoolChange),
    /// For the log and the panels; nothing has to be done.
    Event(Event),
}

/// How the mempool changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MempoolChange {
    /// What came in.
    pub added: Vec<TransactionId>,
    /// What left: mined, replaced, expired or made void by a reorg.
    pub removed: Vec<TransactionId>,
}

/// What a sync came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncOutcome {
    /// A peer had a better chain.
    Replaced,
    /// No peer had a better one.
    AlreadyBest,
    /// There is nobody to ask.
    NoPeers,
}

/// Why a payment was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It breaks a rule of the chain.
    #[error("{code}: {0}", code = .0.code())]
    Rule(#[from] RuleError),
    /// It, or one that does the same, waits already.
    #[error("this payment waits already")]
    Duplicate,
    /// Another payment with the nonce waits, and this one does not pay enough more.
    #[error("a payment with this nonce waits already; to replace it the fee must be at least {needed}")]
    ReplacementFee {
        /// The least fee that would do.
        needed: u64,
    },
    /// Too many payments of the sender wait, or its nonce is too far ahead.
    #[error("the sender has too many waiting payments")]
    TooManyPending,
    /// The mempool is full of payments that pay more for their size.
    #[error("the mempool is full: a higher fee is needed")]
    Full,
    /// Below the least fee that this node forwards.
    #[error("the fee is below the least of {least}")]
    FeeTooLow {
        /// The least fee.
        least: u64,
    },
}

/// The least that a host keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The height after it.
    pub height: Height,
}

/// A full node.
#[derive(Debug)]
pub struct Node;

impl Node {
    /// A node at its room's genesis.
    #[must_use]
    pub fn new(_config: Config, _now: Timestamp) -> Self {
        Self
    }

    /// Takes a block from the node's own store, in the order of the chain, before anything else happens. Checks
    /// it whole; emits nothing.
    ///
    /// # Errors
    /// The rule that the block breaks: it and everything after it has to be fetched again.
    pub fn restore(&mut self, _now: Timestamp, _block: Block) -> Result<(), RuleError> {
        Ok(())
    }

    /// Takes what happened. Infallible; drain [`Self::poll`] before the next call.
    pub fn handle(&mut self, _now: Timestamp, _input: Input) {}

    /// The next effect for the host to perform.
    pub fn poll(&mut self) -> Option<Output> {
        None
    }

    /// When the host must feed `Input::Tick`, at the latest.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        None
    }
}
