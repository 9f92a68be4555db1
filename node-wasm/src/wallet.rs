//! The wallet: the keys of one slot, and payments signed with them.
//!
//! Everything derives from one 16-byte secret seed, so that one backup restores all of it. A payment is checked
//! field by field before it is signed, so that an error can stand at its field. Keys never enter the node; seed
//! and keys are wiped when dropped and never printed. Left out: where the seed is kept, which is the host's.

use std::fmt;

use crate::crypto::{PublicKey, SecretKey};
use crate::primitives::{Address, AddressError, BlockHash, Payment, PeerId, Transaction};
use crate::units::{Amount, AmountError};

/// The keys of one slot.
pub struct Wallet {
    wallet_key: SecretKey,
    node_key: SecretKey,
}

/// A payment as a person writes it.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The recipient's address.
    pub to: &'a str,
    /// Whole tabs.
    pub amount: &'a str,
    /// Whole tabs.
    pub fee: &'a str,
    /// A message.
    pub data: &'a str,
}

/// What the node knows about the sender's account.
#[derive(Clone, Copy, Debug)]
pub struct Funds {
    /// What the account owns by the chain.
    pub balance: Amount,
    /// What its other waiting payments will take, fees included.
    pub pending: Amount,
    /// The nonce that the payment is to have.
    pub nonce: u64,
    /// The longest message that the room takes, in bytes.
    pub data_bytes_max: u64,
}

/// The field of a draft that is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The recipient.
    To,
    /// The amount.
    Amount,
    /// The fee.
    Fee,
    /// The message.
    Data,
}

/// Why a draft was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The recipient is not an address.
    #[error("{0}")]
    Address(#[from] AddressError),
    /// The amount is not one.
    #[error("{0}")]
    Amount(AmountError),
    /// A payment of nothing that says nothing.
    #[error("an amount above 0 or a message is needed")]
    Nothing,
    /// The fee is not an amount.
    #[error("the fee: {0}")]
    Fee(AmountError),
    /// The message is too long.
    #[error("the message is {got} bytes, at most {limit} are allowed")]
    DataSize {
        /// Its size.
        got: u64,
        /// The room's limit.
        limit: u64,
    },
    /// The account cannot pay it.
    #[error("amount and fee are {cost}, only {spendable} can be spent now{}", funds_note(.spendable, .pending))]
    InsufficientFunds {
        /// Amount and fee, as far as they can be added up.
        cost: Amount,
        /// The balance less what waits.
        spendable: Amount,
        /// What waits.
        pending: Amount,
    },
}

fn funds_note(spendable: &Amount, pending: &Amount) -> String {
    if *pending > Amount::ZERO {
        format!(": waiting payments take {pending}")
    } else if *spendable == Amount::ZERO {
        ": mine a block or ask somebody for some".to_owned()
    } else {
        String::new()
    }
}

impl WalletError {
    /// The error's name, stable for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "bad-address",
            Self::Amount(_) | Self::Nothing => "bad-amount",
            Self::Fee(_) => "bad-fee",
            Self::DataSize { .. } => "data-too-long",
            Self::InsufficientFunds { .. } => "insufficient-funds",
        }
    }

    /// The field at fault.
    #[must_use]
    pub const fn field(&self) -> Field {
        match self {
            Self::Address(_) => Field::To,
            Self::Amount(_) | Self::Nothing | Self::InsufficientFunds { .. } => Field::Amount,
            Self::Fee(_) => Field::Fee,
            Self::DataSize { .. } => Field::Data,
        }
    }
}

impl Field {
    /// The field's name in a request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::Amount => "amount",
            Self::Fee => "fee",
            Self::Data => "data",
        }
    }
}

impl Wallet {
    /// The seed's size: 128 bits, twelve words should they ever be written down.
    pub const SEED_BYTES: usize = 16;

