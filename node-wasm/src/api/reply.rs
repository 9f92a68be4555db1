//! What the node answers: the shapes of blocks, payments, accounts and peers as a page sees them.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The rule's or the error's name, stable for programs: `insufficient-funds`, `bad-address`, `C-14`.
    pub code: String,
    /// What, why and what next, for people.
    pub message: String,
    /// The field of the request that is at fault: `to`, `amount`, `fee`, `data`, `nonce`.
    pub field: Option<String>,
}

/// The answer to a [`Command`].
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Reply {
    /// To [`Command::Status`].
    Status(Box<Status>),
    /// To [`Command::Mine`].
    Mining(MiningView),
    /// To [`Command::Send`].
    Sent(Sent),
    /// To [`Command::Block`].
    Block(Box<BlockView>),
    /// To [`Command::Blocks`].
    Blocks(Vec<BlockSummary>),
    /// To [`Command::Transaction`].
    Transaction(Box<TransactionView>),
    /// To [`Command::Account`].
    Account(AccountView),
    /// To [`Command::Mempool`].
    Mempool(Vec<TransactionView>),
    /// To [`Command::Peers`].
    Peers(Vec<PeerView>),
    /// To [`Command::Connect`] and [`Command::Disconnect`].
    Connection(Connection),
    /// To [`Command::Sync`].
    Synced(Synced),
    /// To [`Command::Verify`].
    Verified(Verified),
    /// To [`Command::Export`].
    Exported(Vec<u8>),
    /// To [`Command::Import`].
    Imported(Imported),
    /// To [`Command::Reset`] and [`Command::Lifecycle`].
    Done,
}

/// The state at a glance: one source for every figure that the page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// The room.
    pub room: String,
    /// The hash of the room's genesis block.
    pub genesis: String,
    /// This node.
    pub node_id: String,
    /// This node's wallet.
    pub address: String,
    /// The height of the tip.
    pub height: u32,
    /// The hash of the tip.
    pub tip: String,
    /// The work of the chain, in hashes, as decimal digits.
    pub work: String,
    /// What the wallet owns by the chain.
    pub balance: String,
    /// The nonce of the wallet's next payment, those that wait counted.
    pub nonce: u64,
    /// What the wallet's waiting payments will take, fees included.
    pub pending: String,
    /// How many peers.
    pub peers: u32,
    /// How many payments wait.
    pub mempool: u32,
    /// Whether the miner is switched on.
    pub mining: bool,
    /// Hashes per second, all workers together.
    pub hash_rate: f64,
    /// The relay connection.
    pub connection: Connection,
    /// Where the chain is kept.
    pub storage: Storage,
    /// The tab's slot in this browser: 1 for the first tab of the room.
    pub slot: u32,
    /// How many headers or blocks a running sync still misses; 0 when there is none.
    pub syncing: u32,
    /// How many stored blocks are still to be read after a start; what is asked of blocks waits for them.
    pub loading: u32,
    /// Whether the node is possibly cut off from its room: it is shown more than it is given.
    pub isolated: bool,
}

/// The relay connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connection {
    /// A member of the room.
    Online,
    /// On the way.
    Connecting,
    /// Not there; tried again by itself.
    Offline,
    /// Switched off by the user.
    Off,
}

/// Where the chain is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    /// On disk; the browser promised to keep it.
    Persistent,
    /// On disk; the browser may clear it when short of space.
    BestEffort,
    /// In memory: lost with the tab.
    Memory,
}

/// The miner.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct MiningView {
    /// Whether it is switched on.
    pub on: bool,
    /// How many workers.
    pub workers: u32,
    /// How many the machine has cores for.
    pub workers_max: u32,
    /// Per cent of each worker's time.
    pub intensity: u32,
    /// Hashes per second, all workers together.
    pub hash_rate: f64,
    /// Blocks won since the page was opened and still on the chain when won.
    pub blocks_won: u32,
    /// Whether it waits for the first answers of its peers after waking.
    pub waiting: bool,
}

/// An accepted payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Sent {
    /// The payment's id.
    pub id: String,
}

