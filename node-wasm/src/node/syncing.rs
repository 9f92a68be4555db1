//! The node's part in syncing: whom to ask, when to stop asking, and what to wait for after waking.
//!
//! ```text
//!  a peer's Status claims more work than the own chain has
//!      │ GetHeaders(locator): to one of those that claim it, by chance; after 2.5 s without an answer to the next
//!      ▼
//!  an answer of headers, each checked by the rules
//!      ├─ it shows more work than the own chain has ──────► kept, up to the first that does not hold
//!      └─ it does not, and is whole: there may be more ───► dropped; a survey remembers what the rules need
//!             │ the next answer, checked against the survey, and dropped, as long as work is missing
//!             ▼ once the work is there
//!          the second pass: the branch comes again from its fork, and is kept if it is the one that was surveyed. What
//!          came after its last whole answer was not remembered, and comes as the answer to a question of its own
//!      ▼
//!  GetBodies: of the blocks on the way to what a peer has promised, shared out over three at a time; each block that
//!  is whole may move the chain. Headers stop where they are far ahead of bodies
//! ```
//!
//! Who is asked what is in [`crate::sync`], what is checked of a branch in [`crate::chain`]'s surveys; PROTOCOL.md, "Sync",
//! says why.

#[cfg(test)]
mod tests;

use super::{Event, Node, Output, SyncOutcome};
use crate::chain::{ChainError, Survey};
use crate::consensus::RuleError;
use crate::peer::Peer;
use crate::primitives::{BlockHash, Body, Header, PeerId};
use crate::sync::{Conversation, SOURCES_MAX};
use crate::units::Timestamp;
use crate::wire::Message;

/// How many peers a question goes to: joining or waking costs a few answers, not everyone's.
const ASKED_MAX: usize = 4;
/// How long the user waits for an answer to "sync now" when nothing moves, in milliseconds.
const ASKED_MS_MAX: u64 = 15_000;
/// How long mining waits after waking, in milliseconds: time to reconnect and to hear of the tip.
const WAKING_MS: u64 = 4_000;
/// A peer whose headers are so far above the tip is not asked for more until bodies have followed. With one more
/// answer they are 2800 at most, below 1 MiB: on a chain without work, where there is nothing to outdo, headers
/// are kept at once, and this is what a peer can make of that.
const HEADERS_AHEAD_MAX: u32 = 800;

