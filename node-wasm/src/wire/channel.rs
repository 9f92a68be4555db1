//! The envelope of a `BroadcastChannel` between the tabs of one browser.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::primitives::PeerId;

/// What travels on the channel.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Envelope {
    /// Someone came, or is still there.
    Here {
        /// Who.
        from: PeerId,
    },
    /// A sealed frame.
    Frame {
        /// For whom; everyone where nobody is named.
        to: Option<PeerId>,
        /// Its bytes.
        #[borsh(deserialize_with = "crate::codec::read_bytes")]
        bytes: Vec<u8>,
    },
}
