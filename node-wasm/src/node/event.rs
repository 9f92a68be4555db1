//! What a node tells its log: values, written for people by `Display`.

use crate::consensus::RuleError;
use crate::peer::{Medium, Refusal};
use crate::primitives::{BlockHash, PeerId};
use crate::units::Height;

/// Something worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Event {
    /// A peer proved itself.
    #[error("peer {peer} connected")]
    PeerConnected {
        /// Who.
        peer: PeerId,
        /// On what.
        medium: Medium,
    },
    /// A peer is out of reach on every link.
    #[error("peer {0} left")]
    PeerGone(PeerId),
    /// Someone cannot become a peer.
    #[error("refused {peer}: {why}")]
    PeerRefused {
        /// Who it says it is.
        peer: PeerId,
        /// Why.
        why: Refusal,
    },
    /// A peer did not answer in time.
    #[error("peer {0} did not answer; asking others")]
    PeerStalled(PeerId),
    /// A block broke a rule.
    #[error("block {hash} refused, {code}: {rule}", code = rule.code())]
    BlockRefused {
        /// Which.
        hash: BlockHash,
        /// The rule.
        rule: RuleError,
    },
    /// This node found a block.
    #[error("mined block {height}, {hash}")]
    Mined {
        /// Its height.
        height: Height,
        /// Its hash.
        hash: BlockHash,
    },
    /// A peer has a better chain.
    #[error("catching up with peer {peer}: {missing} blocks to fetch")]
    SyncStarted {
        /// Who.
        peer: PeerId,
        /// How many bodies are missing.
        missing: usize,
    },
    /// What is shown to this node and what is given to it have not fitted together for too long.
    #[error("possibly isolated: the room has more than what gets through to this node")]
    PossiblyIsolated,
    /// They fit together again.
    #[error("no longer isolated")]
    NotIsolated,
    /// Nothing is missing any more.
    #[error("caught up at height {0}")]
    SyncFinished(Height),
}
