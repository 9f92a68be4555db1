//! The rules of the chain: CONSENSUS.md numbers them, [`RuleError`] names them, one line each enforces them.
//!
//! Three checks, from cheap to dear: [`check_header`] needs the parent's context, which a [`Walk`] gathers, [`check_body`] the header and its
//! height, and the ledger ([`crate::chain`]) applies what depends on balances through [`check_spend`] and
//! [`check_reward`].

pub mod bitcoin;
mod body;
mod header;
mod params;
pub mod retarget;
mod rule;
mod walk;

pub use body::{
    CheckedBlock, check_body, check_payment, check_reward, check_spend, nothing_known, recheck_body,
};
pub use header::{MEDIAN_SPAN, Parent, check_header, median_time, required_bits};
pub use params::{ChainParams, Profile};
pub use rule::RuleError;
pub use walk::{Walk, WalkError};