/// What an answer of headers came to.
#[derive(Default)]
struct Headers {
    /// The last of them that is known after it.
    last: Option<BlockHash>,
    /// Whether any was new.
    new: bool,
    /// What goes on with the next answer.
    survey: Option<Box<Survey>>,
    /// Why the first that was not taken was not.
    error: Option<(BlockHash, ChainError)>,
}

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

    /// A peer greets anew: it was reloaded, and has forgotten what it was asked. Asks again.
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
        let Some(mut answered) = self.sync.take_headers(&from) else { return };
        self.pay_back(&from, headers.len() as u64 * Header::SIZE as u64);
        self.settle_rounds(&from, true);
        let moved = answered.survey.as_ref().is_some_and(|survey| self.has_moved(survey, headers));
        let taken = match answered.survey.take() {
            Some(survey) if survey.is_second_pass() => self.take_again(now, survey, headers),
            survey => self.take_unproved(now, survey, headers),
        };
        if let Some(last) = taken.last {
            self.sync.note_brought(&from, last);
            self.credit(from, last);
        }
        let claimed = self.peers.get(&from).map(|peer| peer.status.tip);
        let own = self.chain.tip().work;
        let unproved = claimed.is_some_and(|tip| tip.work > own && !self.chain.contains(&tip.hash));
        let whole = taken.error.is_none() && headers.len() == Message::HEADERS_MAX;
        let goes_on = taken.survey.is_some();
        match taken.error {
            // Whose clock is ahead is no liar: what is missing comes in time.
            Some((_, ChainError::Rule(RuleError::TimeTooLate { .. }))) => self.sync.pause(now, from),
            Some((_, ChainError::UnknownParent(_))) if moved => self.sync.moved_on(now, from),
            Some((hash, error)) => {
                self.refused(hash, error);
                self.sync.rest(now, from);
            }
            // It brought nothing that leads to the tip that it speaks of.
            None if unproved && !taken.new && !goes_on => self.sync.rest(now, from),
            None => {}
        }
        let next = taken.survey.as_ref().map(|survey| survey.last());
        let next = next.or_else(|| taken.last.filter(|_| whole && self.wants_headers_of(&from)));
        if let Some(next) = next {
            answered.survey = taken.survey;
            self.ask_on(now, from, answered, next);
        }
        let missing = self.chain.missing_bodies().len();
        if missing > 1 && !std::mem::replace(&mut self.catching_up, true) {
            self.event(Event::SyncStarted { peer: from, missing });
        }
        self.catch_up(now);
    }

    /// Whether an answer that does not go on with a survey may be that of an honest peer whose best chain is another by
    /// now: it begins where it would, after the first block of the question that the peer has. In the second pass it
    /// cannot be told from a lie, but whoever got there has shown work.
    fn has_moved(&self, survey: &Survey, headers: &[Header]) -> bool {
        let known =
            |header: &Header| header.previous != survey.last() && self.chain.contains(&header.previous);
        survey.is_second_pass() || headers.first().is_some_and(known)
    }

    fn ask_on(&mut self, now: Timestamp, peer: PeerId, answered: Conversation, next: BlockHash) {
        self.sync.ask_on(now, peer, answered);
        let locator = std::iter::once(next).chain(self.chain.locator()).take(Message::LOCATOR_MAX);
        self.send(peer, &Message::GetHeaders(locator.collect()));
    }

    /// Whether a peer is asked for more headers: not while those that it brought are [`HEADERS_AHEAD_MAX`] ahead of the
    /// bodies.
    fn wants_headers_of(&self, peer: &PeerId) -> bool {
        let (own, brought) = (self.chain.tip(), self.sync.brought(peer));
        brought.and_then(|hash| self.chain.position(&hash)).is_none_or(|(height, work)| {
            work <= own.work || height.0 < own.height.0.saturating_add(HEADERS_AHEAD_MAX)
        })
    }

    /// Checks an answer, and keeps it if it shows more work than the active chain has.
    fn take_unproved(&mut self, now: Timestamp, open: Option<Box<Survey>>, headers: &[Header]) -> Headers {
        let Some(first) = headers.first() else { return Headers::default() };
        let begun = open.map_or_else(|| self.chain.survey(first.previous).map(Box::new), Ok);
        let mut survey = match begun {
            Ok(survey) => survey,
            Err(error) => return Headers { error: Some((first.hash(), error)), ..Headers::default() },
        };
        let result = self.chain.check_headers(now, &mut survey, headers);
        let good = result.as_ref().map_or_else(|(place, _)| *place, |()| headers.len());
        let error = result.err().map(|(place, error)| (headers[place].hash(), error));
        let outdone = self.chain.is_outdone_by(&survey);
        if outdone && survey.is_first_answer() {
            let kept = self.keep(now, &headers[..good]);
            return Headers { error: kept.error.or(error), ..kept };
        }
        let whole = error.is_none() && headers.len() == Message::HEADERS_MAX;
        let goes_on = whole && survey.remember_answer();
        if outdone {
            survey.start_again();
        }
        // Work that was shown counts, though the newest header is ahead of this node's clock.
        let early = matches!(error, Some((_, ChainError::Rule(RuleError::TimeTooLate { .. }))));
        let survey = Some(survey).filter(|_| if outdone { error.is_none() || early } else { goes_on });
        Headers { survey, error, ..Headers::default() }
    }

    /// Keeps an answer of a branch that has proved its work before: the second pass.
    fn take_again(&mut self, now: Timestamp, mut survey: Box<Survey>, headers: &[Header]) -> Headers {
        if !survey.repeat(headers) {
            let last = survey.last();
            return Headers { error: Some((last, ChainError::UnknownParent(last))), ..Headers::default() };
        }
        let kept = self.keep(now, headers);
        let goes_on = kept.error.is_none() && !survey.is_done();
        Headers { survey: Some(survey).filter(|_| goes_on), ..kept }
    }

    fn keep(&mut self, now: Timestamp, headers: &[Header]) -> Headers {
        let mut kept = Headers::default();
        for header in headers {
            let hash = header.hash();
            match self.chain.insert_header(now, *header) {
                Ok(new) => {
                    kept.new |= new;
                    kept.last = Some(hash);
                }
                Err(error) => {
                    kept.error = Some((hash, error));
                    break;
                }
            }
        }
        kept
    }

    pub(super) fn take_bodies(&mut self, now: Timestamp, from: PeerId, bodies: Vec<(BlockHash, Body)>) {
        let asked = self.sync.take_bodies(&from);
        // Late perhaps, and then somebody else was asked.
        if asked.is_empty() {
            return;
        }
        self.pay_back(&from, bodies.iter().map(|(_, body)| body.size()).sum());
        let (mut useful, mut wrong) = (0, false);
        for (hash, body) in bodies.into_iter().filter(|(hash, _)| asked.contains(hash)) {
            match self.chain.insert_body_with(hash, body, &|id| self.mempool.has_checked(id)) {
                Ok(outcome) => {
                    useful += 1;
                    self.isolation.came(&outcome);
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
        self.catch_up(now);
    }

    /// Gives back what reading an answer cost its sender.
    fn pay_back(&mut self, from: &PeerId, bytes: u64) {
        if let Some(peer) = self.peers.get_mut(from) {
            peer.pay_back(bytes);
        }
    }

    /// A peer does not have some blocks. What else it was asked for is still waited for.
    pub(super) fn take_not_found(&mut self, now: Timestamp, from: PeerId, hashes: &[BlockHash]) {
        self.miss_half_built(now, from, hashes);
        if self.sync.awaits_body(&from, hashes) {
            let _ = self.sync.take_bodies(&from);
            self.sync.rest(now, from);
        }
        self.request_missing(now);
    }

    /// Asks for headers of one peer that says it has more work, and for the bodies that are missing. Joining a
    /// room costs one peer's answer; should it not come, or not help, another is asked. Which one is left to chance:
    /// a claim of work costs nothing, and those with the largest claims are those that lie.
    pub(super) fn catch_up(&mut self, now: Timestamp) {
        if !self.sync.awaits_headers(now) {
            let own = self.chain.tip().work;
            let helps = |peer: &&Peer| {
                let tip = peer.status.tip;
                let unknown = tip.work > own && !self.chain.contains(&tip.hash);
                unknown && self.wants_headers_of(&peer.id)
            };
            let helpers = self.peers.iter().filter(helps).map(|peer| peer.id).collect();
            let helpers = self.sync.choose_for_headers(now, helpers);
            if let Some(peer) = self.shuffled(helpers).first() {
                self.ask_headers(now, *peer, self.chain.locator());
            }
        }
        self.request_missing(now);
    }

    /// Asks those peers that say they have more work than this node for bodies on the way to what they have. None is asked
    /// for what it did not promise: it would lack that, and seem to have lied.
    pub(super) fn request_missing(&mut self, now: Timestamp) {
        if !self.chain.lacks_bodies() {
            if self.sync.is_idle() && std::mem::take(&mut self.catching_up) {
                self.event(Event::SyncFinished(self.chain.tip().height));
            }
            return;
        }
        let own = self.chain.tip().work;
        let promises = |peer: &&Peer| peer.status.tip.work > own && self.promised_by(peer).is_some();
        let ahead = self.peers.iter().filter(promises).map(|peer| peer.id).collect();
        let sources = self.sync.choose_for_bodies(now, ahead);
        // The way to each one's tip may be long, and somebody else may be asked for all of it already.
        for peer in self.shuffled(sources).into_iter().take(2 * SOURCES_MAX) {
            if !self.sync.has_place(now) {
                return;
            }
            let promised = self.peers.get(&peer).and_then(|peer| self.promised_by(peer));
            let mut missing = promised.map_or_else(Vec::new, |hash| self.chain.missing_before(hash));
            missing.retain(|hash| !self.is_half_built(hash));
            for request in self.sync.assign(now, &missing, &[peer]) {
                self.send(request.peer, &Message::GetBodies(request.hashes));
            }
        }
    }

    /// A block that a peer is known to have, where it has more work than this node's tip: its own tip, or while the
    /// headers up to that are not here, the last one that it brought.
    fn promised_by(&self, peer: &Peer) -> Option<BlockHash> {
        let candidates = [Some(peer.status.tip.hash), self.sync.brought(&peer.id)];
        candidates.into_iter().flatten().find(|hash| self.chain.is_better(hash))
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
