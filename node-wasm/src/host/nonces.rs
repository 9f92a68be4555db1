//! How the search is shared: nonce ranges, slices and rests.

use std::ops::Range;

/// The nonces of worker `index` of `workers`: together they cover all of them once. The last nonce of all is left
/// out, so that a range's end fits the type.
#[must_use]
pub fn share(index: u32, workers: u32) -> Range<u32> {
    let workers = workers.max(1);
    let part = u32::MAX / workers;
    let start = part * index.min(workers - 1);
    let end = if index + 1 >= workers { u32::MAX } else { start + part };
    start..end
}

/// How long one slice of the search should take, in milliseconds: long enough that the engine optimises the loop,
/// short enough that a stale job is dropped at once.
pub const SLICE_MS: f64 = 25.0;

/// The hashes of the next slice that is to take `slice_ms`, after one of `count` took `took_ms`. At most doubles or
/// halves, so that one bad measurement does no harm.
#[must_use]
pub fn next_slice(count: u32, took_ms: f64, slice_ms: f64) -> u32 {
    const LEAST: u32 = 256;
    let wanted = f64::from(count) * slice_ms / took_ms.max(0.1);
    (wanted as u32).clamp(LEAST.max(count / 2), count.saturating_mul(2).max(LEAST))
}

/// How long to rest after `worked_ms` of work, so that work is `intensity` per cent of the time.
#[must_use]
pub fn rest_ms(worked_ms: f64, intensity: u32) -> f64 {
    let intensity = f64::from(intensity.clamp(1, 100));
    worked_ms * (100.0 - intensity) / intensity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn shares_are_disjoint_and_cover_everything() {
        for workers in [1, 2, 3, 7, 64] {
            let mut next = 0;
            for index in 0..workers {
                let range = share(index, workers);
                assert_eq!(range.start, next, "{index} of {workers}");
                assert!(range.end > range.start);
                next = range.end;
            }
            assert_eq!(next, u32::MAX);
        }
    }

    #[test]
    fn slices_settle_at_their_length() {
        let rate_per_ms = 3_000.0;
        let mut count = 1_000;
        for _ in 0..20 {
            count = next_slice(count, f64::from(count) / rate_per_ms, SLICE_MS);
        }
        assert!((f64::from(count) / rate_per_ms - SLICE_MS).abs() < 1.0, "{count}");
        assert_eq!(next_slice(0, 0.0, SLICE_MS), 256);
        assert!(next_slice(u32::MAX, 0.0, SLICE_MS) == u32::MAX);
    }

    #[test]
    fn rests_keep_the_share() {
        assert_eq!(rest_ms(25.0, 100), 0.0);
        assert_eq!(rest_ms(25.0, 50), 25.0);
        assert_eq!(rest_ms(25.0, 20), 100.0);
        assert_eq!(rest_ms(25.0, 0), rest_ms(25.0, 1));
    }
}
