//! A token bucket on an explicit clock: a burst that refills at a steady rate.

use node_wasm::units::Timestamp;

/// How much of something may be spent now, and how fast the allowance comes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// In thousandths, so that a refill of one millisecond is exact.
    level: u64,
    burst: u64,
    per_second: u64,
    filled: Timestamp,
}

impl Bucket {
    /// A full bucket.
    pub(crate) const fn new(now: Timestamp, burst: u64, per_second: u64) -> Self {
        Self { level: burst.saturating_mul(1000), burst, per_second, filled: now }
    }

    /// Spends `amount`, or nothing and says `false` when there is less.
    pub(crate) fn spend(&mut self, now: Timestamp, amount: u64) -> bool {
        let refill = now.ms_since(self.filled).saturating_mul(self.per_second);
        self.level = self.level.saturating_add(refill).min(self.burst.saturating_mul(1000));
        self.filled = self.filled.max(now);
        match self.level.checked_sub(amount.saturating_mul(1000)) {
            Some(rest) => {
                self.level = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_is_exact_and_refills_at_its_rate() {
        let mut bucket = Bucket::new(Timestamp(0), 10, 2);
        assert!(bucket.spend(Timestamp(0), 10));
        assert!(!bucket.spend(Timestamp(499), 1));
        assert!(bucket.spend(Timestamp(500), 1));
        assert!(!bucket.spend(Timestamp(3_600_000), 11), "never above the burst");
        assert!(bucket.spend(Timestamp(3_600_000), 10));
        assert!(!bucket.spend(Timestamp(0), 1), "a clock that goes back refills nothing");
    }
}
