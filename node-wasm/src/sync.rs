//! Sync: who is asked for which headers and bodies, and what becomes of requests that are not answered.
//!
//! One request for headers and one for bodies per peer at a time; one peer at a time per body. What comes back
//! unasked is not taken. A peer that does not answer, or lacks what it should have, is left out for a while and its
//! share goes to the next. Pure bookkeeping: the node sends the requests and feeds the chain.

use std::collections::{BTreeMap, BTreeSet};

use crate::primitives::{BlockHash, PeerId};
use crate::units::Timestamp;

/// How long a peer may take to answer, in milliseconds: a slow phone with a full frame.
pub const ANSWER_MS_MAX: u64 = 8_000;
/// How long a peer that did not answer, or lacked what it should have, is not asked for bodies, in milliseconds.
pub const REST_MS: u64 = 20_000;
/// Bodies in one request: small enough to spread a sync over several peers.
pub const BATCH: usize = 256;
/// How many peers are asked for bodies at the same time: their largest answers together stay below what the relay
/// queues for one reader.
pub const SOURCES_MAX: usize = 3;

/// A request to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodiesRequest {
    /// Whom to ask.
    pub peer: PeerId,
    /// For which bodies.
    pub hashes: Vec<BlockHash>,
}

#[derive(Debug)]
struct UnderWay {
    hashes: Vec<BlockHash>,
    due: Timestamp,
}

/// The open requests.
#[derive(Debug, Default)]
pub struct Sync {
    headers: BTreeMap<PeerId, Timestamp>,
    bodies: BTreeMap<PeerId, UnderWay>,
    resting: BTreeMap<PeerId, Timestamp>,
}

impl Sync {
    /// Notes a request for headers; `false` when one to this peer is open already.
    #[must_use]
    pub fn ask_headers(&mut self, now: Timestamp, peer: PeerId) -> bool {
        let free = !self.headers.contains_key(&peer);
        if free {
            self.headers.insert(peer, now.plus_ms(ANSWER_MS_MAX));
        }
        free
    }

    /// Headers came from a peer; whether they were asked for.
    #[must_use]
    pub fn take_headers(&mut self, peer: &PeerId) -> bool {
        self.headers.remove(peer).is_some()
    }

    /// Bodies, or the word that there are none, came from a peer: which of them were asked for. The request is
    /// closed; what it did not bring is free to be asked for again.
    #[must_use]
    pub fn take_bodies(&mut self, peer: &PeerId) -> Vec<BlockHash> {
        self.bodies.remove(peer).map(|under_way| under_way.hashes).unwrap_or_default()
    }

    /// Leaves a peer out for a while.
    pub fn rest(&mut self, now: Timestamp, peer: PeerId) {
        self.resting.insert(peer, now.plus_ms(REST_MS));
    }

    /// Whether a peer is left out at the moment.
    #[must_use]
    pub fn is_resting(&self, now: Timestamp, peer: &PeerId) -> bool {
        self.resting.get(peer).is_some_and(|until| *until > now)
    }

    /// Whether a request for headers is open.
    #[must_use]
    pub fn asks_headers(&self) -> bool {
        !self.headers.is_empty()
    }

    /// Forgets a peer.
    pub fn drop_peer(&mut self, peer: &PeerId) {
        self.headers.remove(peer);
        self.bodies.remove(peer);
        self.resting.remove(peer);
    }

    /// Closes the requests that were not answered in time; gives the peers that they went to.
    pub fn expire(&mut self, now: Timestamp) -> Vec<PeerId> {
        let mut late: Vec<PeerId> = Vec::new();
        late.extend(self.headers.iter().filter(|(_, due)| **due <= now).map(|(peer, _)| *peer));
        late.extend(self.bodies.iter().filter(|(_, under_way)| under_way.due <= now).map(|(peer, _)| *peer));
        for peer in &late {
            self.headers.remove(peer);
            self.bodies.remove(peer);
            self.rest(now, *peer);
        }
        self.resting.retain(|_, until| *until > now);
        late
    }

