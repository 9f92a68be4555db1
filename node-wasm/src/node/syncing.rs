//! The node's part in syncing: whom to ask, when to stop asking, and what to wait for after waking.

#[cfg(test)]
mod tests;

use super::{Event, Node, Output, SyncOutcome};
use crate::chain::{ChainError, SIDE_ENTRIES_MAX};
use crate::consensus::RuleError;
use crate::peer::Peer;
use crate::primitives::{BlockHash, Body, Header, PeerId};
use crate::sync::SOURCES_MAX;
use crate::units::Timestamp;
use crate::wire::Message;

/// How many peers a question goes to: joining or waking costs a few answers, not everyone's.
const ASKED_MAX: usize = 4;
/// How long the user waits for an answer to "sync now" when nothing moves, in milliseconds.
const ASKED_MS_MAX: u64 = 15_000;
/// How long mining waits after waking, in milliseconds: time to reconnect and to hear of the tip.
const WAKING_MS: u64 = 4_000;
/// Headers beside the chain after which bodies are fetched before more headers.
const HEADERS_AHEAD_MAX: usize = SIDE_ENTRIES_MAX / 2;

/// A question that went to several peers.
#[derive(Debug)]
pub(super) struct Round {
    /// The tip when it was asked.
    tip: BlockHash,
    /// Who has not answered.
    waiting: Vec<PeerId>,
    /// Whether anyone answered.
    answered: bool,
    until: Timestamp,
}

impl Node {
    /// Asks for better chains on the user's behalf.
    pub(super) fn ask_everyone(&mut self, now: Timestamp) {
        if self.peers.is_empty() {
            self.outputs.push_back(Output::Synced(SyncOutcome::NoPeers));
            return;
        }
        self.asked = Some(self.open_round(now, ASKED_MS_MAX));
    }

    /// Asks for better chains after a time of which nothing is known; mining waits for the answers.
    pub(super) fn wake(&mut self, now: Timestamp) {
        self.waking = Some(self.open_round(now, WAKING_MS));
        self.mining.outdate();
    }

    fn open_round(&mut self, now: Timestamp, ms: u64) -> Round {
        let everyone = self.peers.iter().map(|peer| peer.id).collect();
        let mut waiting = self.shuffled(everyone);
        waiting.truncate(ASKED_MAX);
        for peer in &waiting {
            self.ask_headers(now, *peer, self.chain.locator());
        }
        Round { tip: self.chain.tip().hash, waiting, answered: false, until: now.plus_ms(ms) }
    }

    /// Notes in every open round that a peer answered, or is gone.
    pub(super) fn settle_rounds(&mut self, peer: &PeerId, answered: bool) {
        for round in [&mut self.asked, &mut self.waking].into_iter().flatten() {
            let waited = round.waiting.len();
            round.waiting.retain(|waiting| waiting != peer);
            round.answered |= answered && round.waiting.len() < waited;
        }
    }

    /// The chain moves: the user waits on.
    pub(super) fn prolong_asked(&mut self, now: Timestamp) {
        if let Some(round) = &mut self.asked {
            round.until = now.plus_ms(ASKED_MS_MAX);
        }
    }

    /// Ends the rounds whose questions are answered, or whose time is over.
    pub(super) fn close_rounds(&mut self, now: Timestamp) {
        let idle = self.sync.is_idle();
        let done = |round: &Round| round.answered && round.waiting.is_empty() && idle;
        if let Some(round) = self.asked.take_if(|round| done(round) || now >= round.until) {
            let replaced = self.chain.tip().hash != round.tip;
            let outcome = match (replaced, round.answered) {
                (true, _) => SyncOutcome::Replaced,
                (false, true) => SyncOutcome::AlreadyBest,
                (false, false) => SyncOutcome::NoPeers,
            };
            self.outputs.push_back(Output::Synced(outcome));
        }
        if self.waking.take_if(|round| done(round) || now >= round.until).is_some() {
            self.mining.outdate();
        }
    }

    /// Asks a peer for the headers after a locator, unless it was asked already.
    pub(super) fn ask_headers(&mut self, now: Timestamp, peer: PeerId, locator: Vec<BlockHash>) {
        if self.sync.ask_headers(now, peer) {
            self.send(peer, &Message::GetHeaders(locator));
        }
    }

    /// A peer has forgotten what it was asked: asks again.
    pub(super) fn ask_again(&mut self, now: Timestamp, peer: PeerId) {
        self.sync.forgotten_by(now, &peer);
        let rounds = [&self.asked, &self.waking].into_iter().flatten();
        let waited_for = rounds.into_iter().any(|round| round.waiting.contains(&peer));
        if waited_for && self.sync.is_free(now, &peer) {
            self.ask_headers(now, peer, self.chain.locator());
        }
        self.catch_up(now);
    }

