//! What a peer may ask of a node: a token bucket.

use crate::units::Timestamp;

/// Tokens that refill with time. One token is about the cost of checking one signature.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    tokens: u64,
    /// Up to when the refill is counted.
    counted: Timestamp,
}

impl Budget {
    /// What a peer can spend at once: two full messages of payments and a sync.
    pub const BURST: u64 = 4000;
    /// What comes back each second.
    pub const PER_SECOND: u64 = 400;

    /// A full bucket.
    #[must_use]
    pub const fn full(now: Timestamp) -> Self {
        Self { tokens: Self::BURST, counted: now }
    }

    /// Takes `cost` tokens; `false`, and nothing taken, when there are not so many.
    #[must_use]
    pub fn spend(&mut self, now: Timestamp, cost: u64) -> bool {
        let refill = now.ms_since(self.counted) * Self::PER_SECOND / 1000;
        if refill > 0 {
            self.tokens = self.tokens.saturating_add(refill).min(Self::BURST);
            self.counted = now;
        }
        let enough = cost <= self.tokens;
        if enough {
            self.tokens -= cost;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn a_budget_runs_out_and_comes_back() {
        let mut budget = Budget::full(Timestamp(0));
        assert!(budget.spend(Timestamp(0), Budget::BURST));
        assert!(!budget.spend(Timestamp(0), 1));
        assert!(!budget.spend(Timestamp(2), 1), "two milliseconds refill nothing");
        assert!(budget.spend(Timestamp(3), 1), "refills below a token are not lost");
        assert!(budget.spend(Timestamp(1_000_000), Budget::BURST));
        assert!(!budget.spend(Timestamp(1_000_000), 1), "no more than a burst is saved up");
    }
}
