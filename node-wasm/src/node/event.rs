//! What a node tells its log: values, written for people by `Display`.

use crate::consensus::RuleError;
use crate::peer::Medium;
use crate::primitives::{BlockHash, PeerId};

/// Something worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Event {
    /// A peer proved itself.
    #[error("peer {0} connected")]
    PeerConnected(PeerId, Medium),
    /// A peer is out of reach on every link.
    #[error("peer {0} left")]
    PeerGone(PeerId),
    /// A peer, or a frame, was refused.
    #[error("refused {peer}: {why}")]
    Refused {
        /// Who it says it is from.
        peer: PeerId,
        /// Why.
        why: Refusal,
    },
    /// A block broke a rule.
    #[error("block {hash} refused, {code}: {rule}", code = rule.code())]
    BlockRefused {
        /// Which.
        hash: BlockHash,
        /// The rule.
        rule: RuleError,
    },
}

/// Why a peer or a frame was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// Another room, or other parameters.
    #[error("it is of another genesis")]
    OtherGenesis,
    /// Another version of the protocol.
    #[error("it speaks another protocol version")]
    OtherVersion,
    /// Not a frame, or not a message.
    #[error("malformed bytes")]
    Malformed,
    /// The signature is not the origin's.
    #[error("a wrong signature")]
    Signature,
}
