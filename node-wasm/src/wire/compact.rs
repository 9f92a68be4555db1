//! Compact blocks: a new block by its header, its coinbase and short ids of its payments, and how a receiver
//! rebuilds it from payments that it has. After BIP152.
//!
//! A short id is the first 6 bytes of `SHA-256(key ‖ payment's id)`, where the key is the first half of
//! `SHA-256(block's hash ‖ salt)`. Nobody knows the key before the block is found, so nobody can prepare payments
//! that collide in it. By chance, one of a full mempool's 29,000 payments has the short id of another that is one of
//! a full block's 1,820 once in five million blocks; the Merkle root tells, and the body is fetched whole.
//!
//! Left out: where payments come from, who is asked for those that are missing, and whether the block holds.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::crypto::sha256;
use crate::primitives::{Block, BlockHash, Body, Coinbase, Header, Transaction, TransactionId};

/// A payment's name within one compact block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ShortId(pub [u8; 6]);

/// A block without its payments.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CompactBlock {
    /// The short ids of its payments, in their order. They stand first, so that too many are refused unread.
    pub ids: Vec<ShortId>,
    /// The 80 bytes that are hashed.
    pub header: Header,
    /// The miner's pay: no mempool has it.
    pub coinbase: Coinbase,
    /// Different for each sender, so that a chance collision does not follow the block from medium to medium.
    pub salt: u64,
}

impl CompactBlock {
    /// A block as it is announced.
    #[must_use]
    pub fn new(block: &Block, salt: u64) -> Self {
        let key = Key::new(&block.hash(), salt);
        let ids = block.body.transactions.iter().map(|transaction| key.short(&transaction.id())).collect();
        Self { ids, header: block.header, coinbase: block.body.coinbase, salt }
    }
}

/// What makes short ids of ids.
#[derive(Debug)]
struct Key([u8; 16]);

impl Key {
    fn new(hash: &BlockHash, salt: u64) -> Self {
        Self(first_bytes(&[&hash.0, &salt.to_le_bytes()]))
    }

    fn short(&self, id: &TransactionId) -> ShortId {
        ShortId(first_bytes(&[&self.0, &id.0]))
    }
}

/// The first bytes of the SHA-256 of the parts.
fn first_bytes<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    sha256(parts).first_chunk().copied().expect("fewer bytes than a digest has")
}

/// A compact block on its way to a whole one.
#[derive(Debug)]
pub struct Rebuild {
    header: Header,
    coinbase: Coinbase,
    key: Key,
    /// What is missing: short ids, and their places in the block.
    missing: Vec<(ShortId, u16)>,
    /// Two bytes of every short id, as a set: most payments of a mempool are in no block, and this tells at once.
    hints: Vec<bool>,
    transactions: Vec<Option<Transaction>>,
    /// How many bytes of payments may still come.
    room: u64,
}

impl Rebuild {
    /// Begins with nothing but the announcement. More than `bytes_max` of payments are not taken.
    #[must_use]
    pub fn new(compact: &CompactBlock, bytes_max: u64) -> Self {
        let mut hints = vec![false; 1 << 16];
        compact.ids.iter().for_each(|id| hints[id.hint()] = true);
        Self {
            header: compact.header,
            coinbase: compact.coinbase,
            key: Key::new(&compact.header.hash(), compact.salt),
            missing: compact.ids.iter().copied().zip(0..).collect(),
            hints,
            transactions: vec![None; compact.ids.len()],
            room: bytes_max,
        }
    }

    /// Puts a payment in its place, if it has one that is empty.
    pub fn offer(&mut self, id: &TransactionId, transaction: &Transaction) {
        let short = self.key.short(id);
        if !self.hints[short.hint()] {
            return;
        }
        let Some(found) = self.missing.iter().position(|(missing, _)| *missing == short) else { return };
        let Some(room) = self.room.checked_sub(transaction.size()) else { return };
        self.room = room;
        let (_, place) = self.missing.swap_remove(found);
        self.transactions[usize::from(place)] = Some(transaction.clone());
    }

    /// Whether every payment is in its place.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }

    /// The places that are empty, in their order.
    #[must_use]
    pub fn missing(&self) -> Vec<u16> {
        self.transactions
            .iter()
            .zip(0..)
            .filter(|(found, _)| found.is_none())
            .map(|(_, place)| place)
            .collect()
    }

    /// The block, of those payments that are there.
    #[must_use]
    pub fn finish(self) -> Block {
        let transactions = self.transactions.into_iter().flatten().collect();
        Block { header: self.header, body: Body { coinbase: self.coinbase, transactions } }
    }
}

impl ShortId {
    fn hint(self) -> usize {
        usize::from(u16::from_le_bytes([self.0[0], self.0[1]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::ChainParams;
    use crate::test;
    use crate::testing::pay;
    use crate::units::RoomName;

    const ROOM: u64 = 1 << 18;

    /// A block of so many payments. It need not hold.
    fn block(payments: u64) -> Block {
        let mut block = ChainParams::room(RoomName::default()).genesis();
        let genesis = block.hash();
        block.body.transactions = (0..payments).map(|nonce| pay(&genesis, 1, 2, 3, nonce)).collect();
        block
    }

    fn offer<'a>(rebuild: &mut Rebuild, payments: impl IntoIterator<Item = &'a Transaction>) {
        payments.into_iter().for_each(|payment| rebuild.offer(&payment.id(), payment));
    }

    #[test]
    fn a_block_comes_back_from_its_payments_in_any_order_and_among_others() {
        let (whole, others) = (block(40), block(60));
        let mut rebuild = Rebuild::new(&CompactBlock::new(&whole, 7), ROOM);
        offer(&mut rebuild, others.body.transactions.iter().rev().skip(5));
        assert!(rebuild.is_whole());
        assert_eq!(rebuild.finish(), whole);
    }

    #[test]
    fn what_is_missing_is_named_by_its_place() {
        let block = block(10);
        let mut rebuild = Rebuild::new(&CompactBlock::new(&block, 7), ROOM);
        let payments = &block.body.transactions;
        offer(
            &mut rebuild,
            payments.iter().enumerate().filter(|(at, _)| ![2, 5, 9].contains(at)).map(|at| at.1),
        );
        assert_eq!(rebuild.missing(), [2, 5, 9]);
        offer(&mut rebuild, [&payments[5], &payments[5], &payments[0]]);
        assert_eq!(rebuild.missing(), [2, 9]);
    }

    #[test]
    fn more_bytes_than_a_block_has_are_not_taken() {
        let block = block(10);
        let bytes: u64 = block.body.transactions.iter().map(Transaction::size).sum();
        for (room, whole) in [(bytes, true), (bytes - 1, false)] {
            let mut rebuild = Rebuild::new(&CompactBlock::new(&block, 7), room);
            offer(&mut rebuild, &block.body.transactions);
            assert_eq!(rebuild.is_whole(), whole);
        }
    }

    #[test]
    fn short_ids_are_of_one_block_and_one_salt() {
        let (ours, mut other) = (block(3), block(3));
        other.header.nonce += 1;
        let ids = |block: &Block, salt| CompactBlock::new(block, salt).ids;
        assert_eq!(ids(&ours, 1), ids(&ours, 1));
        assert_ne!(ids(&ours, 1), ids(&ours, 2));
        assert_ne!(ids(&ours, 1), ids(&other, 1));
        let size = crate::codec::encode(&CompactBlock::new(&ours, 1)).len();
        assert_eq!(size, 4 + 3 * 6 + 80 + 40 + 8);
    }
}