    /// The wallet of a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; Self::SEED_BYTES]) -> Self {
        let wallet_key = SecretKey::derive(seed, "wallet");
        let node_key = SecretKey::derive(seed, "node");
        Self { wallet_key, node_key }
    }

    /// Where the wallet is paid.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::of(&self.wallet_key.public())
    }

    /// The public key that spends.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.wallet_key.public()
    }

    /// The key that seals the node's frames.
    #[must_use]
    pub const fn node_key(&self) -> &SecretKey {
        &self.node_key
    }

    /// The node's identity.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        PeerId::of(&self.node_key.public())
    }

    /// Checks a draft and signs it for the room of `genesis`.
    ///
    /// # Errors
    /// The first field that is at fault, in the order in which a form shows them.
    pub fn sign(
        &self,
        draft: Draft<'_>,
        funds: Funds,
        genesis: &BlockHash,
    ) -> Result<Transaction, WalletError> {
        let recipient: Address = draft.to.parse()?;
        let amount: Amount = draft.amount.parse().map_err(WalletError::Amount)?;
        if amount == Amount::ZERO && draft.data.is_empty() {
            return Err(WalletError::Nothing);
        }
        let fee: Amount = draft.fee.parse().map_err(WalletError::Fee)?;
        let got = draft.data.len() as u64;
        if got > funds.data_bytes_max {
            return Err(WalletError::DataSize { got, limit: funds.data_bytes_max });
        }
        let data = draft.data.as_bytes().to_vec();
        let payment = Payment { sender: self.public(), recipient, amount, fee, nonce: funds.nonce, data };
        let spendable = funds.balance.checked_sub(funds.pending).unwrap_or(Amount::ZERO);
        let cost = payment.cost().unwrap_or(Amount(u64::MAX));
        if payment.cost().is_none() || cost > spendable {
            return Err(WalletError::InsufficientFunds { cost, spendable, pending: funds.pending });
        }
        Ok(payment.sign(genesis, &self.wallet_key))
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet").field("address", &self.address()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    fn wallet(byte: u8) -> Wallet {
        Wallet::from_seed(&[byte; Wallet::SEED_BYTES])
    }

    fn funds() -> Funds {
        Funds { balance: Amount(100), pending: Amount(10), nonce: 7, data_bytes_max: 16 }
    }

    #[test]
    fn a_good_draft_becomes_a_payment_that_verifies() {
        let to = wallet(2).address().to_string();
        let genesis = BlockHash([3; 32]);
        let draft = Draft { to: &to, amount: "80", fee: "10", data: "hi" };
        let transaction = wallet(1).sign(draft, funds(), &genesis).expect("exactly what can be spent");
        assert_eq!(transaction.sender(), wallet(1).address());
        let payment = &transaction.payment;
        assert_eq!((payment.amount, payment.fee, payment.nonce), (Amount(80), Amount(10), 7));
        assert!(payment.sender.verifies(&payment.signed_bytes(&genesis), &transaction.signature));
    }

    #[test]
    fn a_bad_draft_names_its_field() {
        let to = wallet(2).address().to_string();
        let good = Draft { to: &to, amount: "1", fee: "1", data: "" };
        let check = |draft: Draft<'_>, field: &str, code: &str| {
            let error = wallet(1).sign(draft, funds(), &BlockHash::default()).expect_err(code);
            assert_eq!((error.field().name(), error.code()), (field, code), "{error}");
        };
        check(Draft { to: "", ..good }, "to", "bad-address");
        check(Draft { to: &to[..to.len() - 1], ..good }, "to", "bad-address");
        check(Draft { amount: "1.5", ..good }, "amount", "bad-amount");
        check(Draft { amount: "0", ..good }, "amount", "bad-amount");
        check(Draft { fee: "", ..good }, "fee", "bad-fee");
        check(Draft { data: "seventeen bytes..", ..good }, "data", "data-too-long");
        check(Draft { amount: "90", ..good }, "amount", "insufficient-funds");
        check(Draft { amount: "18446744073709551615", ..good }, "amount", "insufficient-funds");
        let message = Draft { amount: "0", data: "sixteen bytes...", ..good };
        assert!(wallet(1).sign(message, funds(), &BlockHash::default()).is_ok());
    }

    #[test]
    fn a_seed_gives_the_same_keys_for_ever_and_is_not_printed() {
        assert_eq!(wallet(1).address(), wallet(1).address());
        assert_ne!(wallet(1).address(), wallet(2).address());
        assert_ne!(wallet(1).public(), wallet(1).node_key().public());
        let shown = format!("{:?}", wallet(0x5a));
        assert!(!shown.contains("5a5a") && !shown.contains("90, 90"), "{shown}");
    }
}
