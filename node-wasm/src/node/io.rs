//! What goes into a node and what comes out of it.

use crate::chain::{ChainError, ChainUpdate};
use crate::consensus::ChainParams;
use crate::crypto::PublicKey;
use crate::mempool::MempoolError;
use crate::miner::Job;
use crate::node::Event;
use crate::peer::{LinkId, Medium};
use crate::primitives::{Address, Block, BlockHash, PeerId, Transaction, TransactionId};
use crate::wire::{SessionId, UnsealedFrame};

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
    /// Blocks from a chain file, in the order of the chain, genesis left out: answered by `Output::Imported`.
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
    Submitted(Result<TransactionId, MempoolError>),
    /// What became of `Input::Sync`.
    Synced(SyncOutcome),
    /// What became of `Input::Import`.
    Imported {
        /// How many blocks were new.
        new: u32,
        /// The first block that was not taken, with its place in the file; those before it were kept.
        error: Option<(usize, BlockHash, ChainError)>,
    },
    /// The mempool changed.
    Mempool(MempoolChange),
    /// For the log and the panels; nothing has to be done.
    Event(Event),
}

/// How the mempool changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MempoolChange {
    /// What came in.
    pub added: Vec<TransactionId>,
    /// What left: mined, replaced, expired or made void by a block.
    pub removed: Vec<TransactionId>,
}

/// What a sync came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncOutcome {
    /// A peer had a better chain.
    Replaced,
    /// No peer had a better one.
    AlreadyBest,
    /// There is nobody to ask, or nobody answered.
    NoPeers,
}
