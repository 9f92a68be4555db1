//! Bytes that are almost right: valid encodings with bits flipped, parts cut, swapped, repeated and spliced, and
//! counts that promise more than there is. The same seed gives the same bytes.

use crate::spread::Spread;

/// No input grows beyond this, in bytes: longer ones find nothing that shorter ones do not, and take longer.
const LENGTH_MAX: usize = 8 << 10;
/// What a mangled count says: nothing, one, and all that makes sums overflow or buffers large.
const COUNTS: [u32; 8] = [0, 1, 0x7f, 0xffff, 1 << 20, i32::MAX as u32, 1 << 31, u32::MAX];

/// A sequence of inputs.
#[derive(Debug)]
pub struct Mutator {
    spread: Spread,
    bytes: Vec<u8>,
}

impl Mutator {
    /// The sequence of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { spread: Spread::new(seed), bytes: Vec::with_capacity(2 * LENGTH_MAX) }
    }

    /// The next input: a seed with up to four changes, or, once in sixteen times, bytes by chance.
    pub fn next_input(&mut self, seeds: &[Vec<u8>]) -> &[u8] {
        self.bytes.clear();
        let seed = self.below(seeds.len());
        match seeds.get(seed) {
            Some(seed) if self.below(16) > 0 => self.bytes.extend_from_slice(seed),
            Some(_) | None => {
                for _ in 0..self.below(256) {
                    let byte = self.byte();
                    self.bytes.push(byte);
                }
            }
        }
        for _ in 0..self.below(5) {
            self.change(seeds);
        }
        self.bytes.truncate(LENGTH_MAX);
        &self.bytes
    }

    fn change(&mut self, seeds: &[Vec<u8>]) {
        let length = self.bytes.len();
        let at = self.below(length);
        let until = at + self.below((length - at).min(64) + 1);
        match self.below(9) {
            0 if length > 0 => self.bytes[at] ^= 1 << self.below(8),
            1 if length > 0 => self.bytes[at] = self.byte(),
            2 => self.bytes.truncate(at),
            3 => drop(self.bytes.drain(at..until)),
            4 => {
                let repeated = self.bytes[at..until].to_vec();
                self.bytes.splice(at..at, repeated);
            }
            5 => {
                let byte = self.byte();
                self.bytes[at..until].fill(byte);
            }
            6 | 7 if length - at >= 4 => {
                let count = self.count(at);
                self.bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
            }
            _ => {
                let Some(other) = seeds.get(self.below(seeds.len())) else { return };
                let from = self.below(other.len());
                self.bytes.truncate(at);
                self.bytes.extend_from_slice(&other[from..]);
            }
        }
    }

    /// A false count for the place `at`: a telling one, or one more or less than what stands there.
    fn count(&mut self, at: usize) -> u32 {
        let place = self.bytes[at..].first_chunk().copied().unwrap_or_default();
        let count = u32::from_le_bytes(place);
        match self.below(COUNTS.len() + 2) {
            0 => count.wrapping_add(1),
            1 => count.wrapping_sub(1),
            other => COUNTS[other - 2],
        }
    }

    fn byte(&mut self) -> u8 {
        self.below(256).to_le_bytes()[0]
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.spread.below(bound as u64)).unwrap_or(0)
    }
}
