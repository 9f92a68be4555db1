//! The search for a nonce, several at a time: one nonce per lane of a vector.
//!
//! What does not depend on the nonce is computed once per search: the midstate, the first three rounds. The second
//! hash stops after round 60, where the word that a target tests first is known. That word decides only whether
//! the nonces are worth whole hashes, so the search finds exactly what [`super::scan()`] finds, for every target.
//!
//! The rounds are written out by a macro, so that constants fold into them, even where the compiler optimises for
//! size. It knows no platform: [`scan_lanes`] takes the vectors as a type. A kernel that is generated as wasm is
//! faster still; it would stand beside this one.

use super::scan::{Halves, nonces};
use super::sha256::{INITIAL, K, Lanes, State, round, schedule, splat, sum};
use crate::primitives::{Header, Target};

/// The bit that ends a message, in its word.
const END: u32 = 0x8000_0000;
/// The bits of a header, as its padding ends.
const HEADER_BITS: u32 = 8 * Header::SIZE as u32;
/// The bits of a digest, as its padding ends.
const DIGEST_BITS: u32 = 256;

/// Does as [`super::scan()`] does, several nonces at a time.
#[inline(always)]
#[must_use]
pub fn scan_lanes<L: Lanes>(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    let search = Search::new(header, target);
    let range = nonces(start, count)?;
    let (mut nonce, last) = range.into_inner();
    loop {
        if search.is_promising(L::count_from(nonce)) {
            let end = last.min(nonce.saturating_add(L::COUNT - 1));
            let found = (nonce..=end).find(|&nonce| target.is_met_by(&Header { nonce, ..*header }.hash()));
            if found.is_some() {
                return found;
            }
        }
        // Lanes beyond the last nonce do no harm: only nonces up to it are hashed whole.
        nonce = nonce.checked_add(L::COUNT).filter(|nonce| *nonce <= last)?;
    }
}

/// What is computed once per search.
struct Search {
    midstate: [u32; 8],
    /// The state after those rounds of the second block that come before the nonce.
    before_nonce: [u32; 8],
    /// The words of the second block before the nonce.
    words: [u32; 3],
    /// The bits of the hash's eighth word that are zero wherever the target is met.
    mask: u32,
}

/// Writes `$body` once for each `$round`, a constant in it.
macro_rules! for_each {
    ($round:ident in $($number:literal)* => $body:expr) => {$({
        const $round: usize = $number;
        $body
    })*};
}

impl Search {
    fn new(header: &Header, target: &Target) -> Self {
        let Halves { midstate, block } = Halves::of(header);
        let word = |at: usize| u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
        let words = [word(0), word(4), word(8)];
        let before_nonce = words
            .iter()
            .zip(K)
            .fold(midstate.map(|word| [word]), |state, (word, k)| round(state, [word.wrapping_add(k)]));
        let zeros = target.value().leading_zeros();
        let mask = !u32::MAX.checked_shr(zeros as u32).unwrap_or(0);
        Self { midstate, before_nonce: before_nonce.map(|[word]| word), words, mask: mask.swap_bytes() }
    }

    /// Whether a lane's hash may meet the target: `false` is certain.
    #[inline(always)]
    fn is_promising<L: Lanes>(&self, nonces: L) -> bool {
        let eighth = eighth_word(self.hash_once(nonces));
        eighth.and(L::splat(self.mask)).any_zero()
    }

    /// The first of the two hashes.
    #[inline(always)]
    fn hash_once<L: Lanes>(&self, nonces: L) -> State<L> {
        let zero = L::splat(0);
        let [w0, w1, w2] = self.words;
        let mut words = [
            L::splat(w0),
            L::splat(w1),
            L::splat(w2),
            nonces.swap_bytes(),
            L::splat(END),
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            L::splat(HEADER_BITS),
        ];
        let mut state = splat(self.before_nonce);
        for_each!(ROUND in 3 4 5 6 7 8 9 10 11 12 13 14 15 => given::<L, ROUND>(&mut state, &words));
        for_each!(ROUND in 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43
            44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 => scheduled::<L, ROUND>(&mut state, &mut words));
        sum(state, splat(self.midstate))
    }
}

/// The last word of the hash of a hash. It is the state's fifth after round 60, which three more rounds only move.
#[inline(always)]
fn eighth_word<L: Lanes>([a, b, c, d, e, f, g, h]: State<L>) -> L {
    let zero = L::splat(0);
    let mut words =
        [a, b, c, d, e, f, g, h, L::splat(END), zero, zero, zero, zero, zero, zero, L::splat(DIGEST_BITS)];
    let mut state = splat(INITIAL);
    for_each!(ROUND in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 => given::<L, ROUND>(&mut state, &words));
    for_each!(ROUND in 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43
        44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 => scheduled::<L, ROUND>(&mut state, &mut words));
    state[4].add(L::splat(INITIAL[7]))
}

/// A round whose word is the message's. Debug builds call it: all rounds in one function would take them minutes to
/// compile.
#[cfg_attr(not(debug_assertions), inline(always))]
fn given<L: Lanes, const ROUND: usize>(state: &mut State<L>, words: &[L; 16]) {
    *state = round(*state, words[ROUND].add(L::splat(K[ROUND])));
}

/// A round whose word comes from the schedule, where it replaces the one of 16 rounds before.
#[cfg_attr(not(debug_assertions), inline(always))]
fn scheduled<L: Lanes, const ROUND: usize>(state: &mut State<L>, words: &mut [L; 16]) {
    let ago = |places: usize| words[(ROUND - places) % 16];
    let word = schedule(ago(16), ago(15), ago(7), ago(2));
    words[ROUND % 16] = word;
    *state = round(*state, word.add(L::splat(K[ROUND])));
}

#[cfg(test)]
mod tests {
    use super::super::scan::cases;
    use super::scan_lanes;
    use crate::test;

    #[test]
    fn agrees_with_whole_hashes() {
        cases::agrees_with_whole_hashes(scan_lanes::<[u32; 4]>);
        cases::agrees_with_whole_hashes(scan_lanes::<[u32; 1]>);
    }

    #[test]
    fn ends_where_it_should() {
        cases::ends_where_it_should(scan_lanes::<[u32; 4]>);
    }

    #[test]
    fn meets_an_equal_target() {
        cases::meets_an_equal_target(scan_lanes::<[u32; 4]>);
    }

    #[test]
    fn finds_bitcoins_nonces() {
        cases::finds_bitcoins_nonces(scan_lanes::<[u32; 4]>);
    }
}
