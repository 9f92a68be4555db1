//! Payment proofs: that a payment is in a room's chain, for somebody who has no chain.
//!
//! A [`PaymentProof`] is the payment, its audit path in a block, and every header from the genesis to a tip.
//! [`PaymentProof::check`] is a pure function of the proof and the room's parameters: the headers by the nodes' own
//! rules, then the payment in one of them. It reads as bytes ([`PaymentProof::decode`]) or as JSON (serde), and both
//! say the same. PROTOCOL.md has the format.
//!
//! What a proof does not say: that the tip is the one the room follows, and that the sender could pay. For the first
//! a checker compares [`Confirmation::work`] or [`Confirmation::tip`] with what a node says. The second nodes check
//! before they build on a block; so work is what a false proof costs, and depth alone says nothing: blocks whose times
//! lie far apart are easy.

mod json;
#[cfg(test)]
mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::codec::{DecodeError, decode, encode};
use crate::consensus::{ChainParams, RuleError, Walk, WalkError, check_payment};
use crate::primitives::merkle::{self, Sibling};
use crate::primitives::{BlockHash, Header, MerkleRoot, Transaction, TransactionId, Work};
use crate::units::{BlockTime, Height, Timestamp};

/// The largest proof that is read, in bytes: 800,000 headers, three months of blocks. Reading takes as much memory.
pub const PROOF_BYTES_MAX: usize = 1 << 26;
/// The longest audit path: that of a tree of 2^32 leaves. A block has room for some 2^11.
pub const PATH_MAX: usize = 32;

const MAGIC: [u8; 8] = *b"tabproof";
const VERSION: u16 = 1;
const HEAD_BYTES: usize = 8 + 2;

/// A claim that a payment is in a chain, as received or as made.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(into = "json::Proof", try_from = "json::Proof")]
pub struct PaymentProof {
    /// The payment.
    pub payment: Transaction,
    /// The height of its block.
    pub height: Height,
    /// What leads from the payment's id to the Merkle root in the block's header.
    pub path: Vec<Sibling>,
    /// The chain's headers from height 1 to the tip.
    pub headers: Vec<Header>,
}

/// What a proof that holds establishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The block that confirms the payment.
    pub block: BlockHash,
    /// Its height.
    pub height: Height,
    /// The time that it claims.
    pub time: BlockTime,
    /// How many blocks confirm the payment, its own and those after it: 1 at the tip.
    pub depth: u32,
    /// The last block of the proof's chain.
    pub tip: BlockHash,
    /// The work of the proof's chain, as nodes say theirs.
    pub work: Work,
}

/// Why bytes or a text are no proof at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Another kind of file.
    #[error("this is not a payment proof")]
    NotAProof,
    /// A later version of the format.
    #[error("the proof has version {0}, version {VERSION} is read")]
    Version(u16),
    /// Above [`PROOF_BYTES_MAX`].
    #[error("the proof is {0} bytes, at most {PROOF_BYTES_MAX} are read")]
    TooLarge(usize),
    /// Above [`PATH_MAX`].
    #[error("the path has {0} steps, no block needs more than {PATH_MAX}")]
    PathTooLong(usize),
    /// Cut short, or changed.
    #[error("the proof is damaged: {0}")]
    Damaged(#[from] DecodeError),
    /// A text in JSON that is not what its field holds.
    #[error("{field}: {reason}")]
    Text {
        /// The field.
        field: &'static str,
        /// What is expected of it.
        reason: String,
    },
}

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Its headers do not begin at the room's genesis.
    #[error("the proof is of another room: it begins at {got}, the room at {expected}")]
    OtherRoom {
        /// What the first header names as its parent.
        got: BlockHash,
        /// The room's genesis.
        expected: BlockHash,
    },
    /// There is no header of the payment's block.
    #[error("the payment is said to be at height {got}, the headers reach from 1 to {tip}")]
    NoSuchBlock {
        /// What the proof says.
        got: Height,
        /// How many headers there are.
        tip: usize,
    },
    /// The payment breaks a rule that needs no balance: its signature, most of all.
    #[error("the payment: {code}: {0}", code = .0.code())]
    Payment(RuleError),
    /// The path leads to a block's first leaf, which is its coinbase and never a payment.
    #[error("the path leads to the place of the coinbase")]
    CoinbasePlace,
    /// The payment is not in the block.
    #[error("the path leads to {got}, the header commits to {expected}")]
    NotInBlock {
        /// Where payment and path lead.
        got: MerkleRoot,
        /// The Merkle root in the block's header.
        expected: MerkleRoot,
    },
    /// A header whose parent is not the header before it.
    #[error("the header at {0} does not follow the one before it")]
    Unlinked(Height),
    /// A header breaks a rule.
    #[error("the header at {height}: {code}: {rule}", code = .rule.code())]
    Header {
        /// Its height.
        height: Height,
        /// The rule.
        rule: RuleError,
    },
}

