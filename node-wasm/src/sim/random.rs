//! Chance from a seed, in whole numbers only: the same natively and in wasm, where logarithms may differ in the
//! last bit.
//!
//! Each purpose has a stream of its own, so that one fault more or less does not change when blocks are found.

use crate::spread::Spread;

/// What a stream of numbers is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// Which faults there are, and when.
    Plan,
    /// What becomes of frames on their way.
    Network,
    /// When blocks are found.
    Mining,
    /// Who pays whom.
    Payments,
    /// What a crash leaves on a disk.
    Disk,
    /// Node seeds, sessions, resume tokens.
    Names,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(Spread);

impl Random {
    /// The stream of `seed` for one purpose.
    pub(super) const fn new(seed: u64, purpose: Purpose) -> Self {
        let mut start = Spread::new(seed ^ (purpose as u64 + 1) << 56);
        Self(Spread::new(start.below(u64::MAX)))
    }

    /// A number below `bound`, and 0 where that is 0.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    /// A number from `least` to `most`, both included.
    pub(super) const fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// Whether something happens that does so `per_mille` times in a thousand.
    pub(super) const fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// A place in a list of `count`.
    pub(super) fn place(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap_or_default()
    }

    /// Bytes for a name.
    pub(super) fn name(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.below(u64::MAX).to_le_bytes());
        bytes[8..].copy_from_slice(&self.below(u64::MAX).to_le_bytes());
        bytes
    }

    /// A wait that is exponentially distributed with this mean, by von Neumann's method of comparisons: a first
    /// number x begins a falling run of odd length with the chance exp(-x); each run of even length adds 1.
    pub(super) fn wait(&mut self, mean: u64) -> u64 {
        const ONE: u64 = 1 << 32;
        let mut whole = 0_u64;
        loop {
            let first = self.below(ONE);
            let (mut last, mut odd) = (first, true);
            loop {
                let next = self.below(ONE);
                if next >= last {
                    break;
                }
                (last, odd) = (next, !odd);
            }
            if odd {
                let fixed = u128::from(whole) << 32 | u128::from(first);
                let scaled = (fixed * u128::from(mean)) >> 32;
                return u64::try_from(scaled).unwrap_or(u64::MAX);
            }
            whole += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn waits_are_exponential() {
        const COUNT: usize = 20_000;
        let mut random = Random::new(1, Purpose::Mining);
        let mut waits: Vec<u64> = (0..COUNT).map(|_| random.wait(1_000_000)).collect();
        waits.sort_unstable();
        // The shares e^-1 and e^-3 of them are longer than one mean and than three.
        let longer = |than: u64| waits.iter().filter(|wait| **wait > than).count() as f64 / COUNT as f64;
        assert!((longer(1_000_000) - 0.3679).abs() < 0.01, "{}", longer(1_000_000));
        assert!((longer(3_000_000) - 0.0498).abs() < 0.006, "{}", longer(3_000_000));
        let mean = waits.iter().sum::<u64>() / COUNT as u64;
        assert!((980_000..1_020_000).contains(&mean), "{mean}");
    }

    #[test]
    fn purposes_do_not_share_their_numbers() {
        let first = |purpose| Random::new(7, purpose).below(u64::MAX);
        assert_eq!(first(Purpose::Plan), first(Purpose::Plan));
        assert_ne!(first(Purpose::Plan), first(Purpose::Network));
    }
}
