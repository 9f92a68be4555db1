//! The search for a nonce, several at a time: one nonce per lane of a vector.
//!
//! What does not depend on the nonce is computed once per search: the midstate, the first three rounds. The second
//! hash stops after round 60, where the word that a target tests first is known. That word decides only whether
//! the nonces are worth whole hashes, so the search finds exactly what [`super::scan_scalar()`] finds, for every
//! target.
//!
//! The rounds are written out by a macro, so that constants fold into them. It knows no platform: [`scan_lanes`] takes
//! the vectors as a type, and arrays are vectors that run anywhere.

use super::scan::{Search, find, nonces};
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
    scan_groups(header, target, start, count, L::COUNT, |nonce| first.is_promising(L::nonces(nonce)))
}

/// Does as [`super::scan_scalar()`] does, by groups of so many nonces. Given its first nonce, `is_promising` says whether
/// a group may hold a hit.
#[inline(always)]
pub(crate) fn scan_groups(
    header: &Header,
    target: &Target,
    start: u32,
    count: u32,
    group: u32,
    is_promising: impl Fn(u32) -> bool,
) -> Option<u32> {
    let (mut nonce, last) = nonces(start, count)?.into_inner();
    loop {
        if is_promising(nonce) {
            // Nonces beyond the last do no harm: only those up to it are hashed whole.
            let found = find(header, target, nonce..=last.min(nonce.saturating_add(group - 1)));
            if found.is_some() {
                return found;
            }
        }
        nonce = nonce.checked_add(group).filter(|nonce| *nonce <= last)?;
    }
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
        let [w0, w1, w2] = self.search.words;
        let mut words = [
            L::known(w0),
            L::known(w1),
            L::known(w2),
            nonces,
            L::known(END),
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
            L::known(HEADER_BITS),
        ];
        let mut state = known(self.before_nonce);
        for_each!(ROUND in 3 4 5 6 7 8 9 10 11 12 13 14 15 => given::<L, ROUND>(&mut state, &words));
        for_each!(ROUND in 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43
            44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 => scheduled::<L, ROUND>(&mut state, &mut words));
        sum(state, known(self.search.midstate))
    }
}

/// The last word of the hash of a hash. It is the state's fifth after round 60, which three more rounds only move.
#[inline(always)]
fn eighth_word<L: Lanes>([a, b, c, d, e, f, g, h]: State<L>) -> L {
    let zero = L::known(0);
    let mut words =
        [a, b, c, d, e, f, g, h, L::known(END), zero, zero, zero, zero, zero, zero, L::known(DIGEST_BITS)];
    let mut state = known(INITIAL);
    for_each!(ROUND in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 => given::<L, ROUND>(&mut state, &words));
    for_each!(ROUND in 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43
        44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 => scheduled::<L, ROUND>(&mut state, &mut words));
    state[4].add(L::known(INITIAL[7]))
}

/// A round whose word is the message's. Debug builds call it: all rounds in one function would take them minutes to
/// compile.
#[cfg_attr(not(debug_assertions), inline(always))]
fn given<L: Lanes, const ROUND: usize>(state: &mut State<L>, words: &[L; 16]) {
    *state = round(*state, words[ROUND].add(L::known(K[ROUND])));
}

/// A round whose word comes from the schedule, where it replaces the one of 16 rounds before.
#[cfg_attr(not(debug_assertions), inline(always))]
fn scheduled<L: Lanes, const ROUND: usize>(state: &mut State<L>, words: &mut [L; 16]) {
    let ago = |places: usize| words[(ROUND - places) % 16];
    let word = schedule(ago(16), ago(15), ago(7), ago(2));
    words[ROUND % 16] = word;
    *state = round(*state, word.add(L::known(K[ROUND])));
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