    /// Hands out `missing` bodies, the first first, to those of `peers` that are free.
    pub fn assign(&mut self, now: Timestamp, missing: &[BlockHash], peers: &[PeerId]) -> Vec<BodiesRequest> {
        let mut requests = Vec::new();
        let mut taken = BTreeSet::new();
        taken.extend(self.bodies.values().flat_map(|under_way| under_way.hashes.iter().copied()));
        let mut open = missing.iter().filter(|hash| !taken.contains(hash)).copied().peekable();
        for peer in peers {
            if open.peek().is_none() || self.bodies.len() >= SOURCES_MAX {
                break;
            }
            if self.bodies.contains_key(peer) || self.is_resting(now, peer) {
                continue;
            }
            let hashes: Vec<BlockHash> = open.by_ref().take(BATCH).collect();
            let under_way = UnderWay { hashes: hashes.clone(), due: now.plus_ms(ANSWER_MS_MAX) };
            self.bodies.insert(*peer, under_way);
            requests.push(BodiesRequest { peer: *peer, hashes });
        }
        requests
    }

    /// Whether any request is open.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.headers.is_empty() && self.bodies.is_empty()
    }

    /// When the next open request is overdue.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        let bodies = self.bodies.values().map(|under_way| under_way.due);
        self.headers.values().copied().chain(bodies).chain(self.resting.values().copied()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    fn hashes(count: usize) -> Vec<BlockHash> {
        let hash = |index: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&(index as u64).to_be_bytes());
            BlockHash(bytes)
        };
        (0..count).map(hash).collect()
    }

    const A: PeerId = PeerId([1; 20]);
    const B: PeerId = PeerId([2; 20]);

    #[test]
    fn bodies_are_shared_out_and_none_is_asked_for_twice() {
        let mut sync = Sync::default();
        let missing = hashes(3 * BATCH);
        let requests = sync.assign(Timestamp(0), &missing, &[A, B]);
        let asked: Vec<_> = requests.iter().map(|request| (request.peer, request.hashes.clone())).collect();
        assert_eq!(asked, [(A, missing[..BATCH].to_vec()), (B, missing[BATCH..2 * BATCH].to_vec())]);
        assert!(sync.assign(Timestamp(1), &missing, &[A, B]).is_empty(), "both are busy");
        assert_eq!(sync.take_bodies(&A).len(), BATCH);
        let next = sync.assign(Timestamp(2), &missing[BATCH..], &[A, B]);
        assert_eq!(next, [BodiesRequest { peer: A, hashes: missing[2 * BATCH..].to_vec() }]);
    }

    #[test]
    fn a_silent_peers_share_goes_to_another() {
        let mut sync = Sync::default();
        let missing = hashes(2);
        assert_eq!(sync.assign(Timestamp(0), &missing, &[A]).len(), 1);
        assert!(sync.expire(Timestamp(ANSWER_MS_MAX - 1)).is_empty());
        assert_eq!(sync.expire(Timestamp(ANSWER_MS_MAX)), [A]);
        let again = sync.assign(Timestamp(ANSWER_MS_MAX), &missing, &[A, B]);
        assert_eq!(again, [BodiesRequest { peer: B, hashes: missing.clone() }]);
        assert!(sync.take_bodies(&A).is_empty(), "the late answer was not asked for any more");
        sync.drop_peer(&B);
        assert_eq!(sync.expire(Timestamp(ANSWER_MS_MAX + REST_MS)), []);
        assert_eq!(sync.assign(Timestamp(ANSWER_MS_MAX + REST_MS), &missing, &[A]).len(), 1);
    }

    #[test]
    fn only_a_few_peers_are_asked_at_the_same_time() {
        let mut sync = Sync::default();
        let peers: Vec<PeerId> = (0..9).map(|number| PeerId([number; 20])).collect();
        assert_eq!(sync.assign(Timestamp(0), &hashes(9 * BATCH), &peers).len(), SOURCES_MAX);
    }

    #[test]
    fn headers_are_asked_for_once_at_a_time() {
        let mut sync = Sync::default();
        assert!(!sync.take_headers(&A), "nothing was asked for");
        assert!(sync.ask_headers(Timestamp(0), A));
        assert!(!sync.ask_headers(Timestamp(1), A));
        assert!(sync.take_headers(&A));
        assert!(sync.ask_headers(Timestamp(2), A));
        assert_eq!(sync.next_timeout(), Some(Timestamp(2 + ANSWER_MS_MAX)));
    }
}
