//! How long to wait before the next attempt: exponential, capped, jittered.

use crate::spread::Spread;

/// The delays between attempts to reach something that does not answer.
#[derive(Clone, Debug)]
pub struct Backoff {
    spread: Spread,
    failures: u32,
}

impl Backoff {
    /// The upper end of the first delay, in milliseconds.
    pub const FIRST_MS: u64 = 500;
    /// The upper end of every later delay: a relay that is back is rejoined well within ten seconds.
    pub const CAP_MS: u64 = 6_000;

    /// Delays that `seed` spreads away from those of others.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { spread: Spread::new(seed), failures: 0 }
    }

    /// An attempt succeeded: the next delay is a short one again.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// An attempt failed: how long to wait, between half of the step and all of it.
    pub fn next_delay_ms(&mut self) -> u64 {
        let step = Self::FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(Self::CAP_MS);
        self.failures = self.failures.saturating_add(1);
        let half = step / 2;
        half + self.spread.below(step - half + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn delays_double_to_the_cap_and_start_over_after_success() {
        for seed in 0..1000 {
            let mut backoff = Backoff::new(seed);
            for round in 0..2 {
                for step in [500, 1000, 2000, 4000, 6000, 6000] {
                    let delay = backoff.next_delay_ms();
                    assert!((step / 2..=step).contains(&delay), "seed {seed}, round {round}: {delay}");
                }
                backoff.succeeded();
            }
        }
    }

    #[test]
    fn seeds_spread_a_classroom() {
        let delays: std::collections::BTreeSet<_> =
            (0..30).map(|seed| Backoff::new(seed).next_delay_ms()).collect();
        assert!(delays.len() > 20, "{delays:?}");
    }
}
