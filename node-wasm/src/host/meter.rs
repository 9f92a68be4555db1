//! The hash rate, from what miner workers report.

use std::collections::VecDeque;

use crate::units::Timestamp;

/// Hashes per second over the last few seconds. Every report counts at once: a block that comes before the second
/// report does not leave the rate at zero.
#[derive(Clone, Debug, Default)]
pub struct HashMeter {
    started: Option<Timestamp>,
    reports: VecDeque<(Timestamp, u64)>,
}

impl HashMeter {
    /// How far back a rate looks, in milliseconds.
    pub const WINDOW_MS: u64 = 3_000;
    /// The shortest time that a rate is taken over, in milliseconds: a single early report is no burst.
    pub const SPAN_MS_MIN: u64 = 250;
    /// The most reports kept: four a second of 256 workers over the window.
    pub const REPORTS_MAX: usize = 3_072;

    /// The miner was switched on, or its workers changed.
    pub fn start(&mut self, now: Timestamp) {
        self.started = Some(now);
        self.reports.clear();
    }

    /// The miner was switched off.
    pub fn stop(&mut self) {
        self.started = None;
        self.reports.clear();
    }

    /// A worker did `hashes` since its last report.
    pub fn add(&mut self, now: Timestamp, hashes: u64) {
        if self.reports.len() == Self::REPORTS_MAX {
            self.reports.pop_front();
        }
        self.reports.push_back((now, hashes));
    }

    /// Hashes per second.
    pub fn rate(&mut self, now: Timestamp) -> f64 {
        let Some(started) = self.started else { return 0.0 };
        while self.reports.front().is_some_and(|(at, _)| now.ms_since(*at) > Self::WINDOW_MS) {
            self.reports.pop_front();
        }
        let span = now.ms_since(started).clamp(Self::SPAN_MS_MIN, Self::WINDOW_MS);
        let hashes: u64 = self.reports.iter().map(|(_, hashes)| hashes).sum();
        hashes as f64 * 1000.0 / span as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn the_rate_is_that_of_the_window() {
        let mut meter = HashMeter::default();
        meter.start(Timestamp(0));
        for step in 1..=40 {
            meter.add(Timestamp(step * 250), 1000);
        }
        let rate = meter.rate(Timestamp(10_000));
        assert!((rate - 4000.0).abs() < 400.0, "{rate}");
        assert_eq!(meter.rate(Timestamp(20_000)), 0.0);
        meter.stop();
        assert_eq!(meter.rate(Timestamp(20_000)), 0.0);
    }

    #[test]
    fn one_report_is_a_rate() {
        let mut meter = HashMeter::default();
        meter.start(Timestamp(0));
        meter.add(Timestamp(100), 50_000);
        assert_eq!(meter.rate(Timestamp(100)), 200_000.0);
    }

    #[test]
    fn reports_are_bounded() {
        let mut meter = HashMeter::default();
        meter.start(Timestamp(0));
        for _ in 0..2 * HashMeter::REPORTS_MAX {
            meter.add(Timestamp(1), 1);
        }
        assert_eq!(meter.reports.len(), HashMeter::REPORTS_MAX);
    }
}
