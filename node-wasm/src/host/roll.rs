//! Who is on a broadcast channel: the roll, and how it changes.

use std::collections::BTreeSet;

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

/// The members of a channel, this node not counted: few, in the order in which they came, and when each was heard.
#[derive(Clone, Debug, Default)]
pub struct Roll {
    members: Vec<(PeerId, Timestamp)>,
}

impl Roll {
    /// Exactly these are there.
    pub fn set(&mut self, now: Timestamp, present: &BTreeSet<PeerId>) -> Vec<Change> {
        let mut changes = self.drop_where(|(peer, _)| !present.contains(peer));
        changes.extend(present.iter().filter_map(|peer| self.heard(now, *peer)));
        changes
    }

    /// Someone announced itself.
    pub fn heard(&mut self, now: Timestamp, peer: PeerId) -> Option<Change> {
        if let Some((_, at)) = self.members.iter_mut().find(|(member, _)| *member == peer) {
            *at = now;
            return None;
        }
        if self.members.len() >= MEMBERS_MAX {
            return None;
        }
        self.members.push((peer, now));
        Some(Change::Joined(peer))
    }

    /// Drops whoever was not heard of for [`SILENCE_MS_MAX`].
    pub fn expire(&mut self, now: Timestamp) -> Vec<Change> {
        self.drop_where(|(_, at)| now.ms_since(*at) > SILENCE_MS_MAX)
    }

    fn drop_where(&mut self, gone: impl Fn(&(PeerId, Timestamp)) -> bool) -> Vec<Change> {
        let changes = self.members.iter().filter(|member| gone(member)).map(|(peer, _)| Change::Left(*peer));
        let changes = changes.collect();
        self.members.retain(|member| !gone(member));
        changes
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
