//! A limit on how often something happens that a stranger can cause: log lines, above all.

use crate::units::Timestamp;

/// A bucket of tokens that refills steadily.
#[derive(Clone, Debug)]
pub struct RateLimit {
    burst: u32,
    interval_ms: u64,
    tokens: u32,
    refilled: Timestamp,
    refused: u32,
}

impl RateLimit {
    /// Allows `burst` at once, and one more every `interval_ms`.
    #[must_use]
    pub const fn new(burst: u32, interval_ms: u64) -> Self {
        Self { burst, interval_ms, tokens: burst, refilled: Timestamp(0), refused: 0 }
    }

    /// Takes a token: `Some(refused)` when there was one, with how many were refused since the last.
    pub fn allow(&mut self, now: Timestamp) -> Option<u32> {
        let fresh = now.ms_since(self.refilled) / self.interval_ms;
        if fresh > 0 || now < self.refilled {
            let fresh = u32::try_from(fresh).unwrap_or(u32::MAX);
            self.tokens = self.tokens.saturating_add(fresh).min(self.burst);
            self.refilled = now;
        }
        if self.tokens == 0 {
            self.refused = self.refused.saturating_add(1);
            return None;
        }
        self.tokens -= 1;
        Some(std::mem::take(&mut self.refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn a_burst_then_a_steady_rate_and_a_count_of_the_refused() {
        let mut limit = RateLimit::new(3, 100);
        let now = Timestamp(1_000_000);
        for _ in 0..3 {
            assert_eq!(limit.allow(now), Some(0));
        }
        for _ in 0..5 {
            assert_eq!(limit.allow(now), None);
        }
        assert_eq!(limit.allow(now.plus_ms(100)), Some(5));
        assert_eq!(limit.allow(now.plus_ms(150)), None);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_block_for_ever() {
        let mut limit = RateLimit::new(1, 100);
        assert_eq!(limit.allow(Timestamp(1_000_000)), Some(0));
        assert_eq!(limit.allow(Timestamp(5)), None);
        assert_eq!(limit.allow(Timestamp(105)), Some(1));
    }
}
