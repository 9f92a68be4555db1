//! The search for a nonce, several at a time: one nonce per lane of a vector.
//!
//! What does not depend on the nonce is computed once per search: the midstate, the first three rounds. The second
//! hash stops after round 60, where the word that a target tests first is known. That word decides only whether
//! the nonces are worth whole hashes, so the search finds exactly what [`super::scan_scalar()`] finds, for every
//! target.
//!
//! It knows no platform: [`scan_lanes`] takes the vectors as a type, and arrays are vectors that run anywhere.

use super::scan::{Search, find, groups};
use super::sha256::{DIGEST_BITS, END, HEADER_BITS, INITIAL, K, State, Word, round, schedule};
use crate::primitives::{Header, Target};

/// The words of several nonces.
pub trait Lanes: Word {
    /// How many.
    const COUNT: u32;

    /// `first`, `first + 1`, ... from the first lane on, wrapping, with their bytes in reverse order.
    fn nonces(first: u32) -> Self;
    /// Whether any lane is zero.
    fn any_zero(self) -> bool;
}

/// Does as [`super::scan_scalar()`] does, several nonces at a time.
#[inline(always)]
#[must_use]
pub fn scan_lanes<L: Lanes>(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    let first = First::new(&Search::new(header, target));
    // A loop, as a closure would be compiled without the caller's instructions.
    for group in groups(start, count, L::COUNT) {
        if first.is_promising(L::nonces(*group.start()))
            && let Some(found) = find(header, target, group)
        {
            return Some(found);
        }
    }
    None
}

/// What is computed once per search.
struct First {
    search: Search,
    /// The state after those rounds of the second block that come before the nonce.
    before_nonce: [u32; 8],
}

/// Writes `$body` once for each `$round`, a constant in it.
macro_rules! for_each {
    ($round:ident in $($number:literal)* => $body:expr) => {$({
        const $round: usize = $number;
        $body
    })*};
}

impl First {
    fn new(search: &Search) -> Self {
        let state = search.midstate.map(|word| [word]);
        let before_nonce =
            search.words.iter().zip(K).fold(state, |state, (word, k)| round(state, [word.wrapping_add(k)]));
        Self { search: *search, before_nonce: before_nonce.map(|[word]| word) }
    }

    /// Whether a lane's hash may meet the target: `false` is certain.
    #[inline(always)]
    fn is_promising<L: Lanes>(&self, nonces: L) -> bool {
        let eighth = eighth_word(self.hash_once(nonces));
        eighth.and(L::known(self.search.mask)).any_zero()
    }

    /// The first of the two hashes.
    #[inline(always)]
    fn hash_once<L: Lanes>(&self, nonces: L) -> State<L> {
        let zero = L::known(0);
        let [w0, w1, w2] = self.search.words.map(L::known);
        let (end, bits) = (L::known(END), L::known(HEADER_BITS));
        let words =
            [w0, w1, w2, nonces, end, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, bits];
        let mut state = known(self.before_nonce);
        for_each!(ROUND in 3 4 5 6 7 8 9 10 11 12 13 14 15 => given::<L, ROUND>(&mut state, &words));
        sum(scheduled_rounds(state, words, 64), known(self.search.midstate))
    }
}

/// The last word of the hash of a hash. It is the state's fifth after round 60, which three more rounds only move.
#[inline(always)]
fn eighth_word<L: Lanes>([a, b, c, d, e, f, g, h]: State<L>) -> L {
    let zero = L::known(0);
    let (end, bits) = (L::known(END), L::known(DIGEST_BITS));
    let words = [a, b, c, d, e, f, g, h, end, zero, zero, zero, zero, zero, zero, bits];
    let mut state = known(INITIAL);
    for_each!(ROUND in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 => given::<L, ROUND>(&mut state, &words));
    scheduled_rounds(state, words, 61)[4].add(L::known(INITIAL[7]))
}

/// A round whose word is the message's. Debug builds call it, for the compiler's sake.
#[cfg_attr(not(debug_assertions), inline(always))]
fn given<L: Lanes, const ROUND: usize>(state: &mut State<L>, words: &[L; 16]) {
    *state = round(*state, words[ROUND].add(L::known(K[ROUND])));
}

/// The rounds after the sixteenth, until there were 61 or 64. A loop of sixteen: all of them written out would outgrow
/// the processor's caches of code, and take the compiler a minute.
#[inline(always)]
fn scheduled_rounds<L: Lanes>(mut state: State<L>, mut words: [L; 16], rounds: usize) -> State<L> {
    let mut done = 16;
    for k in K.as_chunks::<16>().0.iter().skip(1) {
        for_each!(AT in 0 1 2 3 4 5 6 7 8 9 10 11 12 => scheduled::<L, AT>(&mut state, &mut words, k));
        if done + 13 >= rounds {
            break;
        }
        for_each!(AT in 13 14 15 => scheduled::<L, AT>(&mut state, &mut words, k));
        done += 16;
    }
    state
}

/// A round whose word comes from the schedule, where it replaces the one of 16 rounds before.
#[cfg_attr(not(debug_assertions), inline(always))]
fn scheduled<L: Lanes, const AT: usize>(state: &mut State<L>, words: &mut [L; 16], k: &[u32; 16]) {
    let ago = |places: usize| words[(AT + 16 - places) % 16];
    let word = schedule(ago(16), ago(15), ago(7), ago(2));
    words[AT] = word;
    *state = round(*state, word.add(L::known(k[AT])));
}

/// The state with every word in all lanes.
#[inline(always)]
fn known<L: Lanes>(state: [u32; 8]) -> State<L> {
    state.map(L::known)
}

/// The sum of two states, word by word: what ends a compression.
#[inline(always)]
fn sum<L: Lanes>(state: State<L>, [a, b, c, d, e, f, g, h]: State<L>) -> State<L> {
    let [i, j, k, l, m, n, o, p] = state;
    [a.add(i), b.add(j), c.add(k), d.add(l), e.add(m), f.add(n), g.add(o), h.add(p)]
}

impl<const COUNT: usize> Word for [u32; COUNT] {
    #[inline(always)]
    fn known(word: u32) -> Self {
        [word; COUNT]
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane].wrapping_add(other[lane]))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] ^ other[lane])
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] & other[lane])
    }
    #[inline(always)]
    fn rotr<const N: u32>(self) -> Self {
        self.map(|word| word.rotate_right(N))
    }
    #[inline(always)]
    fn shr<const N: u32>(self) -> Self {
        self.map(|word| word >> N)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::cases;
    use super::{Lanes, scan_lanes};
    use crate::test;

    impl<const COUNT: usize> Lanes for [u32; COUNT] {
        const COUNT: u32 = COUNT as u32;

        fn nonces(first: u32) -> Self {
            std::array::from_fn(|lane| first.wrapping_add(lane as u32).swap_bytes())
        }
        fn any_zero(self) -> bool {
            self.contains(&0)
        }
    }

    #[test]
    fn finds_what_the_reference_finds() {
        cases::check(scan_lanes::<[u32; 4]>);
        cases::check(scan_lanes::<[u32; 1]>);
    }
}
