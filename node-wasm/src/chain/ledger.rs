//! The ledger: who owns what, and how many payments each has made.
//!
//! [`Ledger::apply`] and [`Ledger::revert`] are inverse. A block that does not hold leaves no trace.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::consensus::{ChainParams, RuleError, check_reward, check_spend};
use crate::primitives::{Address, Block, Transaction};
use crate::units::Amount;

/// What the chain knows of an address. One that was never paid is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Account {
    /// What it owns.
    pub balance: Amount,
    /// How many payments it made: the nonce of its next one.
    pub nonce: u64,
}

/// All accounts at one point of the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    accounts: BTreeMap<Address, Account>,
}

/// The accounts that a block touched as they were before it, the last touched last.
#[derive(Debug, Default)]
pub(super) struct Undo(Vec<(Address, Account)>);

impl Ledger {
    /// The account of an address.
    #[must_use]
    pub fn account(&self, address: &Address) -> Account {
        self.accounts.get(address).copied().unwrap_or_default()
    }

    /// The accounts that are not the default, in the order of their addresses.
    pub(super) fn accounts(&self) -> Vec<(Address, Account)> {
        self.accounts.iter().map(|(address, account)| (*address, *account)).collect()
    }

    /// The ledger with these accounts.
    pub(super) fn of(accounts: Vec<(Address, Account)>) -> Self {
        let mut ledger = Self::default();
        for (address, account) in accounts {
            ledger.accounts.insert(address, account);
        }
        ledger
    }

    /// The sum of all balances; `None` past the largest amount, which no valid chain reaches.
    #[must_use]
    pub fn supply(&self) -> Option<Amount> {
        self.accounts.values().try_fold(Amount::ZERO, |sum, account| sum.checked_add(account.balance))
    }

    /// Moves what the block moves: its payments in order, then its miner's reward.
    pub(super) fn apply(&mut self, params: &ChainParams, block: &Block) -> Result<Undo, RuleError> {
        let mut undo = Undo::default();
        match self.try_apply(params, block, &mut undo) {
            Ok(()) => {
                // It stays as long as the block does.
                undo.0.shrink_to_fit();
                Ok(undo)
            }
            Err(rule) => {
                self.revert(undo);
                Err(rule)
            }
        }
    }

    /// Takes back what the block moved that gave this `undo`, the last applied.
    pub(super) fn revert(&mut self, undo: Undo) {
        for (address, before) in undo.0.into_iter().rev() {
            if before == Account::default() {
                self.accounts.remove(&address);
            } else {
                self.accounts.insert(address, before);
            }
        }
    }

    fn try_apply(&mut self, params: &ChainParams, block: &Block, undo: &mut Undo) -> Result<(), RuleError> {
        let mut fees = Amount::ZERO;
        for transaction in &block.body.transactions {
            self.spend(transaction, undo)?;
            self.credit(transaction.payment.recipient, transaction.payment.amount, undo)?;
            fees = fees.checked_add(transaction.payment.fee).ok_or(RuleError::AmountOverflow)?;
        }
        let coinbase = &block.body.coinbase;
        check_reward(params, coinbase.height, fees, coinbase.reward)?;
        self.credit(coinbase.recipient, coinbase.reward, undo)
    }

    fn spend(&mut self, transaction: &Transaction, undo: &mut Undo) -> Result<(), RuleError> {
        let sender = transaction.sender();
        let before = self.account(&sender);
        let cost = check_spend(transaction, before.nonce, before.balance)?;
        let balance = before.balance.checked_sub(cost).ok_or(RuleError::AmountOverflow)?;
        self.set(sender, Account { balance, nonce: before.nonce + 1 }, undo);
        Ok(())
    }

    fn credit(&mut self, address: Address, amount: Amount, undo: &mut Undo) -> Result<(), RuleError> {
        let before = self.account(&address);
        let balance = before.balance.checked_add(amount).ok_or(RuleError::AmountOverflow)?;
        self.set(address, Account { balance, ..before }, undo);
        Ok(())
    }

    fn set(&mut self, address: Address, account: Account, undo: &mut Undo) {
        undo.0.push((address, self.account(&address)));
        if account == Account::default() {
            self.accounts.remove(&address);
        } else {
            self.accounts.insert(address, account);
        }
    }
}
