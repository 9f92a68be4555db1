//! A walk over headers, one after another, by the rules of the chain: what they need of the past, and nothing else.
//!
//! Guarantees: constant memory, however many headers there are. Left out: which branch to follow, and keeping it.

use crate::consensus::retarget::Pace;
use crate::consensus::{ChainParams, MEDIAN_SPAN, Parent, RuleError, check_header, median_time};
use crate::primitives::{BlockHash, Header, Work};
use crate::units::{BlockTime, Height, Timestamp};

/// A place in a chain of headers that hold, and what a child of its last one has to follow.
#[derive(Clone, Debug)]
pub struct Walk {
    tip: BlockHash,
    work: Work,
    parent: Parent,
    /// The times of the last blocks, the next to go at `noted` modulo their number.
    times: [BlockTime; MEDIAN_SPAN],
    /// How many times were ever noted.
    noted: usize,
}

/// Why a header cannot be the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WalkError {
    /// Its parent is another block than the last.
    Unlinked,
    /// It breaks a rule.
    Rule(RuleError),
}

impl Walk {
    /// At the genesis.
    #[must_use]
    pub fn genesis(params: &ChainParams) -> Self {
        let header = params.genesis().header;
        Self::at(header.hash(), Height::GENESIS, Work::ZERO, Pace::genesis(params), &[header.time])
    }

    /// At a block, given the work of the chain up to it, its pace, and the times of the last [`MEDIAN_SPAN`] blocks or of
    /// those there are, its own last.
    #[must_use]
    pub fn at(tip: BlockHash, height: Height, work: Work, pace: Pace, times: &[BlockTime]) -> Self {
        let parent = Parent { height, pace, median: BlockTime::default() };
        let mut walk = Self { tip, work, parent, times: Default::default(), noted: 0 };
        times.iter().for_each(|time| walk.note(*time));
        walk.parent.median = walk.median();
        walk
    }

    /// Goes on to the next header; where it does not hold, stays.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn step(&mut self, params: &ChainParams, header: &Header, now: Timestamp) -> Result<(), WalkError> {
        if header.previous != self.tip {
            return Err(WalkError::Unlinked);
        }
        check_header(params, &self.parent, header, now).map_err(WalkError::Rule)?;
        self.tip = header.hash();
        self.work = self.work.plus(header.work());
        self.parent.height = self.parent.height.child().expect("C-06 holds");
        self.parent.pace = self.parent.pace.child(header.time, header.bits);
        self.note(header.time);
        self.parent.median = self.median();
        Ok(())
    }

    /// The hash of the last block.
    #[must_use]
    pub const fn tip(&self) -> BlockHash {
        self.tip
    }

    /// The work of the chain up to it.
    #[must_use]
    pub const fn work(&self) -> Work {
        self.work
    }

    /// What its child has to follow.
    #[must_use]
    pub const fn parent(&self) -> Parent {
        self.parent
    }

    fn note(&mut self, time: BlockTime) {
        self.times[self.noted % MEDIAN_SPAN] = time;
        self.noted += 1;
    }

    fn median(&self) -> BlockTime {
        median_time(&self.times[..self.noted.min(MEDIAN_SPAN)])
    }
}
