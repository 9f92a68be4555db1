//! What the node tells the page by itself.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{BlockSummary, Connection, MiningView, PeerView, Status, TransactionView, Verifying};

/// What the node tells the page by itself.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Update {
    /// Figures changed; sent at most a few times a second.
    Status(Box<Status>),
    /// A block was added to the chain.
    Block(BlockSummary),
    /// Blocks left the chain for others; each new one is told as a `Block` after this.
    Reorg(Reorg),
    /// A payment came into the mempool.
    Transaction(Box<TransactionView>),
    /// The node forgot its chain, as it was told to.
    Forgotten,
    /// The peers changed.
    Peers(Vec<PeerView>),
    /// The relay connection changed.
    Connection(ConnectionView),
    /// The miner changed.
    Mining(MiningView),
    /// A check of the chain went on.
    Verifying(Verifying),
    /// A line for the node log.
    Log(LogLine),
    /// Something that the user should see until it is dealt with.
    Notice(Notice),
}

/// Blocks that left the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reorg {
    /// The height of the last common block.
    pub fork_height: u32,
    /// The hashes that left, the highest first.
    pub disconnected: Vec<String>,
    /// The hashes that came, the lowest first.
    pub connected: Vec<String>,
}

/// The relay connection, with its story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// The state.
    pub state: Connection,
    /// Which relay.
    pub relay: String,
    /// Why it ended last time, for people; empty when there is nothing to say.
    pub reason: String,
    /// When it is tried next, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<u64>,
}

/// A line of the node log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// When, in Unix milliseconds.
    pub time: u64,
    /// Which part of the node.
    pub part: LogPart,
    /// Whether it is bad.
    pub level: LogLevel,
    /// What.
    pub text: String,
}

/// The parts of a node that log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogPart {
    /// Blocks and reorgs.
    Chain,
    /// Payments.
    Mempool,
    /// Peers and links.
    Peers,
    /// Catching up.
    Sync,
    /// The miner.
    Miner,
    /// The store.
    Storage,
}

/// How bad a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// As it should be.
    Info,
    /// Not as it should be, and dealt with.
    Warn,
}

/// Something that the user should see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Its name, stable for programs: `memory-only`, `corrupt-record`,
    /// `corrupt-snapshot`, `corrupt-payment`, `key-damaged`, `node-crashed`, `clock`, `bad-relay`.
    pub code: String,
    /// What, why and what next.
    pub message: String,
}
