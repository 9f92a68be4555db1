//! Block headers: the 80 bytes that proof of work covers.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{BlockHash, CompactTarget, MerkleRoot, Target, Work};
use crate::crypto::sha256d;
use crate::units::BlockTime;

/// Bitcoin's header, field for field: its encoding is the 80 bytes that are hashed, integers little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Header {
    /// The version of the block's rules.
    pub version: i32,
    /// The parent's hash; all zero for a genesis.
    pub previous: BlockHash,
    /// The root of the Merkle tree over the block's transactions.
    pub merkle_root: MerkleRoot,
    /// When the block claims to have been made, in Unix seconds.
    pub time: BlockTime,
    /// The target that the hash must not exceed, in Bitcoin's compact form ("nBits").
    pub bits: CompactTarget,
    /// What a miner varies.
    pub nonce: u32,
}

impl Header {
    /// How many bytes every header has.
    pub const SIZE: usize = 80;
    /// Where the nonce stands in them.
    pub const NONCE_OFFSET: usize = 76;

    /// The 80 bytes that are hashed.
    #[must_use]
    pub fn bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[0..4].copy_from_slice(&self.version.to_le_bytes());
        bytes[4..36].copy_from_slice(&self.previous.0);
        bytes[36..68].copy_from_slice(&self.merkle_root.0);
        bytes[68..72].copy_from_slice(&self.time.0.to_le_bytes());
        bytes[72..76].copy_from_slice(&self.bits.0.to_le_bytes());
        bytes[76..80].copy_from_slice(&self.nonce.to_le_bytes());
        bytes
    }

    /// How many hashes it takes to find one like it, as far as its target may be believed.
    #[must_use]
    pub fn work(&self) -> Work {
        self.bits.expand().unwrap_or(Target::MAX).work()
    }

    /// The block's hash: SHA-256d of the 80 bytes.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        BlockHash(sha256d(&self.bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode, encode};
    use crate::test;

    /// Bitcoin's genesis block.
    fn bitcoin_genesis() -> Header {
        let mut root = [0; 32];
        hex::decode_to_slice("3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a", &mut root)
            .expect("hex");
        Header {
            version: 1,
            previous: BlockHash::default(),
            merkle_root: MerkleRoot(root),
            time: BlockTime(1_231_006_505),
            bits: CompactTarget(0x1d00_ffff),
            nonce: 2_083_236_893,
        }
    }

    #[test]
    fn bitcoins_genesis_has_its_hash() {
        let expect = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
        assert_eq!(bitcoin_genesis().hash().to_string(), expect);
    }

    #[test]
    fn the_encoding_is_the_hashed_bytes() {
        let header = bitcoin_genesis();
        assert_eq!(encode(&header), header.bytes());
        assert_eq!(decode::<Header>(&header.bytes()), Ok(header));
    }
}
