//! Payments that this node does not want to be sent again for a while: expired ones, and ones that it refused.
//!
//! Without it a payment that expired here would come back from every peer that met it later, for ever.

use std::collections::BTreeMap;

use crate::primitives::TransactionId;
use crate::units::Timestamp;

/// How many are remembered: one mempool's worth of the smallest payments. Beyond it none is added until some are forgotten.
pub(super) const DECLINED_MAX: usize = 20_000;

/// Ids, and until when they are not wanted. Boxed, as the mempool's payments are: to the compiler both maps are one type.
#[derive(Debug, Default)]
pub(super) struct Declined(BTreeMap<TransactionId, Box<Timestamp>>);

impl Declined {
    /// Whether a payment is not wanted at the moment.
    pub(super) fn contains(&self, now: Timestamp, id: &TransactionId) -> bool {
        self.0.get(id).is_some_and(|until| **until > now)
    }

    /// Notes that a payment is not wanted for so many milliseconds.
    pub(super) fn insert(&mut self, now: Timestamp, id: TransactionId, ms: u64) {
        if self.0.len() < DECLINED_MAX {
            self.0.insert(id, Box::new(now.plus_ms(ms)));
        }
    }

    /// Forgets those that are due. It looks at all of them, which nobody may cause with every payment: it is for the beat.
    pub(super) fn forget_due(&mut self, now: Timestamp) {
        self.0.retain(|_, until| **until > now);
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets a payment: its sender wants it again.
    pub(super) fn remove(&mut self, id: &TransactionId) {
        self.0.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::testing::World;
    use crate::test;

    fn id(number: usize) -> TransactionId {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        TransactionId(bytes)
    }

    #[test]
    fn the_declined_are_forgotten_in_time_and_never_too_many() {
        let mut declined = Declined::default();
        for number in 0..DECLINED_MAX + 5 {
            declined.insert(Timestamp(0), id(number), 100);
        }
        assert!(declined.contains(Timestamp(99), &id(0)) && !declined.contains(Timestamp(100), &id(0)));
        assert!(!declined.contains(Timestamp(0), &id(DECLINED_MAX)), "no room");
        declined.insert(Timestamp(100), id(DECLINED_MAX), 100);
        assert_eq!(declined.len(), DECLINED_MAX);
        assert!(!declined.contains(Timestamp(100), &id(DECLINED_MAX)), "one more does not look at them all");
        declined.forget_due(Timestamp(100));
        declined.insert(Timestamp(100), id(DECLINED_MAX), 100);
        assert!(declined.contains(Timestamp(150), &id(DECLINED_MAX)), "those that are due made room");
        declined.remove(&id(DECLINED_MAX));
        assert!(!declined.contains(Timestamp(150), &id(DECLINED_MAX)));
    }

    #[test]
    fn the_beat_forgets_those_that_are_due() {
        let mut world = World::new(1);
        world.nodes[0].node.declined.insert(world.now, id(0), 2_500);
        for left in [1, 1, 0] {
            world.wait(1);
            assert_eq!(world.nodes[0].node.declined.len(), left);
        }
    }
}
