//! How long to wait before the next attempt: exponential, capped, jittered.

/// The delays between attempts to reach something that does not answer.
#[derive(Clone, Debug)]
pub struct Backoff {
    state: u64,
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
        Self { state: seed, failures: 0 }
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
        half + self.random() % (step - half + 1)
    }

    /// SplitMix64: spread is all that is needed of it.
    const fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
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
