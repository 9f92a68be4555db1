//! What the page asks of the node.

use borsh::{BorshDeserialize, BorshSerialize};

/// What the page asks of the node. Each is answered once, by a [`Reply`] or an [`ApiError`].
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Command {
    /// The state at a glance.
    Status,
    /// Start, stop or tune the miner.
    Mine(MineRequest),
    /// Sign a payment and hand it to the node.
    Send(SendRequest),
    /// One block, by height in decimal digits or by hash in hex.
    Block {
        /// Which.
        block: String,
    },
    /// Blocks of the chain by height, the highest first.
    Blocks {
        /// The highest height wanted; `None` starts at the tip.
        from: Option<u32>,
        /// How many at most; the node gives no more than [`BLOCKS_MAX`].
        count: u32,
    },
    /// One payment, confirmed or waiting.
    Transaction {
        /// Its id.
        id: String,
    },
    /// One account.
    Account {
        /// Its address.
        address: String,
    },
    /// The waiting payments, the next to be mined first; at most [`MEMPOOL_MAX`].
    Mempool,
    /// The peers.
    Peers,
    /// Connect to the relay.
    Connect {
        /// Another relay than before, as `ws://` or `wss://` address.
        relay: Option<String>,
    },
    /// Leave the relay until told otherwise.
    Disconnect,
    /// Ask the peers for a better chain.
    Sync,
    /// Check every stored block from genesis.
    Verify,
    /// The chain as a file.
    Export,
    /// Check and adopt a chain file.
    Import {
        /// What `Export` gave.
        bytes: Vec<u8>,
    },
    /// Forget the chain and the waiting payments, keep the key.
    Reset,
    /// What the browser told the page about its life.
    Lifecycle {
        /// What happened.
        event: Lifecycle,
    },
}

/// What the browser tells a page, and no worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Lifecycle {
    /// The tab came to the front.
    Visible,
    /// The tab went to the back.
    Hidden,
    /// The network came back.
    Online,
    /// The network is gone.
    Offline,
    /// The browser is about to freeze the page.
    Freeze,
    /// The page runs again.
    Resume,
}

/// The most blocks that one [`Command::Blocks`] gives.
pub const BLOCKS_MAX: u32 = 100;
/// The most payments that [`Command::Mempool`] gives.
pub const MEMPOOL_MAX: usize = 200;

/// How the miner is to run; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MineRequest {
    /// Whether to mine.
    pub on: bool,
    /// How many workers.
    pub workers: Option<u32>,
    /// Per cent of each worker's time, 1 to 100.
    pub intensity: Option<u32>,
}

/// A payment as a person writes it: checked field by field, so that the error names the field.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SendRequest {
    /// The recipient's address.
    pub to: String,
    /// Whole tabs.
    pub amount: String,
    /// Whole tabs; [`DEFAULT_FEE`] when absent.
    pub fee: Option<String>,
    /// A message of UTF-8 text.
    pub data: Option<String>,
    /// The sender's payment number; the next free one when absent. A used one replaces the waiting payment that
    /// has it, for a higher fee.
    pub nonce: Option<u64>,
}

/// The fee of a payment that names none, in tabs.
pub const DEFAULT_FEE: u64 = 1;
