//! What a block's body and its payments must satisfy.
//!
//! Left out: the order of effects on balances, which is the ledger's; it asks [`check_spend`] and [`check_reward`]
//! along the way.

use std::sync::Arc;

use crate::consensus::{ChainParams, RuleError};
use crate::primitives::{Block, BlockHash, Transaction};
use crate::units::{Amount, Height};

/// A block that passed [`check_body`]: only its effect on balances is still open.
#[derive(Clone, Debug)]
pub struct CheckedBlock {
    block: Arc<Block>,
    hash: BlockHash,
    height: Height,
}

impl CheckedBlock {
    /// The block.
    #[must_use]
    pub const fn block(&self) -> &Arc<Block> {
        &self.block
    }

    /// Its hash.
    #[must_use]
    pub const fn hash(&self) -> BlockHash {
        self.hash
    }

    /// Its height.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.height
    }
}

/// Checks everything of a block at `height` that depends on no balance. The header is taken as checked.
///
/// # Errors
/// The first broken rule. [`RuleError::MerkleRoot`] says nothing against the header: the body is not its own.
pub fn check_body(
    params: &ChainParams,
    genesis: &BlockHash,
    height: Height,
    block: Block,
) -> Result<CheckedBlock, RuleError> {
    let checked = recheck_body(height, block)?;
    let block = checked.block();
    // [C-07] A block MUST NOT be larger than the room allows.
    let size = block.size();
    if size > params.block_bytes_max {
        return Err(RuleError::BlockSize { got: size, limit: params.block_bytes_max });
    }
    // [C-09] A coinbase MUST carry the height of its block.
    if block.body.coinbase.height != height {
        return Err(RuleError::CoinbaseHeight { got: block.body.coinbase.height, expected: height });
    }
    for transaction in &block.body.transactions {
        check_payment(params, genesis, transaction)?;
    }
    Ok(checked)
}

/// Checks a body that passed [`check_body`] before it was kept: all of it is in its Merkle root, signatures included,
/// so that a body with the root of a checked header is the one that was checked.
///
/// # Errors
/// [`RuleError::MerkleRoot`], when it is not.
pub fn recheck_body(height: Height, block: Block) -> Result<CheckedBlock, RuleError> {
    // [C-08] A body's Merkle root MUST be the one that its header commits to.
    let got = block.body.merkle_root();
    if got != block.header.merkle_root {
        return Err(RuleError::MerkleRoot { got, expected: block.header.merkle_root });
    }
    Ok(CheckedBlock { hash: block.hash(), height, block: Arc::new(block) })
}

/// Checks everything of a payment that depends on no balance.
///
/// # Errors
/// The first broken rule.
pub fn check_payment(
    params: &ChainParams,
    genesis: &BlockHash,
    transaction: &Transaction,
) -> Result<(), RuleError> {
    let payment = &transaction.payment;
    // [C-11] A payment's message MUST NOT be longer than the room allows.
    let got = payment.data.len() as u64;
    if got > params.data_bytes_max {
        return Err(RuleError::DataSize { got, limit: params.data_bytes_max });
    }
    // [C-13] A payment's amount and fee MUST NOT add up to more than 2^64 - 1.
    payment.cost().ok_or(RuleError::AmountOverflow)?;
    // [C-12] A payment's signature MUST be its sender's over the room's genesis and every field.
    if !payment.sender.verifies(&payment.signed_bytes(genesis), &transaction.signature) {
        return Err(RuleError::Signature);
    }
    Ok(())
}

/// Checks a payment against its sender's account, and gives what it takes from it.
///
/// # Errors
/// The first broken rule.
pub fn check_spend(transaction: &Transaction, nonce: u64, balance: Amount) -> Result<Amount, RuleError> {
    let payment = &transaction.payment;
    // Never fails after `check_payment`.
    let cost = payment.cost().ok_or(RuleError::AmountOverflow)?;
    // [C-14] A payment's nonce MUST be the number of payments that its sender made before it.
    if payment.nonce != nonce || nonce == u64::MAX {
        return Err(RuleError::Nonce { got: payment.nonce, expected: nonce });
    }
    // [C-15] A payment's amount and fee MUST NOT exceed its sender's balance.
    if cost > balance {
        return Err(RuleError::InsufficientFunds { cost, balance });
    }
    Ok(cost)
}

/// Checks what a block at `height` pays its miner, given the fees of its payments.
///
/// # Errors
/// When it is not exactly subsidy and fees.
pub fn check_reward(
    params: &ChainParams,
    height: Height,
    fees: Amount,
    reward: Amount,
) -> Result<(), RuleError> {
    let expected = params.subsidy_at(height).checked_add(fees).ok_or(RuleError::AmountOverflow)?;
    // [C-10] A coinbase MUST pay exactly the subsidy of its height and the fees of its block.
    if reward != expected {
        return Err(RuleError::CoinbaseReward { got: reward, expected });
    }
    Ok(())
}
