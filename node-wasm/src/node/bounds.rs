//! How large everything is that a stranger can make grow, beside its bound: for whoever watches a node.

use super::compact::HALF_BUILT_MAX;
use super::declined::DECLINED_MAX;
use super::mining::TEMPLATES_MAX;
use super::restoring::WAITING_MAX;
use super::{EARLY_MAX, Node, REPORTED_MAX};
use crate::chain::{ANSWERS_MAX, BESIDE_BYTES_MAX, SIDE_ENTRIES_MAX};
use crate::mempool::{MEMPOOL_BYTES_MAX, PER_SENDER_MAX};
use crate::peer::{CONTACTS_MAX, GONE_MAX, SESSIONS_OVER_MAX};

/// Something that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What.
    pub name: &'static str,
    /// How large it is, in its own unit.
    pub size: u64,
    /// How large it may become.
    pub max: u64,
}

impl Node {
    /// Everything that grows, and how far it may.
    #[must_use]
    pub fn bounds(&self) -> [Bound; 15] {
        let bound = |name, size: usize, max: usize| Bound { name, size: size as u64, max: max as u64 };
        let (contacts, peers) = (self.peers.contacts_max(), self.peers.len());
        [
            Bound { name: "bytes in the mempool", size: self.mempool.bytes(), max: MEMPOOL_BYTES_MAX },
            Bound { name: "payments of a sender", size: self.mempool.per_sender_max(), max: PER_SENDER_MAX },
            Bound { name: "bytes beside the chain", size: self.chain.bytes_beside(), max: BESIDE_BYTES_MAX },
            bound("headers beside the chain", self.chain.headers_beside(), SIDE_ENTRIES_MAX),
            bound("contacts of a link", contacts, CONTACTS_MAX + GONE_MAX),
            bound("sessions of a contact that are over", self.peers.sessions_over_max(), SESSIONS_OVER_MAX),
            bound("answers of a survey", self.sync.answers_max(), ANSWERS_MAX),
            bound("early blocks", self.early.len(), EARLY_MAX),
            bound("half-built blocks", self.half_built.len(), HALF_BUILT_MAX),
            bound("questions that wait", self.waiting.len(), WAITING_MAX),
            bound("declined payments", self.declined.len(), DECLINED_MAX),
            bound("templates", self.mining.templates(), TEMPLATES_MAX),
            bound("reported strangers", self.reported.len(), REPORTED_MAX),
            // What is kept for each peer goes with it.
            bound("inventories", self.inventories.len(), peers),
            bound("requests", self.sync.len(), peers),
        ]
    }
}
