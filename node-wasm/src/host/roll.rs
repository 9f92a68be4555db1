//! Who is on a broadcast channel: the roll, and how it changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::primitives::PeerId;
use crate::units::Timestamp;

/// How often everyone looks or is heard, in milliseconds: a closed tab is noticed in about a second.
pub const LOOK_MS: u64 = 1_000;
/// Where only announcements tell who is there, how long one holds, in milliseconds.
pub const SILENCE_MS_MAX: u64 = 3_500;
/// The most members: more tabs than anyone opens, and scripts of the same origin cannot fill the memory.
pub const MEMBERS_MAX: usize = 64;

/// A change of the roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Someone is there.
    Joined(PeerId),
    /// Someone is gone.
    Left(PeerId),
}

/// The members of a channel, this node not counted.
#[derive(Clone, Debug, Default)]
pub struct Roll {
    members: BTreeMap<PeerId, Timestamp>,
}

impl Roll {
    /// Exactly these are there.
    pub fn set(&mut self, now: Timestamp, present: &BTreeSet<PeerId>) -> Vec<Change> {
        let gone: Vec<_> = self.members.keys().filter(|peer| !present.contains(peer)).copied().collect();
        let mut changes: Vec<_> = gone.iter().filter_map(|peer| self.remove(*peer)).collect();
        changes.extend(present.iter().filter_map(|peer| self.heard(now, *peer)));
        changes
    }

    /// Someone announced itself.
    pub fn heard(&mut self, now: Timestamp, peer: PeerId) -> Option<Change> {
        if !self.members.contains_key(&peer) && self.members.len() >= MEMBERS_MAX {
            return None;
        }
        self.members.insert(peer, now).is_none().then_some(Change::Joined(peer))
    }

    /// Drops whoever was not heard of for [`SILENCE_MS_MAX`].
    pub fn expire(&mut self, now: Timestamp) -> Vec<Change> {
        let silent = |at: &Timestamp| now.ms_since(*at) > SILENCE_MS_MAX;
        let gone: Vec<_> = self.members.iter().filter(|(_, at)| silent(at)).map(|(peer, _)| *peer).collect();
        gone.into_iter().filter_map(|peer| self.remove(peer)).collect()
    }

    fn remove(&mut self, peer: PeerId) -> Option<Change> {
        self.members.remove(&peer).map(|_| Change::Left(peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    const fn peer(number: u8) -> PeerId {
        PeerId([number; 20])
    }

    #[test]
    fn the_roll_reports_changes_only() {
        let mut roll = Roll::default();
        let now = Timestamp(0);
        let set = |numbers: &[u8]| numbers.iter().map(|number| peer(*number)).collect();
        assert_eq!(roll.set(now, &set(&[1, 2])), [Change::Joined(peer(1)), Change::Joined(peer(2))]);
        assert_eq!(roll.set(now, &set(&[1, 2])), []);
        assert_eq!(roll.set(now, &set(&[2, 3])), [Change::Left(peer(1)), Change::Joined(peer(3))]);
        assert_eq!(roll.heard(now, peer(3)), None);
    }

    #[test]
    fn silence_removes_and_a_flood_is_bounded() {
        let mut roll = Roll::default();
        for number in 0..=u8::MAX {
            roll.heard(Timestamp(0), peer(number));
        }
        assert_eq!(roll.members.len(), MEMBERS_MAX);
        roll.heard(Timestamp(3_000), peer(0));
        assert_eq!(roll.expire(Timestamp(SILENCE_MS_MAX + 1)).len(), MEMBERS_MAX - 1);
        assert_eq!(roll.heard(Timestamp(4_000), peer(0)), None);
    }
}
