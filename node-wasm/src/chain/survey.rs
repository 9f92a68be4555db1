//! Surveys: how a branch of headers proves its work before any of it is kept.
//!
//! Headers of little work can be made without end. So a branch is kept only once it is known to have more work than
//! the active chain. Where one answer of a peer does not show that, its headers are checked as they come and dropped
//! again: a [`Survey`] has what the rules need of the last blocks, and the last hash of each whole answer. When
//! the work is there the branch is asked for again, and kept as far as it is the one that was surveyed. So a peer
//! costs a kilobyte, however many headers it sends.
//!
//! Left out: whom to ask, and for how long.

use super::{Chain, ChainError, SIDE_ENTRIES_MAX, State};
use crate::consensus::{RuleError, Walk, WalkError};
use crate::primitives::{BlockHash, Header};
use crate::units::Timestamp;
use crate::wire::Message;

/// How many whole answers one survey goes through: a longer branch could not be kept beside the chain.
pub const ANSWERS_MAX: usize = SIDE_ENTRIES_MAX / Message::HEADERS_MAX;

/// A branch of headers that was checked and not kept.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The known block that the branch begins after.
    fork: BlockHash,
    /// How far the headers were checked.
    walk: Walk,
    /// The last header that was checked, or in the second pass kept.
    last: BlockHash,
    /// The last hash of each whole answer.
    answers: Vec<BlockHash>,
    /// In the second pass, how many of those answers came again.
    again: Option<usize>,
}

impl Survey {
    /// The header after which more are wanted.
    #[must_use]
    pub const fn last(&self) -> BlockHash {
        self.last
    }

    /// Whether nothing came before the answer at hand.
    #[must_use]
    pub const fn is_first_answer(&self) -> bool {
        self.answers.is_empty()
    }

    /// Whether the branch has proved its work, and is on its way for the second time.
    #[must_use]
    pub const fn is_second_pass(&self) -> bool {
        self.again.is_some()
    }

    /// Remembers the last header of the answer at hand, which was whole; `false` when there were [`ANSWERS_MAX`] before it.
    #[must_use]
    pub fn remember_answer(&mut self) -> bool {
        let has_room = self.answers.len() < ANSWERS_MAX;
        if has_room {
            self.answers.push(self.last);
        }
        has_room
    }

    /// How many whole answers it remembers.
    #[must_use]
    pub const fn answers(&self) -> usize {
        self.answers.len()
    }

    /// Begins the second pass.
    pub const fn start_again(&mut self) {
        (self.last, self.again) = (self.fork, Some(0));
    }

    /// Whether all whole answers came again.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.again == Some(self.answers.len())
    }

    /// Takes the next answer of the second pass; `false` when it is not the one that was surveyed.
    #[must_use]
    pub fn repeat(&mut self, headers: &[Header]) -> bool {
        let expected = self.again.and_then(|again| self.answers.get(again));
        let mut last = self.last;
        for header in headers {
            if header.previous != last {
                return false;
            }
            last = header.hash();
        }
        self.last = last;
        self.again = self.again.map(|again| again + 1);
        expected == Some(&last)
    }

    /// How much memory it takes, in bytes.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.answers.capacity() * size_of::<BlockHash>()
    }
}

impl Chain {
    /// Begins a survey of what comes after a block.
    ///
    /// # Errors
    /// When the block is not known, or known to be invalid.
    pub fn survey(&self, fork: BlockHash) -> Result<Survey, ChainError> {
        let entry = self.tree.get(&fork).ok_or(ChainError::UnknownParent(fork))?;
        if matches!(entry.state, State::Invalid) {
            return Err(RuleError::InvalidAncestor.into());
        }
        Ok(Survey { fork, walk: self.tree.walk_from(&fork), last: fork, answers: Vec::new(), again: None })
    }

    /// Checks the headers of an answer, one after another, and keeps none. Those before the first bad one count.
    ///
    /// # Errors
    /// Why the first bad one does not hold, and its place.
    pub fn check_headers(
        &self,
        now: Timestamp,
        survey: &mut Survey,
        headers: &[Header],
    ) -> Result<(), (usize, ChainError)> {
        for (place, header) in headers.iter().enumerate() {
            let hash = header.hash();
            if matches!(self.tree.state(&hash), Some(State::Invalid)) {
                return Err((place, ChainError::KnownInvalid(hash)));
            }
            let step = survey.walk.step(&self.params, header, now);
            step.map_err(|error| match error {
                WalkError::Unlinked => (place, ChainError::UnknownParent(header.previous)),
                WalkError::Rule(rule) => (place, rule.into()),
            })?;
            survey.last = hash;
        }
        Ok(())
    }

