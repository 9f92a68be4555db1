//! The parameters of a room's chain. Their hash is the genesis: two tabs of one link have one genesis by
//! construction.

use borsh::BorshSerialize;

use super::bitcoin;
use crate::codec::encode;
use crate::crypto::sha256;
use crate::primitives::{Block, BlockHash, Body, Coinbase, CompactTarget, Header, MerkleRoot, Target};
use crate::units::{Amount, BlockTime, Height, RoomName};

/// Which rules a chain's headers follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize)]
pub enum Profile {
    /// A room's.
    Room,
    /// Bitcoin's, with BIP54's: for its headers and published cases.
    Bitcoin,
}

/// Everything that the nodes of a room must agree on before the first block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct ChainParams {
    /// Which rules the headers follow.
    pub profile: Profile,
    /// The room's name.
    pub room: RoomName,
    /// The version of headers and rules.
    pub version: i32,
    /// The time of the genesis header. It has no effect on difficulty: the first block may come at any time after.
    pub genesis_time: BlockTime,
    /// The target of the first block.
    pub starting_bits: CompactTarget,
    /// The easiest target that a block may have.
    pub limit_bits: CompactTarget,
    /// The wanted time between blocks, in seconds.
    pub spacing: u32,
    /// The time ahead of (or behind) schedule that halves (or doubles) the target, in seconds.
    pub half_life: u32,
    /// A block that comes later than this after its parent, in seconds, has its own target eased.
    pub patience: u32,
    /// How far the wait for one block can ease its target, in doublings.
    pub easing_max: u32,
    /// How far ahead of the local clock a header's time may be, in seconds.
    pub future_max: u32,
    /// What the first blocks create for their miner.
    pub subsidy: Amount,
    /// After so many blocks the subsidy halves.
    pub halving_interval: u32,
    /// The largest block, in bytes.
    pub block_bytes_max: u64,
    /// The longest message in a payment, in bytes.
    pub data_bytes_max: u64,
}

impl ChainParams {
    /// The parameters of a room.
    #[must_use]
    pub fn room(room: RoomName) -> Self {
        Self {
            profile: Profile::Room,
            room,
            version: 1,
            // 2026-01-01T00:00:00Z.
            genesis_time: BlockTime(1_767_225_600),
            // A second of one core: the first block of a fresh room comes at once.
            starting_bits: Target::for_hashes(1 << 20).compact(),
            // A slow phone alone at one per cent still makes blocks.
            limit_bits: Target::for_hashes(1 << 12).compact(),
            spacing: 10,
            half_life: 25,
            patience: 30,
            easing_max: 6,
            future_max: 10,
            subsidy: Amount(5000),
            // About twelve days.
            halving_interval: 100_000,
            block_bytes_max: 1 << 18,
            data_bytes_max: 512,
        }
    }

    /// The parameters of Bitcoin's main chain, as far as headers are concerned.
    #[must_use]
    pub fn bitcoin() -> Self {
        let genesis = bitcoin::genesis();
        Self {
            profile: Profile::Bitcoin,
            genesis_time: genesis.time,
            starting_bits: genesis.bits,
            limit_bits: genesis.bits,
            spacing: 600,
            future_max: 7200,
            ..Self::room(RoomName::default())
        }
    }

    /// The chain's genesis block. A room's has the hash of its parameters as Merkle root, and pays nobody; of
    /// Bitcoin's only the header is meant.
    #[must_use]
    pub fn genesis(&self) -> Block {
        let header = match self.profile {
            Profile::Bitcoin => {
                Header { time: self.genesis_time, bits: self.starting_bits, ..bitcoin::genesis() }
            }
            Profile::Room => self.room_genesis(),
        };
        let coinbase = Coinbase {
            height: Height::GENESIS,
            recipient: Default::default(),
            reward: Amount::ZERO,
            extra_nonce: 0,
        };
        Block { header, body: Body { coinbase, transactions: Vec::new() } }
    }

    fn room_genesis(&self) -> Header {
        Header {
            version: self.version,
            previous: BlockHash::default(),
            merkle_root: MerkleRoot(sha256(&[b"tabchain/room/1", &encode(self)])),
            time: self.genesis_time,
            bits: self.starting_bits,
            nonce: 0,
        }
    }

    /// What the block at `height` creates.
    #[must_use]
    pub fn subsidy_at(&self, height: Height) -> Amount {
        let halvings = height.0.saturating_sub(1) / self.halving_interval;
        Amount(self.subsidy.0.checked_shr(halvings).unwrap_or(0))
    }

    /// The easiest target.
    #[must_use]
    pub fn limit(&self) -> Target {
        self.limit_bits.expand().unwrap_or(Target::MAX)
    }
}
