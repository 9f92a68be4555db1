//! Blocks: a header, the coinbase that pays its miner, and the payments it confirms.
//!
//! The coinbase is a field of its own: a block with none, or with two, cannot be written down.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Address, BlockHash, Header, MerkleRoot, Transaction, TransactionId, merkle};
use crate::codec::encode;
use crate::crypto::{Digest, sha256};
use crate::units::{Amount, Height};

/// How a block pays its miner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Coinbase {
    /// The block's height: it makes every coinbase's id unique.
    pub height: Height,
    /// Who is paid.
    pub recipient: Address,
    /// The subsidy and the block's fees.
    pub reward: Amount,
    /// What a miner varies once all nonces are used up.
    pub extra_nonce: u64,
}

impl Coinbase {
    /// The leaf that stands for it in the Merkle tree.
    #[must_use]
    pub fn id(&self) -> TransactionId {
        TransactionId(sha256(&[b"tabchain/coinbase/1", &encode(self)]))
    }
}

/// A block without its header: what a peer sends for a header that the node knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Body {
    /// The miner's pay.
    pub coinbase: Coinbase,
    /// The confirmed payments, in the order in which they take effect.
    pub transactions: Vec<Transaction>,
}

/// A whole block, as received or as made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// The 80 bytes that are hashed.
    pub header: Header,
    /// What the header's Merkle root commits to.
    pub body: Body,
}

impl Body {
    /// The leaves of the Merkle tree: the ids of the coinbase and of the payments.
    #[must_use]
    pub fn leaves(&self) -> Vec<Digest> {
        let payments = self.transactions.iter().map(|transaction| transaction.id().0);
        std::iter::once(self.coinbase.id().0).chain(payments).collect()
    }

    /// The Merkle root over the coinbase and the payments.
    #[must_use]
    pub fn merkle_root(&self) -> MerkleRoot {
        merkle::root(&self.leaves())
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn size(&self) -> u64 {
        // Height, recipient, reward, extra nonce, count of the payments.
        40 + 4 + self.transactions.iter().map(Transaction::size).sum::<u64>()
    }
}

impl Block {
    /// The block's hash: that of its header.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        self.header.hash()
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn size(&self) -> u64 {
        Header::SIZE as u64 + self.body.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::decode;
    use crate::crypto::SecretKey;
    use crate::primitives::{CompactTarget, Payment};
    use crate::test;
    use crate::units::BlockTime;

    fn block(payments: u64) -> Block {
        let key = SecretKey::from_bytes(&[1; 32]);
        let payment = |nonce| Payment {
            sender: key.public(),
            recipient: Address([2; 20]),
            amount: Amount(1),
            fee: Amount(1),
            nonce,
            data: vec![7; usize::try_from(nonce).expect("small")],
        };
        let transactions =
            (0..payments).map(|nonce| payment(nonce).sign(&BlockHash::default(), &key)).collect();
        let coinbase =
            Coinbase { height: Height(1), recipient: Address([3; 20]), reward: Amount(5), extra_nonce: 0 };
        let body = Body { coinbase, transactions };
        let header = Header {
            version: 1,
            previous: BlockHash::default(),
            merkle_root: body.merkle_root(),
            time: BlockTime(1),
            bits: CompactTarget(0x207f_ffff),
            nonce: 0,
        };
        Block { header, body }
    }

    #[test]
    fn the_size_is_that_of_the_encoding() {
        for payments in 0..4 {
            let block = block(payments);
            assert_eq!(block.size(), encode(&block).len() as u64);
            assert_eq!(decode::<Block>(&encode(&block)), Ok(block));
        }
    }

    #[test]
    fn the_root_covers_every_part_of_the_body() {
        let original = block(2).body;
        let mut other = original.clone();
        other.coinbase.extra_nonce += 1;
        assert_ne!(other.merkle_root(), original.merkle_root());
        let mut other = original.clone();
        other.transactions.swap(0, 1);
        assert_ne!(other.merkle_root(), original.merkle_root());
        let mut other = original.clone();
        other.transactions.pop();
        assert_ne!(other.merkle_root(), original.merkle_root());
    }
}
