//! What a chain is made of: addresses, payments, headers, blocks, Merkle trees and targets.
//!
//! These types hold what was received, valid or not; [`crate::consensus`] decides which of it holds.

mod address;
mod block;
mod hash;
mod header;
pub mod merkle;
pub mod target;
mod transaction;

pub use address::{Address, AddressError};
pub use block::{Block, Body, Coinbase};
pub use hash::{BlockHash, HashError, MerkleRoot, PeerId, TransactionId};
pub use header::Header;
pub use target::{CompactTarget, Target, Work};
pub use transaction::{Payment, Transaction};
