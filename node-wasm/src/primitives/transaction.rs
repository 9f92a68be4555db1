//! Payments: a signed order to move tabs, to write a message into the chain, or both.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Address, BlockHash, TransactionId};
use crate::codec::encode;
use crate::crypto::{PublicKey, SecretKey, Signature, sha256};
use crate::units::Amount;

/// What a payment orders, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Payment {
    /// Who pays; its [`Address`] is debited `amount + fee`.
    pub sender: PublicKey,
    /// Who is paid `amount`.
    pub recipient: Address,
    /// What moves to the recipient.
    pub amount: Amount,
    /// What moves to the miner of the block that includes the payment.
    pub fee: Amount,
    /// How many payments the sender made before this one: each takes effect once and in order.
    pub nonce: u64,
    /// A message for everyone to read, often empty; UTF-8 by custom, any bytes by rule.
    #[borsh(deserialize_with = "crate::codec::read_bytes")]
    pub data: Vec<u8>,
}

/// A payment with its sender's signature: what travels, waits in mempools and is mined.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Transaction {
    /// The order.
    pub payment: Payment,
    /// The sender's, over [`Payment::signed_bytes`].
    pub signature: Signature,
}

impl Payment {
    /// What the sender signs: the room's genesis and every field, so that a payment of one room is worth nothing
    /// in another.
    #[must_use]
    pub fn signed_bytes(&self, genesis: &BlockHash) -> Vec<u8> {
        let mut bytes = b"tabchain/payment/1".to_vec();
        bytes.extend_from_slice(&genesis.0);
        bytes.extend_from_slice(&encode(self));
        bytes
    }

    /// Signs the payment for the room of `genesis`.
    #[must_use]
    pub fn sign(self, genesis: &BlockHash, key: &SecretKey) -> Transaction {
        let signature = key.sign(&self.signed_bytes(genesis));
        Transaction { payment: self, signature }
    }

    /// Amount and fee together, or `None` past the largest amount.
    #[must_use]
    pub const fn cost(&self) -> Option<Amount> {
        self.amount.checked_add(self.fee)
    }
}

impl Transaction {
    /// The hash of all of it, signature included.
    #[must_use]
    pub fn id(&self) -> TransactionId {
        TransactionId(sha256(&[b"tabchain/transaction/1", &encode(self)]))
    }

    /// The address that pays.
    #[must_use]
    pub fn sender(&self) -> Address {
        Address::of(&self.payment.sender)
    }

    /// How many bytes it takes in a block.
    #[must_use]
    pub const fn size(&self) -> u64 {
        // Key, recipient, amount, fee, nonce, length of the data, signature.
        32 + 20 + 8 + 8 + 8 + 4 + 64 + self.payment.data.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    fn transaction(data: &[u8]) -> Transaction {
        let key = SecretKey::from_bytes(&[1; 32]);
        let payment = Payment {
            sender: key.public(),
            recipient: Address([2; 20]),
            amount: Amount(3),
            fee: Amount(4),
            nonce: 5,
            data: data.to_vec(),
        };
        payment.sign(&BlockHash([6; 32]), &key)
    }

    #[test]
    fn the_size_is_that_of_the_encoding() {
        for data in [&b""[..], b"Testing String Again"] {
            assert_eq!(transaction(data).size(), encode(&transaction(data)).len() as u64);
        }
    }

    #[test]
    fn a_signature_names_its_room() {
        let Transaction { payment, signature } = transaction(b"");
        assert!(payment.sender.verifies(&payment.signed_bytes(&BlockHash([6; 32])), &signature));
        assert!(!payment.sender.verifies(&payment.signed_bytes(&BlockHash([7; 32])), &signature));
    }

    #[test]
    fn the_id_covers_the_signature() {
        let original = transaction(b"");
        let mut other = original.clone();
        other.signature.0[0] ^= 1;
        assert_ne!(original.id(), other.id());
    }
}
