//! What a block's body and its payments must satisfy.
//!
//! Left out: the order of effects on balances, which is the ledger's; it asks [`check_spend`] and [`check_reward`]
//! along the way.

use std::sync::Arc;

use crate::consensus::{ChainParams, RuleError};
use crate::crypto::Digest;
use crate::primitives::{Block, BlockHash, Transaction, TransactionId, merkle};
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

/// Checks everything of a block at `height` that depends on no balance. The header is taken as checked, and so are the
/// signatures of the payments whose ids are `known`: an id is of the whole payment, its signature included, so that
/// whoever checked one has checked the other. [`nothing_known`] has all of them checked here.
///
/// # Errors
/// The first broken rule. [`RuleError::MerkleRoot`] says nothing against the header: the body is not its own.
pub fn check_body(
    params: &ChainParams,
    genesis: &BlockHash,
    height: Height,
    block: Block,
    known: &dyn Fn(&TransactionId) -> bool,
) -> Result<CheckedBlock, RuleError> {
    let leaves = check_root(&block)?;
    // [C-07] A block MUST NOT be larger than the room allows.
    let size = block.size();
    if size > params.block_bytes_max {
        return Err(RuleError::BlockSize { got: size, limit: params.block_bytes_max });
    }
    // [C-09] A coinbase MUST carry the height of its block.
    if block.body.coinbase.height != height {
        return Err(RuleError::CoinbaseHeight { got: block.body.coinbase.height, expected: height });
    }
    // The coinbase is the first leaf.
    for (transaction, id) in block.body.transactions.iter().zip(&leaves[1..]) {
        check_terms(params, transaction)?;
        if !known(&TransactionId(*id)) {
            check_signature(genesis, transaction)?;
        }
    }
    Ok(CheckedBlock { hash: block.hash(), height, block: Arc::new(block) })
}

/// No payment was checked before.
#[must_use]
pub const fn nothing_known(_: &TransactionId) -> bool {
    false
}

/// Checks a body that passed [`check_body`] before it was kept: all of it is in its Merkle root, signatures included,
/// so that a body with the root of a checked header is the one that was checked.
///
/// # Errors
/// [`RuleError::MerkleRoot`], when it is not.
pub fn recheck_body(height: Height, block: Block) -> Result<CheckedBlock, RuleError> {
    check_root(&block)?;
    Ok(CheckedBlock { hash: block.hash(), height, block: Arc::new(block) })
}

/// Checks the body against its header; gives the leaves of its Merkle tree, the ids of what is in it.
fn check_root(block: &Block) -> Result<Vec<Digest>, RuleError> {
    let leaves = block.body.leaves();
    // [C-08] A body's Merkle root MUST be the one that its header commits to.
    let got = merkle::root(&leaves);
    if got != block.header.merkle_root {
        return Err(RuleError::MerkleRoot { got, expected: block.header.merkle_root });
    }
    Ok(leaves)
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
    check_terms(params, transaction)?;
    check_signature(genesis, transaction)
}

fn check_terms(params: &ChainParams, transaction: &Transaction) -> Result<(), RuleError> {
    let payment = &transaction.payment;
    // [C-11] A payment's message MUST NOT be longer than the room allows.
    let got = payment.data.len() as u64;
    if got > params.data_bytes_max {
        return Err(RuleError::DataSize { got, limit: params.data_bytes_max });
    }
    // [C-13] A payment's amount and fee MUST NOT add up to more than 2^64 - 1.
    payment.cost().ok_or(RuleError::AmountOverflow)?;
    Ok(())
}

fn check_signature(genesis: &BlockHash, transaction: &Transaction) -> Result<(), RuleError> {
    let payment = &transaction.payment;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Chain;
    use crate::test;
    use crate::testing::{START, block_on, easy_params, key, pay, proven};

    /// What becomes of a block with this payment where the signatures of `known` ones were checked before.
    fn check(transaction: &Transaction, known: &[&Transaction]) -> Result<(), RuleError> {
        let chain = Chain::new(easy_params());
        let mut block = block_on(&chain, START, 1, &[]);
        block.body.transactions.push(transaction.clone());
        block.header.merkle_root = block.body.merkle_root();
        let is_known = |id: &TransactionId| known.iter().any(|known| known.id() == *id);
        check_body(chain.params(), &chain.genesis(), Height(1), proven(block), &is_known).map(|_| ())
    }

    #[test]
    fn a_signature_is_taken_as_checked_for_its_own_payment_only() {
        let genesis = easy_params().genesis().hash();
        let honest = pay(&genesis, 1, 2, 3, 0);
        let mut forged = honest.clone();
        forged.signature.0[5] ^= 1;
        let mut other = honest.clone();
        other.payment.amount.0 += 1;
        assert_eq!(check(&honest, &[]), Ok(()));
        for false_one in [&forged, &other] {
            assert_eq!(check(false_one, &[]), Err(RuleError::Signature));
            assert_eq!(check(false_one, &[&honest]), Err(RuleError::Signature));
        }
        // By the caller's word alone: nothing is verified of what is known.
        assert_eq!(check(&forged, &[&forged]), Ok(()));
    }

    #[test]
    fn all_other_rules_hold_for_payments_that_are_known() {
        let (params, genesis) = (easy_params(), easy_params().genesis().hash());
        let mut long = pay(&genesis, 1, 2, 3, 0).payment;
        long.data = vec![0; 513];
        let long = long.sign(&genesis, &key(1));
        let expect = RuleError::DataSize { got: 513, limit: params.data_bytes_max };
        assert_eq!(check(&long, &[&long]), Err(expect));
        let much = pay(&genesis, 1, 2, u64::MAX, 0);
        assert_eq!(check(&much, &[&much]), Err(RuleError::AmountOverflow));
    }
}
