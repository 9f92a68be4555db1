//! A token bucket on an explicit clock: a burst that refills at a steady rate.

use crate::units::Timestamp;

/// How much of something may be spent now, and how fast the allowance comes back.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    /// In thousandths, so that a refill of one millisecond is exact.
    level: u64,
    burst: u64,
    per_second: u64,
    filled: Timestamp,
}

impl TokenBucket {
    /// A full bucket of `burst` tokens, of which `per_second` come back each second.
    #[must_use]
    pub const fn new(now: Timestamp, burst: u64, per_second: u64) -> Self {
        Self { level: burst.saturating_mul(1000), burst, per_second, filled: now }
    }

    /// Spends `amount`, or nothing and says `false` when there is less.
    #[must_use]
    pub fn spend(&mut self, now: Timestamp, amount: u64) -> bool {
        self.spend_above(now, amount, 0)
    }

    /// Spends `amount` if so much as `reserve` is left after it, or nothing and says `false`.
    #[must_use]
    pub fn spend_above(&mut self, now: Timestamp, amount: u64, reserve: u64) -> bool {
        let refill = now.ms_since(self.filled).saturating_mul(self.per_second);
        self.level = self.level.saturating_add(refill).min(self.burst.saturating_mul(1000));
        // A clock that goes back refills nothing now, and counts from there.
        self.filled = now;
        match self.level.checked_sub(amount.saturating_mul(1000)) {
            Some(rest) if rest >= reserve.saturating_mul(1000) => {
                self.level = rest;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Gives tokens back that were spent. What is more than the burst is lost when something is spent next.
    pub const fn refund(&mut self, amount: u64) {
        self.level = self.level.saturating_add(amount.saturating_mul(1000));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn the_burst_is_exact_and_refills_at_its_rate() {
        let mut bucket = TokenBucket::new(Timestamp(0), 10, 2);
        assert!(bucket.spend(Timestamp(0), 10));
        assert!(!bucket.spend(Timestamp(499), 1));
        assert!(bucket.spend(Timestamp(500), 1));
        assert!(!bucket.spend(Timestamp(3_600_000), 11), "never above the burst");
        assert!(bucket.spend(Timestamp(3_600_000), 10));
        assert!(!bucket.spend(Timestamp(0), 1), "a clock that goes back refills nothing");
        assert!(bucket.spend(Timestamp(500), 1), "and the refill goes on from there");
    }

    #[test]
    fn a_refund_is_what_was_spent_and_never_above_the_burst() {
        let mut bucket = TokenBucket::new(Timestamp(0), 10, 0);
        assert!(bucket.spend(Timestamp(0), 10));
        bucket.refund(4);
        assert!(!bucket.spend(Timestamp(0), 5) && bucket.spend(Timestamp(0), 4));
        bucket.refund(u64::MAX);
        assert!(!bucket.spend(Timestamp(0), 11) && bucket.spend(Timestamp(0), 10));
    }

    #[test]
    fn refills_below_a_token_are_not_lost() {
        let mut bucket = TokenBucket::new(Timestamp(0), 1000, 400);
        assert!(bucket.spend(Timestamp(0), 1000));
        let spent = (1..=1000).filter(|ms| bucket.spend(Timestamp(*ms), 1)).count();
        assert_eq!(spent, 400);
    }
}
