//! The node's part in mining: what the workers search, and what becomes of what they find.

use std::collections::VecDeque;

use super::{Event, Node, Output};
use crate::chain::ChainError;
use crate::consensus::RuleError;
use crate::miner::Template;
use crate::primitives::Address;
use crate::units::Timestamp;
use crate::wire::CompactBlock;

/// Templates on the current tip that a worker may still answer for: the last seconds' ones.
pub(super) const TEMPLATES_MAX: usize = 8;

#[derive(Debug)]
pub(super) struct Mining {
    /// Whom the blocks pay; `None` is off.
    payout: Option<Address>,
    /// Whether the workers have a job.
    working: bool,
    /// Whether the job should be renewed.
    outdated: bool,
    templates: VecDeque<(u64, Template)>,
    next_job: u64,
    extra_nonce: u64,
}

impl Mining {
    pub(super) const fn new(extra_nonce: u64) -> Self {
        Self {
            payout: None,
            working: false,
            outdated: false,
            templates: VecDeque::new(),
            next_job: 1,
            extra_nonce,
        }
    }

    /// How many templates a worker may still answer for.
    pub(super) fn templates(&self) -> usize {
        self.templates.len()
    }

    pub(super) fn set_payout(&mut self, payout: Option<Address>) {
        self.payout = payout;
        self.outdated = true;
        self.templates.clear();
    }

    /// The clock moved on, or better payments wait.
    pub(super) const fn outdate(&mut self) {
        self.outdated = true;
    }

    /// Whatever is being worked on is on the wrong parent.
    pub(super) fn tip_changed(&mut self) {
        self.outdated = true;
        self.templates.clear();
    }
}

impl Node {
    /// Gives the workers a new job if theirs is outdated, or stops them.
    pub(super) fn renew_job(&mut self, now: Timestamp) {
        if !std::mem::take(&mut self.mining.outdated) {
            return;
        }
        let payout = self.mining.payout.filter(|_| !self.is_waking());
        let template = payout.and_then(|payout| self.template(now, payout));
        let job = template.map(|template| {
            let id = self.mining.next_job;
            self.mining.next_job += 1;
            let job = template.job(id);
            self.mining.templates.truncate(TEMPLATES_MAX - 1);
            self.mining.templates.push_front((id, template));
            job
        });
        let working = job.is_some();
        if working || self.mining.working {
            self.outputs.push_back(Output::Job(job));
        }
        self.mining.working = working;
    }

    fn template(&mut self, now: Timestamp, payout: Address) -> Option<Template> {
        let room = Template::room(self.chain.params().block_bytes_max);
        let transactions = self.mempool.select(room, |address| self.chain.account(address));
        Template::new(&self.chain, now, payout, self.mining.extra_nonce, &transactions)
    }

    /// Makes a block of a nonce that was found, and tells everyone.
    pub(super) fn take_solution(&mut self, now: Timestamp, job: u64, nonce: u32) {
        let Some((_, template)) = self.mining.templates.iter().find(|(id, _)| *id == job) else { return };
        let block = template.solve(nonce);
        let (hash, height) = (block.hash(), block.body.coinbase.height);
        let taken = match self.insert_block(now, block.clone()) {
            Ok(outcome) => self.follow(now, outcome),
            // The chain's clock is far ahead of this machine's; another's may not be.
            Err(ChainError::Rule(RuleError::TimeTooLate { .. })) => {
                self.set_aside(None, self.id, CompactBlock::new(&block, 0));
                true
            }
            Err(error) => {
                self.refused(hash, error);
                false
            }
        };
        if taken {
            self.event(Event::Mined { height, hash });
            self.announce(None, &block);
        }
    }
}
