//! The one event of a change of the chain: for the mempool, the wallet, the store and the page alike.

use std::sync::Arc;

use crate::primitives::Block;
use crate::units::Height;

/// The blocks that left the best chain and those that came, always applied together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainUpdate {
    /// The height of the last block that both chains share.
    pub fork_height: Height,
    /// What left, the highest first, as far as its bodies are here. Empty unless the chain was reorganised.
    pub disconnected: Vec<Arc<Block>>,
    /// What came, the lowest first: the first has height `fork_height + 1`.
    pub connected: Vec<Arc<Block>>,
}
