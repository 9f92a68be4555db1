//! Which of several searches is the fastest here: a trial at the start.
//!
//! An engine makes each search fast at a moment of its own, some tens of milliseconds after its first calls. So the
//! searches take turns, and the best turn of each counts.

/// How long each search is tried, in milliseconds.
const TRIAL_MS: f64 = 30.0;
/// A turn that took less is followed by one of twice the hashes: long against the steps of a browser's clock, and short,
/// as an engine swaps in better code only between calls.
const TURN_MS: f64 = 3.0;
/// The first turn, before anything is measured, in hashes.
const FIRST_TURN: u32 = 1024;

/// What is known of one search.
#[derive(Clone, Copy)]
struct Contestant {
    /// Hashes per millisecond, in its best turn.
    rate: f64,
    /// How long it ran.
    tried_ms: f64,
    /// The hashes of its next turn.
    turn: u32,
}

/// The fastest of so many searches, which are numbered from 0. `run` lets one of them do so many hashes, and says how
/// long they took, in milliseconds.
pub fn fastest(searches: usize, mut run: impl FnMut(usize, u32) -> f64) -> usize {
    let mut all = vec![Contestant { rate: 0.0, tried_ms: 0.0, turn: FIRST_TURN }; searches];
    let mut fastest = (0, 0.0);
    while all.iter().any(|one| one.tried_ms < TRIAL_MS) {
        for (search, one) in all.iter_mut().enumerate() {
            let took = run(search, one.turn);
            one.tried_ms += took;
            // A shorter turn is below what the coarsest clock can measure.
            one.rate = one.rate.max(f64::from(one.turn) / took.max(1.0));
            if took < TURN_MS {
                one.turn = one.turn.saturating_mul(2);
            }
            if one.rate > fastest.1 {
                fastest = (search, one.rate);
            }
        }
    }
    fastest.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    /// The trial of searches of these rates, in hashes per millisecond, given the time that has passed; also how long
    /// it took.
    fn trial(searches: usize, rate: impl Fn(usize, f64) -> f64) -> (usize, f64) {
        let mut now = 0.0;
        let fastest = fastest(searches, |search, hashes| {
            let took = f64::from(hashes) / rate(search, now);
            now += took;
            assert!(now < 1000.0, "the trial does not end");
            took
        });
        (fastest, now)
    }

    #[test]
    fn the_fastest_wins() {
        for expect in 0..3 {
            let (fastest, took) = trial(3, |search, _| if search == expect { 8_000.0 } else { 7_000.0 });
            assert_eq!(fastest, expect);
            assert!((3.0 * TRIAL_MS..3.0 * (TRIAL_MS + 3.0 * TURN_MS)).contains(&took), "{took}");
        }
    }

    #[test]
    fn a_search_that_becomes_fast_late_wins() {
        let late = |search, now| match (search, now < 25.0) {
            (0, _) => 3_000.0,
            (_, true) => 1_000.0,
            (_, false) => 8_000.0,
        };
        assert_eq!(trial(2, late).0, 1);
    }

    #[test]
    fn a_search_that_is_interrupted_wins_all_the_same() {
        let mut turns = 0;
        let fastest = fastest(2, |search, hashes| {
            turns += 1;
            // Another program has the processor in every other turn of the second.
            let interrupted = if search == 1 && turns % 4 == 0 { 10.0 } else { 0.0 };
            f64::from(hashes) / [7_000.0, 8_000.0][search] + interrupted
        });
        assert_eq!(fastest, 1);
    }

    #[test]
    fn a_clock_of_coarse_steps_ends_the_trial() {
        let mut turns = 0;
        fastest(2, |_, hashes| {
            turns += 1;
            assert!(turns < 1_000, "the trial does not end");
            (f64::from(hashes) / 40_000.0).floor() * 5.0
        });
    }

    #[test]
    fn without_searches_there_is_no_trial() {
        assert_eq!(fastest(0, |search, _| panic!("there is no search {search}")), 0);
    }
}