impl PaymentProof {
    /// The proof of a payment on the best chain, up to its tip; `None` when no block of it has the payment.
    #[must_use]
    pub fn of(chain: &Chain, id: &TransactionId) -> Option<Self> {
        let heights = (1..=chain.height().0).rev().map(Height);
        let (height, block, place) = heights.into_iter().find_map(|height| {
            let block = chain.block_at(height)?;
            let place = block.body.transactions.iter().position(|transaction| transaction.id() == *id)?;
            Some((height, block, place))
        })?;
        Some(Self {
            payment: block.body.transactions[place].clone(),
            height,
            // The coinbase is the first leaf.
            path: merkle::path(&block.body.leaves(), place + 1)?,
            headers: chain.headers_after(&[chain.genesis()], usize::MAX),
        })
    }

    /// Checks everything of the proof against the room's parameters.
    ///
    /// With a clock, headers too far in its future are refused, as nodes do. It is for the checker to decide: whoever
    /// has no clock to trust still checks all the rest. What the clock adds is a bound on how often a forger can let
    /// time pass to have an easier block, and so on how many blocks little work makes.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self, params: &ChainParams, now: Option<Timestamp>) -> Result<Confirmation, ProofError> {
        let room = params.genesis().hash();
        let got = self.headers.first().map_or(room, |header| header.previous);
        if got != room {
            return Err(ProofError::OtherRoom { got, expected: room });
        }
        let (at, tip) = (self.height.0 as usize, self.headers.len());
        let block = at.checked_sub(1).and_then(|index| self.headers.get(index));
        let block = block.ok_or(ProofError::NoSuchBlock { got: self.height, tip })?;
        check_payment(params, &room, &self.payment).map_err(ProofError::Payment)?;
        self.check_path(&block.merkle_root)?;
        let walk = self.check_headers(params, now)?;
        Ok(Confirmation {
            block: block.hash(),
            height: self.height,
            time: block.time,
            depth: walk.parent().height.0 - self.height.0 + 1,
            tip: walk.tip(),
            work: walk.work(),
        })
    }

    fn check_path(&self, expected: &MerkleRoot) -> Result<(), ProofError> {
        if self.path.iter().all(|sibling| matches!(sibling, Sibling::Right(_))) {
            return Err(ProofError::CoinbasePlace);
        }
        let got = merkle::root_by(&self.payment.id().0, &self.path);
        if got != *expected {
            return Err(ProofError::NotInBlock { got, expected: *expected });
        }
        Ok(())
    }

    /// Walks the headers from the genesis to the last.
    fn check_headers(&self, params: &ChainParams, now: Option<Timestamp>) -> Result<Walk, ProofError> {
        // At the end of time nothing is ahead of the clock.
        let now = now.unwrap_or(Timestamp(u64::MAX));
        let mut walk = Walk::genesis(params);
        for header in &self.headers {
            walk.step(params, header, now).map_err(|error| {
                // The last height has no child, and the rules say so.
                let last = walk.parent().height;
                let height = last.child().unwrap_or(last);
                match error {
                    WalkError::Unlinked => ProofError::Unlinked(height),
                    WalkError::Rule(rule) => ProofError::Header { height, rule },
                }
            })?;
        }
        Ok(walk)
    }

    /// The proof as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(&(MAGIC, VERSION, self))
    }

    /// The proof that bytes hold. Whether it is true [`Self::check`] says.
    ///
    /// # Errors
    /// When the bytes are no proof, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(FormError::TooLarge(bytes.len()));
        }
        let (head, proof) = bytes.split_at_checked(HEAD_BYTES).ok_or(FormError::NotAProof)?;
        let (magic, version): ([u8; 8], u16) = decode(head)?;
        if magic != MAGIC {
            return Err(FormError::NotAProof);
        }
        check_version(version)?;
        decode::<Self>(proof)?.bounded()
    }

    /// The proof, if its path is no longer than any.
    fn bounded(self) -> Result<Self, FormError> {
        match self.path.len() {
            0..=PATH_MAX => Ok(self),
            steps => Err(FormError::PathTooLong(steps)),
        }
    }
}

const fn check_version(version: u16) -> Result<(), FormError> {
    if version == VERSION { Ok(()) } else { Err(FormError::Version(version)) }
}
