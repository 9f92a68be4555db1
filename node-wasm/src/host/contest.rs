//! Which of several searches is the fastest here: a trial at the start, and an eye on the others later.
//!
//! An engine makes each search fast at a moment of its own, some tens of milliseconds after its first calls. So the
//! trial goes round and round, and a search's best slice counts. Later the fastest has nearly every slice; the others
//! have one from time to time, as what else the processor does can change the order.

use super::nonces::{SLICE_MS, next_slice};

/// How long each search is tried, in milliseconds.
const TRIAL_MS: f64 = 30.0;
/// How long one is tried that does not come near the fastest, which has been tried as long.
const SLOW_TRIAL_MS: f64 = 10.0;
/// The part of the fastest search's rate below which that is.
const SLOW: f64 = 0.25;
/// How long a slice of the trial should take: long against the steps of a browser's clock, and short, as an engine
/// swaps in better code only between calls.
const TRIAL_SLICE_MS: f64 = 2.0;
/// A shorter slice says nothing of the rate.
const MEASURABLE_MS: f64 = 1.0;
/// The first slice of a search, before anything is measured, in hashes.
const FIRST_SLICE: u32 = 1024;
/// One slice in so many is not the fastest search's.
const CHALLENGE_EVERY: u32 = 100;
/// The weight of a new slice in the rate of a search after the trial.
const NEW: f64 = 0.25;

/// What is known of one search.
#[derive(Clone, Copy, Debug)]
struct Contestant {
    /// Hashes per millisecond.
    rate: f64,
    /// How long it ran in the trial.
    tried_ms: f64,
    /// The hashes of its next slice.
    slice: u32,
}

/// The searches against each other. They are numbered from 0; there is at least one.
#[derive(Clone, Debug)]
pub struct Contest {
    contestants: Vec<Contestant>,
    in_trial: bool,
    /// Slices given out since the trial.
    slices: u32,
}

impl Contest {
    /// Before the trial.
    #[must_use]
    pub fn new(searches: usize) -> Self {
        let contestant = Contestant { rate: 0.0, tried_ms: 0.0, slice: FIRST_SLICE };
        Self { contestants: vec![contestant; searches.max(1)], in_trial: true, slices: 0 }
    }

    /// The next search of the trial and how many hashes it is to do; `None` when the trial is over.
    pub fn trial(&mut self) -> Option<(usize, u32)> {
        let best = self.contestants[self.fastest()];
        let is_tried = |one: &Contestant| {
            let slow = one.rate < SLOW * best.rate && best.tried_ms >= SLOW_TRIAL_MS;
            one.tried_ms >= if slow { SLOW_TRIAL_MS } else { TRIAL_MS }
        };
        let untried = self.contestants.iter().enumerate().filter(|(_, one)| !is_tried(one));
        let next = untried.min_by(|(_, a), (_, b)| a.tried_ms.total_cmp(&b.tried_ms));
        let next = next.map(|(search, one)| (search, one.slice));
        self.in_trial = next.is_some();
        next
    }

    /// The search whose turn it is after the trial, and how many hashes it is to do.
    pub fn turn(&mut self) -> (usize, u32) {
        let fastest = self.fastest();
        self.slices = self.slices.wrapping_add(1);
        let challenge = (self.slices / CHALLENGE_EVERY) as usize;
        let search = match self.slices.is_multiple_of(CHALLENGE_EVERY) {
            true => challenge % self.contestants.len(),
            false => fastest,
        };
        (search, self.contestants[search].slice)
    }

    /// Takes down that a search did a whole slice, of so many hashes in so many milliseconds.
    pub fn record(&mut self, search: usize, hashes: u32, took_ms: f64) {
        let Some(one) = self.contestants.get_mut(search) else { return };
        one.slice = next_slice(hashes, took_ms, if self.in_trial { TRIAL_SLICE_MS } else { SLICE_MS });
        if self.in_trial {
            one.tried_ms += took_ms;
        }
        if took_ms >= MEASURABLE_MS {
            let rate = f64::from(hashes) / took_ms;
            one.rate = if self.in_trial { one.rate.max(rate) } else { one.rate + NEW * (rate - one.rate) };
        }
    }

    /// The fastest search so far.
    #[must_use]
    pub fn fastest(&self) -> usize {
        let rates = self.contestants.iter().enumerate();
        rates.max_by(|(_, a), (_, b)| a.rate.total_cmp(&b.rate)).map_or(0, |(search, _)| search)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    /// Runs the trial on searches of these rates, in hashes per millisecond, given what each has tried; returns how
    /// long it took.
    fn run(contest: &mut Contest, rate: impl Fn(usize, f64) -> f64) -> f64 {
        let mut now = 0.0;
        while let Some((search, hashes)) = contest.trial() {
            let took = f64::from(hashes) / rate(search, now);
            contest.record(search, hashes, took);
            now += took;
            assert!(now < 1000.0, "the trial does not end");
        }
        now
    }

    #[test]
    fn the_fastest_wins_and_the_slow_are_given_up() {
        for fastest in 0..3 {
            let mut contest = Contest::new(4);
            let rates = |search| if search == fastest { 8_000.0 } else { 6_000.0 };
            let took = run(&mut contest, |search, _| if search == 3 { 1_500.0 } else { rates(search) });
            assert_eq!(contest.fastest(), fastest);
            assert!((3.0 * TRIAL_MS..3.0 * TRIAL_MS + 2.0 * SLOW_TRIAL_MS).contains(&took), "{took}");
        }
    }

    #[test]
    fn a_search_that_becomes_fast_late_wins() {
        let mut contest = Contest::new(2);
        let rate = |search, now| match (search, now < 25.0) {
            (0, _) => 3_000.0,
            (_, true) => 1_000.0,
            (_, false) => 8_000.0,
        };
        run(&mut contest, rate);
        assert_eq!(contest.fastest(), 1);
    }

    #[test]
    fn a_clock_that_stands_still_ends_the_trial() {
        let mut contest = Contest::new(2);
        let mut turns = 0;
        while let Some((search, hashes)) = contest.trial() {
            // Steps of 5 ms, as a coarse clock shows them.
            contest.record(search, hashes, (f64::from(hashes) / 40_000.0).floor() * 5.0);
            turns += 1;
            assert!(turns < 1_000, "the trial does not end");
        }
    }

    #[test]
    fn the_order_may_change_later() {
        let mut contest = Contest::new(2);
        run(&mut contest, |search, _| [8_000.0, 7_000.0][search]);
        let mut slices = [0, 0];
        for _ in 0..2_000 {
            let (search, hashes) = contest.turn();
            contest.record(search, hashes, f64::from(hashes) / [4_000.0, 7_000.0][search]);
            slices[search] += 1;
        }
        assert_eq!(contest.fastest(), 1);
        assert!(slices[0] < 60, "{slices:?}");
        assert_eq!(contest.contestants[1].slice, 175_000, "slices of {SLICE_MS} ms");
    }
}
