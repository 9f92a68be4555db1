//! Whether this node is possibly cut off from its room by a relay, or a network, that leaves out what it should bring.
//!
//! A node cannot know what nobody tells it: a room that is kept from it looks like a room that sleeps, and of that it
//! says nothing. It knows when it is shown more than it is given: members that never prove themselves, peers that
//! have what they do not deliver, or whose words stop coming while they seem to be there. What lasts is told, and
//! taken back as soon as it fits. PROTOCOL.md, "Possibly isolated", has the reasons. Left out: who is to blame.

use super::{BEAT_MS, Event, Node};
use crate::chain::Outcome;
use crate::peer::Medium;
use crate::units::Timestamp;

/// How long it must last, in milliseconds: eight signs of life of every peer are due in it, and six pings where there are no
/// more than 32; a peer that fails to answer was asked twice, and a relay has thrown out each member whose connection is dead.
pub(super) const DOUBT_MS: u64 = 120_000;

/// What a node suspects.
#[derive(Debug, Default)]
pub(super) struct Isolation {
    /// For how long, in milliseconds. What fits takes twice its time off again, so that a relay which empties the room for
    /// a moment now and then does not keep the doubt from lasting.
    doubted_ms: u64,
    /// When it was looked at last.
    looked: Timestamp,
    /// How many blocks of others joined the chain since the doubt began, ...
    came: u64,
    /// ... and how long ago that was, in milliseconds, what fitted in between included.
    counted_ms: u64,
    told: bool,
}

impl Isolation {
    /// Whether it was told, and not taken back.
    pub(super) const fn is_told(&self) -> bool {
        self.told
    }

    /// This node was away: nothing counts that it did not hear meanwhile.
    pub(super) const fn begin_anew(&mut self) {
        (self.doubted_ms, self.came, self.counted_ms) = (0, 0, 0);
    }

    /// Counts what came of somebody else's block.
    pub(super) fn came(&mut self, outcome: &Outcome) {
        self.came += outcome.update.as_ref().map_or(0, |update| update.connected.len() as u64);
    }
}

impl Node {
    /// Tells of a doubt that lasts, and of its end.
    pub(super) fn look_for_isolation(&mut self, now: Timestamp) {
        // A beat that came late says nothing of the time before it.
        let passed = now.ms_since(self.isolation.looked).min(2 * BEAT_MS);
        self.isolation.looked = now;
        self.isolation.counted_ms += passed;
        if !self.is_in_doubt(now) {
            self.isolation.doubted_ms = self.isolation.doubted_ms.saturating_sub(2 * passed);
            if self.isolation.doubted_ms == 0 {
                self.isolation.begin_anew();
            }
            if std::mem::take(&mut self.isolation.told) {
                self.isolation.begin_anew();
                self.event(Event::NotIsolated);
            }
            return;
        }
        self.isolation.doubted_ms += passed;
        if self.isolation.doubted_ms < DOUBT_MS {
            return;
        }
        // Whoever fetches blocks faster than the room makes them is on its way. A drip is not enough.
        let pace = self.isolation.counted_ms / 1000 / u64::from(self.chain.params().spacing.max(1));
        if self.isolation.came >= pace {
            self.isolation.begin_anew();
        } else if !std::mem::replace(&mut self.isolation.told, true) {
            self.event(Event::PossiblyIsolated);
        }
    }

    /// Whether what is shown and what is given differ at the moment: nobody is as it should be, or more have another
    /// chain than have this one. One liar in a room of honest peers is no reason to worry, and one honest peer among
    /// liars delivers what it has. All are looked at: ids can be ground, so that no few of them may speak for a room.
    fn is_in_doubt(&self, now: Timestamp) -> bool {
        let own = self.chain.tip().work;
        let (mut fine, mut apart, mut answered) = (0, 0, false);
        for peer in self.peers.iter() {
            let tip = peer.status.tip;
            if tip.work > own || !self.chain.contains(&tip.hash) {
                apart += 1;
            } else if now.ms_since(peer.told) < DOUBT_MS {
                fine += 1;
                // In a large room not everyone is pinged in time, and one is enough.
                answered |= now.ms_since(peer.answered) < DOUBT_MS;
            }
        }
        if self.peers.is_empty() {
            // A tab that the browser froze is named on the broadcast channel, and silent.
            let named = self.peers.links_with_members();
            return named.into_iter().any(|link| self.peers.medium(link) == Medium::Relay);
        }
        !answered || apart > fine
    }
}
