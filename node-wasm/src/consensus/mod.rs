//! The rules of the chain: CONSENSUS.md numbers them, [`RuleError`] names them, one line each enforces them.

mod params;
mod rule;

pub use params::ChainParams;
pub use rule::RuleError;
