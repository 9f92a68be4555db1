//! The chain: block tree, ledger, and the one event of a change.

mod update;

pub use update::ChainUpdate;