    pub(super) fn take_headers(&mut self, now: Timestamp, from: PeerId, headers: &[Header]) {
        if !self.sync.take_headers(&from) {
            return;
        }
        self.settle_rounds(&from, true);
        let mut last = None;
        let (mut new, mut early, mut wrong) = (false, false, false);
        for header in headers {
            match self.chain.insert_header(now, *header) {
                Ok(added) => {
                    new |= added;
                    last = Some(header.hash());
                }
                // Whose clock is ahead is no liar: the rest comes in time.
                Err(ChainError::Rule(RuleError::TimeTooLate { .. })) => {
                    early = true;
                    break;
                }
                Err(error) => {
                    self.refused(header.hash(), error);
                    wrong = true;
                    break;
                }
            }
        }
        let claimed = self.peers.get(&from).map(|peer| peer.status.tip);
        let unproved = claimed.is_some_and(|tip| !self.chain.contains(&tip.hash));
        if early {
            self.sync.pause(now, from);
        } else if wrong || (unproved && !new) {
            // It brought nothing that leads to the tip that it speaks of.
            self.sync.rest(now, from);
        }
        if let Some(last) = last {
            self.credit(from, last);
        }
        let whole = headers.len() == Message::HEADERS_MAX;
        if let Some(last) = last.filter(|_| whole && self.chain.headers_beside() < HEADERS_AHEAD_MAX) {
            let locator = std::iter::once(last).chain(self.chain.locator()).take(Message::LOCATOR_MAX);
            self.ask_headers(now, from, locator.collect());
        }
        let missing = self.chain.missing_bodies().len();
        if missing > 1 && !std::mem::replace(&mut self.catching_up, true) {
            self.event(Event::SyncStarted { peer: from, missing });
        }
        self.catch_up(now);
    }

    pub(super) fn take_bodies(&mut self, now: Timestamp, from: PeerId, bodies: Vec<(BlockHash, Body)>) {
        let asked = self.sync.take_bodies(&from);
        let (mut useful, mut wrong) = (0, false);
        for (hash, body) in bodies.into_iter().filter(|(hash, _)| asked.contains(hash)) {
            match self.chain.insert_body(hash, body) {
                Ok(outcome) => {
                    useful += 1;
                    self.follow(now, outcome);
                }
                Err(error) => {
                    wrong |= matches!(error, ChainError::Rule(_));
                    self.refused(hash, error);
                }
            }
        }
        if wrong || useful == 0 {
            self.sync.rest(now, from);
        } else {
            self.sync.kept_word(&from);
        }
        self.request_missing(now);
    }

    pub(super) fn take_not_found(&mut self, now: Timestamp, from: PeerId) {
        if !self.sync.take_bodies(&from).is_empty() {
            self.sync.rest(now, from);
            self.request_missing(now);
        }
    }

    /// Asks for headers of one peer that says it has more work, and for the bodies that are missing. Joining a
    /// room costs one peer's answer; should it not come, or not help, another is asked. Which one is left to chance:
    /// a claim of work costs nothing, and those with the largest claims are those that lie.
    pub(super) fn catch_up(&mut self, now: Timestamp) {
        if !self.sync.awaits_headers(now) {
            let own = self.chain.tip().work;
            let helps = |peer: &&Peer| {
                let tip = peer.status.tip;
                tip.work > own && !self.chain.contains(&tip.hash)
            };
            let helpers = self.peers.iter().filter(helps).map(|peer| peer.id).collect();
            let helpers = self.sync.choose_for_headers(now, helpers);
            if let Some(peer) = self.shuffled(helpers).first() {
                self.ask_headers(now, *peer, self.chain.locator());
            }
        }
        self.request_missing(now);
    }

    /// Asks those peers that say they have more work than this node for bodies on the way to what they have.
    pub(super) fn request_missing(&mut self, now: Timestamp) {
        if !self.chain.lacks_bodies() {
            if self.sync.is_idle() && std::mem::take(&mut self.catching_up) {
                self.event(Event::SyncFinished(self.chain.tip().height));
            }
            return;
        }
        let own = self.chain.tip().work;
        let ahead = self.peers.iter().filter(|peer| peer.status.tip.work > own).map(|peer| peer.id).collect();
        let sources = self.sync.choose_for_bodies(now, ahead);
        // The way to each one's tip may be long, and somebody else may be asked for all of it already.
        for peer in self.shuffled(sources).into_iter().take(2 * SOURCES_MAX) {
            if !self.sync.has_place(now) {
                return;
            }
            let tip = self.peers.get(&peer).map(|peer| peer.status.tip.hash).unwrap_or_default();
            let missing = self.chain.missing_bodies_of(&tip);
            for request in self.sync.assign(now, &missing, &[peer]) {
                self.send(request.peer, &Message::GetBodies(request.hashes));
            }
        }
    }

    /// The same peers in an order that nobody outside can choose.
    pub(super) fn shuffled(&mut self, mut peers: Vec<PeerId>) -> Vec<PeerId> {
        for last in (1..peers.len()).rev() {
            let other = self.random_below(last as u64 + 1);
            peers.swap(last, usize::try_from(other).unwrap_or(last));
        }
        peers
    }
}