    /// Whether the headers of a survey have more work than the active chain.
    #[must_use]
    pub fn is_outdone_by(&self, survey: &Survey) -> bool {
        survey.walk.work() > self.tip().work
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;
    use crate::testing::{START, easy_params, headers_after, heavy_params};

    const WHOLE: usize = Message::HEADERS_MAX;

    /// Checks whole answers from the genesis on, as a node does.
    fn surveyed(chain: &Chain, headers: &[Header]) -> Survey {
        let mut survey = chain.survey(chain.genesis()).expect("known");
        for answer in headers.chunks(WHOLE) {
            chain.check_headers(START, &mut survey, answer).expect("headers that hold");
            assert!(survey.remember_answer());
        }
        survey
    }

    #[test]
    fn a_survey_counts_the_work_that_the_tree_would_count() {
        let mut chain = Chain::new(heavy_params());
        let headers = headers_after(&chain, [40; 30], 1);
        let survey = surveyed(&chain, &headers);
        for header in &headers {
            assert_eq!(chain.insert_header(START, *header), Ok(true));
        }
        assert_eq!(chain.position(&survey.last()), Some((survey.walk.parent().height, survey.walk.work())));
    }

    #[test]
    fn a_survey_refuses_what_the_tree_would_refuse() {
        let chain = Chain::new(heavy_params());
        let headers = headers_after(&chain, [40; 30], 1);
        let check = |place: usize, change: fn(&mut Header)| {
            let (mut changed, mut tree) = (headers.clone(), Chain::new(heavy_params()));
            change(&mut changed[place]);
            let mut survey = chain.survey(chain.genesis()).expect("known");
            let refused = chain.check_headers(START, &mut survey, &changed).expect_err("a rule is broken");
            let kept = changed.iter().try_for_each(|header| tree.insert_header(START, *header).map(|_| ()));
            assert_eq!((refused.0, Err(refused.1)), (place, kept));
        };
        check(20, |header| header.version = 2);
        check(20, |header| header.time.0 -= 400);
        check(20, |header| header.time.0 = START.block_time().0 + 100);
        check(20, |header| header.bits.0 -= 1);
        check(20, |header| header.previous = BlockHash([7; 32]));
        check(0, |header| header.nonce += 1);
    }

    #[test]
    fn a_branch_through_an_invalid_block_is_refused() {
        let mut chain = Chain::new(easy_params());
        let headers = headers_after(&chain, [40; 3], 1);
        for header in &headers[..2] {
            assert_eq!(chain.insert_header(START, *header), Ok(true));
        }
        let bad = headers[1].hash();
        chain.tree.invalidate(&bad, &chain.active);
        let mut survey = chain.survey(chain.genesis()).expect("known");
        let refused = chain.check_headers(START, &mut survey, &headers);
        assert_eq!(refused, Err((1, ChainError::KnownInvalid(bad))));
        assert_eq!(chain.survey(bad).map(|_| ()), Err(RuleError::InvalidAncestor.into()));
    }

    #[test]
    fn only_what_was_surveyed_comes_again() {
        let chain = Chain::new(easy_params());
        let (headers, others) = (headers_after(&chain, [10; 50], 1), headers_after(&chain, [10; 50], 2));
        let begin = || {
            let mut survey = surveyed(&chain, &headers);
            survey.start_again();
            assert_eq!(survey.last(), chain.genesis());
            survey
        };
        let mut survey = begin();
        assert!(!survey.is_done() && survey.repeat(&headers) && survey.is_done());
        assert!(!begin().repeat(&others), "another branch");
        assert!(!begin().repeat(&headers[..49]), "not all of it");
        // The right end of the wrong headers.
        assert!(!begin().repeat(&[&others[..49], &headers[49..]].concat()));
    }

    /// C10: what headers without work cost a node, however many there are.
    #[test]
    fn c10_headers_that_prove_nothing_cost_32_bytes_for_2000_and_end() {
        let chain = Chain::new(easy_params());
        let headers = headers_after(&chain, vec![40; ANSWERS_MAX * WHOLE], 1);
        let half = surveyed(&chain, &headers[..ANSWERS_MAX / 2 * WHOLE]);
        let mut all = surveyed(&chain, &headers);
        // A vector has room for at most twice what is in it.
        assert!(half.size() <= 256 + 2 * 32 * ANSWERS_MAX / 2, "{}", half.size());
        assert!(all.size() <= 256 + 2 * 32 * ANSWERS_MAX, "{}", all.size());
        assert!(!all.remember_answer(), "it is given up, and another begins anew");
        assert_eq!(all.answers(), ANSWERS_MAX);
    }
}