/// A block as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockSummary {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: String,
    /// What its header claims, in Unix milliseconds.
    pub time: u64,
    /// The address that its coinbase pays.
    pub miner: String,
    /// How many payments it confirms, the coinbase not counted.
    pub transactions: u32,
    /// Its size in bytes.
    pub size: u64,
    /// The subsidy and fees that its miner got.
    pub reward: String,
    /// Whether this node's wallet mined it.
    pub mine: bool,
}

/// A whole block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockView {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: String,
    /// Its parent's hash.
    pub previous: String,
    /// The root of the Merkle tree over its transactions.
    pub merkle_root: String,
    /// What its header claims, in Unix milliseconds.
    pub time: u64,
    /// The compact target as 8 hex digits.
    pub bits: String,
    /// The target as 64 hex digits.
    pub target: String,
    /// The nonce that proves the work.
    pub nonce: u32,
    /// Its size in bytes.
    pub size: u64,
    /// The work of the chain up to it, in hashes, as decimal digits.
    pub work: String,
    /// The address that its coinbase pays; empty for the genesis.
    pub miner: String,
    /// The subsidy and fees that its miner got.
    pub reward: String,
    /// The payments it confirms, in order; the coinbase is `miner` and `reward`.
    pub transactions: Vec<TransactionView>,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransactionState {
    /// In the mempool.
    Pending,
    /// In a block of the chain.
    Confirmed,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionView {
    /// Its id.
    pub id: String,
    /// Who pays.
    pub from: String,
    /// Who is paid.
    pub to: String,
    /// What moves.
    pub amount: String,
    /// What its miner gets.
    pub fee: String,
    /// The sender's payment number.
    pub nonce: u64,
    /// Its message, bytes that are not UTF-8 replaced.
    pub data: String,
    /// Its size in bytes.
    pub size: u64,
    /// What became of it.
    pub state: TransactionState,
    /// The hash of the block that confirms it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// The height of the block that confirms it, or of the block that may.
    pub height: u32,
    /// The nonce of its sender's payment that has to be made before it and is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<u64>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Whose.
    pub address: String,
    /// What it owns by the chain.
    pub balance: String,
    /// How many payments it made by the chain.
    pub nonce: u64,
    /// What its waiting payments will take, fees included.
    pub pending: String,
}

/// How a peer is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A tab of the same browser.
    Broadcast,
    /// Through the relay.
    Relay,
}

/// A peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerView {
    /// Its node id.
    pub id: String,
    /// How it is reached.
    pub via: Via,
    /// The height of its tip, by its own word.
    pub height: u32,
    /// The hash of its tip, by its own word.
    pub tip: String,
    /// The last measured time there and back; absent before the first answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u32>,
    /// When it was met, in Unix milliseconds.
    pub since: u64,
}

/// What a sync came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Synced {
    /// What happened.
    pub outcome: SyncOutcome,
    /// The height after it.
    pub height: u32,
    /// The tip after it.
    pub tip: String,
}

/// What a sync came to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncOutcome {
    /// A peer had a better chain, which is now this node's.
    Replaced,
    /// No peer had a better one.
    AlreadyBest,
    /// There is nobody to ask.
    NoPeers,
}

/// What checking the stored chain came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Whether every block holds.
    pub valid: bool,
    /// The last height that holds.
    pub height: u32,
    /// The first that does not, or the stored snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<BadBlock>,
}

/// How far a check of the stored chain is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Verifying {
    /// The height up to which the blocks hold.
    pub height: u32,
    /// The height that it has to come to.
    pub total: u32,
}

/// A block that breaks a rule, or whose record is bad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct BadBlock {
    /// Its height; 0 is the stored snapshot, which is of no use, where all blocks hold.
    pub height: u32,
    /// Its hash, where one can be read.
    pub hash: String,
    /// The broken rule's code and text, `C-11: ...`.
    pub rule: String,
}

/// An adopted chain file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// How many blocks of it were new.
    pub blocks: u32,
    /// The height after it.
    pub height: u32,
    /// The tip after it.
    pub tip: String,
}
