//! Sync: who is asked for which headers and bodies, and what becomes of requests that are not answered.
//!
//! One request for headers and one for bodies per peer at a time; one peer at a time per body. What comes back
//! unasked is not taken. A peer that answers, and is asked for more, does not keep others from being asked for long
//! either: a chain of headers may have no end. A peer that does not answer, or lacks what it should have, is left out
//! for a while (it *rests*), each time for twice as long, and its share goes to the next; where there is no next, it is asked sooner
//! all the same. Pure bookkeeping: the node sends the requests and feeds the chain.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::Survey;
use crate::primitives::{BlockHash, PeerId};
use crate::units::Timestamp;

/// How long a peer may take to answer, in milliseconds: a slow phone with a full frame.
pub const ANSWER_MS_MAX: u64 = 8_000;
/// An answer that takes longer than this, in milliseconds, does not keep the next peer from being asked for the same:
/// each of a crowd that promises and never answers costs this much, not `ANSWER_MS_MAX`.
pub const SLOW_MS: u64 = 2_500;
/// How long a peer that did not answer, or lacked what it should have, is not asked at first, in milliseconds; ...
pub const REST_MS: u64 = 20_000;
/// ... and in the end, when it never did better. While nobody else can be asked, each rest counts as the first: bad
/// lines make honest peers fail each other, and then they are all that there is.
pub const REST_MS_MAX: u64 = 32 * REST_MS;
/// How long a peer whose headers are ahead of this node's clock is not asked, in milliseconds: they come in time. And at
/// first one whose best chain changed while its headers were on their way.
pub const PAUSE_MS: u64 = 2_000;
/// Bodies in one request: small enough to spread a sync over several peers.
pub const BATCH: usize = 256;
/// How many peers are asked for bodies at the same time: their largest answers together stay below what the relay
/// queues for one reader.
pub const SOURCES_MAX: usize = 3;

/// A request to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodiesRequest {
    /// Whom to ask.
    pub peer: PeerId,
    /// For which bodies.
    pub hashes: Vec<BlockHash>,
}

#[derive(Debug)]
struct UnderWay {
    hashes: Vec<BlockHash>,
    asked: Timestamp,
}

/// A request for headers that is open.
#[derive(Debug)]
pub struct Conversation {
    /// When the first of its answers was asked for.
    since: Timestamp,
    asked: Timestamp,
    /// What came of the answers before.
    pub survey: Option<Box<Survey>>,
}

/// A peer is left out.
#[derive(Debug)]
struct Rest {
    until: Timestamp,
    /// For how long it was, the last time that it failed; the next time it is twice that.
    ms: u64,
    /// When it may be asked where nobody else can be.
    soonest: Timestamp,
}

/// What is asked of one peer, and whether it is left out.
#[derive(Debug, Default)]
struct Source {
    headers: Option<Conversation>,
    /// The last of the headers that it brought and that were kept.
    brought: Option<BlockHash>,
    bodies: Option<UnderWay>,
    rest: Option<Rest>,
}

impl Source {
    fn rests(&self, now: Timestamp) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.until > now)
    }

    /// For twice as long as the last time, and no less than `ms_min`.
    fn leave_out(&mut self, now: Timestamp, ms_min: u64) {
        let ms = self.rest.as_ref().map_or(ms_min, |rest| (2 * rest.ms).clamp(ms_min, REST_MS_MAX));
        let soonest = now.plus_ms(ms.min(REST_MS));
        self.rest = Some(Rest { until: now.plus_ms(ms), ms, soonest });
    }

    /// Whether it is left out even where nobody else can be asked.
    fn rests_at_need(&self, now: Timestamp) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.soonest > now)
    }

    /// Does not count as a failure.
    fn pause(&mut self, now: Timestamp) {
        let rest = self.rest.get_or_insert(Rest { until: now, ms: 0, soonest: now });
        rest.until = rest.until.max(now.plus_ms(PAUSE_MS));
        rest.soonest = rest.soonest.max(now.plus_ms(PAUSE_MS));
    }

    /// Closes what was not answered in time; whether there was anything.
    fn give_up(&mut self, now: Timestamp) -> bool {
        let overdue = |asked: Timestamp| now.ms_since(asked) >= ANSWER_MS_MAX;
        let headers = self.headers.take_if(|headers| overdue(headers.asked)).is_some();
        let bodies = self.bodies.take_if(|under_way| overdue(under_way.asked)).is_some();
        headers || bodies
    }
}

/// The open requests.
#[derive(Debug, Default)]
pub struct Requests {
    // Boxed, as the other maps by peer are: to the compiler they are one type, and the page has the code of one.
    sources: BTreeMap<PeerId, Box<Source>>,
}

impl Requests {
    /// Notes a request for headers; `false` when one to this peer is open already.
    #[must_use]
    pub fn ask_headers(&mut self, now: Timestamp, peer: PeerId) -> bool {
        let source = self.sources.entry(peer).or_default();
        let free = source.headers.is_none();
        source.headers.get_or_insert(Conversation { since: now, asked: now, survey: None });
        free
    }

    /// Headers came from a peer: what they answer, if they were asked for.
    #[must_use]
    pub fn take_headers(&mut self, peer: &PeerId) -> Option<Conversation> {
        self.sources.get_mut(peer).and_then(|source| source.headers.take())
    }

    /// Notes a request for the headers after those of an answer.
    pub fn ask_on(&mut self, now: Timestamp, peer: PeerId, answered: Conversation) {
        self.sources.entry(peer).or_default().headers = Some(Conversation { asked: now, ..answered });
    }

    /// Notes the last header of a peer that was kept.
    pub fn note_brought(&mut self, peer: &PeerId, last: BlockHash) {
        if let Some(source) = self.sources.get_mut(peer) {
            source.brought = Some(last);
        }
    }

    /// What is surveyed of a peer's branch.
    #[cfg(test)]
    pub(crate) fn surveyed(&self, peer: &PeerId) -> Option<&Survey> {
        self.sources.get(peer)?.headers.as_ref()?.survey.as_deref()
    }

    /// How many answers are remembered of the branch of which most are.
    #[must_use]
    pub fn answers_max(&self) -> usize {
        let conversations = self.sources.values().filter_map(|source| source.headers.as_ref());
        let surveys = conversations.filter_map(|headers| headers.survey.as_deref());
        surveys.map(Survey::answers).max().unwrap_or_default()
    }

    /// The last header of a peer that was kept.
    #[must_use]
    pub fn brought(&self, peer: &PeerId) -> Option<BlockHash> {
        self.sources.get(peer).and_then(|source| source.brought)
    }

    /// Bodies, or the word that there are none, came from a peer: which of them were asked for. The request is
    /// closed; what it did not bring is free to be asked for again.
    #[must_use]
    pub fn take_bodies(&mut self, peer: &PeerId) -> Vec<BlockHash> {
        let under_way = self.sources.get_mut(peer).and_then(|source| source.bodies.take());
        under_way.map(|under_way| under_way.hashes).unwrap_or_default()
    }

    /// Whether the body of one of these blocks is waited for from a peer.
    #[must_use]
    pub fn awaits_body(&self, peer: &PeerId, hashes: &[BlockHash]) -> bool {
        let under_way = self.sources.get(peer).and_then(|source| source.bodies.as_ref());
        under_way.is_some_and(|under_way| under_way.hashes.iter().any(|hash| hashes.contains(hash)))
    }

    /// Leaves a peer out for a while: for twice as long as the last time.
    pub fn rest(&mut self, now: Timestamp, peer: PeerId) {
        self.sources.entry(peer).or_default().leave_out(now, REST_MS);
    }

    /// A peer's best chain changed while its headers were on their way: it is asked again soon, but not so for ever.
    pub fn moved_on(&mut self, now: Timestamp, peer: PeerId) {
        self.sources.entry(peer).or_default().leave_out(now, PAUSE_MS);
    }

    /// Leaves a peer out for a moment: what it has cannot be taken yet.
    pub fn pause(&mut self, now: Timestamp, peer: PeerId) {
        self.sources.entry(peer).or_default().pause(now);
    }

    /// A peer kept its word: what it failed before is forgotten.
    pub fn kept_word(&mut self, peer: &PeerId) {
        if let Some(source) = self.sources.get_mut(peer) {
            source.rest = None;
        }
    }

    /// Whether a peer may be asked for headers: none are being waited for from it, and it is not left out.
    #[must_use]
    pub fn is_free(&self, now: Timestamp, peer: &PeerId) -> bool {
        self.sources.get(peer).is_none_or(|source| source.headers.is_none() && !source.rests(now))
    }

    /// Whether headers were asked for so recently that nobody else should be asked yet.
    #[must_use]
    pub fn awaits_headers(&self, now: Timestamp) -> bool {
        let headers = self.sources.values().filter_map(|source| source.headers.as_ref());
        headers.into_iter().any(|headers| !is_slow(now, headers.since))
    }

    /// A peer was reloaded, and has forgotten what it was asked: it may be asked again at once, and is left out if it forgets
    /// again before it has kept its word.
    pub fn forgotten_by(&mut self, now: Timestamp, peer: &PeerId) {
        let Some(source) = self.sources.get_mut(peer) else { return };
        let (headers, bodies) = (source.headers.take(), source.bodies.take());
        if headers.is_none() && bodies.is_none() {
            return;
        }
        if source.rest.is_some() {
            source.leave_out(now, REST_MS);
        } else {
            source.rest = Some(Rest { until: now, ms: 0, soonest: now });
        }
    }

    /// Forgets a peer.
    pub fn drop_peer(&mut self, peer: &PeerId) {
        self.sources.remove(peer);
    }

    /// Closes the requests that were not answered in time; gives the peers that they went to.
    pub fn expire(&mut self, now: Timestamp) -> Vec<PeerId> {
        let mut late = Vec::new();
        for (peer, source) in &mut self.sources {
            if source.give_up(now) {
                source.leave_out(now, REST_MS);
                late.push(*peer);
            }
        }
        late
    }

    /// Whether another peer may be asked for bodies: few enough are being asked.
    #[must_use]
    pub fn has_place(&self, now: Timestamp) -> bool {
        self.prompt(now).count() < SOURCES_MAX
    }

    /// The requests for bodies that are not slow yet.
    fn prompt(&self, now: Timestamp) -> impl Iterator<Item = &UnderWay> {
        let bodies = self.sources.values().filter_map(|source| source.bodies.as_ref());
        bodies.filter(move |under_way| !is_slow(now, under_way.asked))
    }

    /// Those of `peers` that may be asked for headers: those that are not left out, or else those that were not for the
    /// last [`REST_MS`].
    #[must_use]
    pub fn choose_for_headers(&self, now: Timestamp, peers: Vec<PeerId>) -> Vec<PeerId> {
        self.choose(now, peers, |source| source.headers.is_none())
    }

    /// The same for bodies.
    #[must_use]
    pub fn choose_for_bodies(&self, now: Timestamp, peers: Vec<PeerId>) -> Vec<PeerId> {
        self.choose(now, peers, |source| source.bodies.is_none())
    }

    fn choose(&self, now: Timestamp, mut peers: Vec<PeerId>, is_free: fn(&Source) -> bool) -> Vec<PeerId> {
        let source = |peer: &PeerId| self.sources.get(peer).map(|source| &**source);
        peers.retain(|peer| source(peer).is_none_or(is_free));
        let rests = |peer: &PeerId| source(peer).is_some_and(|source| source.rests(now));
        if peers.iter().all(rests) {
            peers.retain(|peer| source(peer).is_none_or(|source| !source.rests_at_need(now)));
        } else {
            peers.retain(|peer| !rests(peer));
        }
        peers
    }

    /// Hands out `missing` bodies, the first first, to those of `peers` that are free.
    pub fn assign(&mut self, now: Timestamp, missing: &[BlockHash], peers: &[PeerId]) -> Vec<BodiesRequest> {
        let mut requests = Vec::new();
        let free = SOURCES_MAX.saturating_sub(self.prompt(now).count());
        let mut taken = BTreeSet::new();
        taken.extend(self.prompt(now).flat_map(|under_way| under_way.hashes.iter().copied()));
        let mut open = missing.iter().filter(|hash| !taken.contains(hash)).copied().peekable();
        for peer in peers {
            if open.peek().is_none() || requests.len() >= free {
                break;
            }
            let source = self.sources.entry(*peer).or_default();
            if source.bodies.is_some() || source.rests_at_need(now) {
                continue;
            }
            let hashes: Vec<BlockHash> = open.by_ref().take(BATCH).collect();
            source.bodies = Some(UnderWay { hashes: hashes.clone(), asked: now });
            requests.push(BodiesRequest { peer: *peer, hashes });
        }
        requests
    }

    /// Of how many peers something is kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether nothing is kept of anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Whether any request is open.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.sources.values().all(|source| source.headers.is_none() && source.bodies.is_none())
    }
}

fn is_slow(now: Timestamp, asked: Timestamp) -> bool {
    now.ms_since(asked) >= SLOW_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    fn hashes(count: usize) -> Vec<BlockHash> {
        let hash = |index: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&(index as u64).to_be_bytes());
            BlockHash(bytes)
        };
        (0..count).map(hash).collect()
    }

    const A: PeerId = PeerId([1; 20]);
    const B: PeerId = PeerId([2; 20]);

    #[test]
    fn bodies_are_shared_out_and_none_is_asked_for_twice() {
        let mut sync = Requests::default();
        let missing = hashes(3 * BATCH);
        let requests = sync.assign(Timestamp(0), &missing, &[A, B]);
        let asked: Vec<_> = requests.iter().map(|request| (request.peer, request.hashes.clone())).collect();
        assert_eq!(asked, [(A, missing[..BATCH].to_vec()), (B, missing[BATCH..2 * BATCH].to_vec())]);
        assert!(sync.assign(Timestamp(1), &missing, &[A, B]).is_empty(), "both are busy");
        assert_eq!(sync.take_bodies(&A).len(), BATCH);
        let next = sync.assign(Timestamp(2), &missing[BATCH..], &[A, B]);
        assert_eq!(next, [BodiesRequest { peer: A, hashes: missing[2 * BATCH..].to_vec() }]);
    }

    #[test]
    fn a_silent_peers_share_goes_to_another() {
        let mut sync = Requests::default();
        let missing = hashes(2);
        assert_eq!(sync.assign(Timestamp(0), &missing, &[A]).len(), 1);
        assert!(sync.expire(Timestamp(ANSWER_MS_MAX - 1)).is_empty());
        assert_eq!(sync.expire(Timestamp(ANSWER_MS_MAX)), [A]);
        let again = sync.assign(Timestamp(ANSWER_MS_MAX), &missing, &[A, B]);
        assert_eq!(again, [BodiesRequest { peer: B, hashes: missing.clone() }]);
        assert!(sync.take_bodies(&A).is_empty(), "the late answer was not asked for any more");
        sync.drop_peer(&B);
        assert!(sync.expire(Timestamp(ANSWER_MS_MAX + REST_MS)).is_empty());
        assert_eq!(sync.assign(Timestamp(ANSWER_MS_MAX + REST_MS), &missing, &[A]).len(), 1);
    }

    #[test]
    fn what_a_peer_lacks_may_be_something_that_it_was_not_asked_for() {
        let mut sync = Requests::default();
        let asked = hashes(3);
        assert!(!sync.awaits_body(&A, &asked));
        assert_eq!(sync.assign(Timestamp(0), &asked[..2], &[A]).len(), 1);
        assert!(sync.awaits_body(&A, &asked[1..]));
        assert!(
            !sync.awaits_body(&A, &asked[2..]) && !sync.awaits_body(&A, &[]) && !sync.awaits_body(&B, &asked)
        );
    }

    #[test]
    fn only_a_few_peers_are_asked_at_the_same_time() {
        let mut sync = Requests::default();
        let peers: Vec<PeerId> = (0..9).map(|number| PeerId([number; 20])).collect();
        assert_eq!(sync.assign(Timestamp(0), &hashes(9 * BATCH), &peers).len(), SOURCES_MAX);
    }

    #[test]
    fn headers_are_asked_for_once_at_a_time() {
        let mut sync = Requests::default();
        assert!(sync.take_headers(&A).is_none(), "nothing was asked for");
        assert!(sync.ask_headers(Timestamp(0), A));
        assert!(!sync.ask_headers(Timestamp(1), A));
        assert!(sync.take_headers(&A).is_some());
        assert!(sync.ask_headers(Timestamp(2), A));
    }

    #[test]
    fn a_slow_answer_does_not_keep_the_next_peer_from_being_asked() {
        let mut sync = Requests::default();
        assert!(sync.ask_headers(Timestamp(0), A));
        assert!(sync.awaits_headers(Timestamp(SLOW_MS - 1)));
        assert!(!sync.awaits_headers(Timestamp(SLOW_MS)));
        assert!(!sync.is_free(Timestamp(SLOW_MS), &A) && sync.is_free(Timestamp(SLOW_MS), &B));
        assert!(sync.take_headers(&A).is_some(), "it may still answer");
        let missing = hashes(2);
        assert_eq!(sync.assign(Timestamp(0), &missing, &[A, B]).len(), 1);
        assert!(sync.assign(Timestamp(SLOW_MS - 1), &missing, &[A, B]).is_empty());
        let again = sync.assign(Timestamp(SLOW_MS), &missing, &[A, B]);
        assert_eq!(again, [BodiesRequest { peer: B, hashes: missing.clone() }]);
        assert_eq!(sync.take_bodies(&A), missing, "it may still answer");
    }

    #[test]
    fn whoever_forgets_is_asked_again_at_once_but_once() {
        let mut requests = Requests::default();
        let ask = |requests: &mut Requests, now| assert!(requests.ask_headers(now, A));
        ask(&mut requests, Timestamp(0));
        requests.forgotten_by(Timestamp(1), &A);
        assert!(requests.is_free(Timestamp(1), &A), "it has reloaded");
        ask(&mut requests, Timestamp(1));
        requests.forgotten_by(Timestamp(2), &A);
        assert!(
            !requests.is_free(Timestamp(1 + REST_MS), &A) && requests.is_free(Timestamp(2 + REST_MS), &A)
        );
        requests.forgotten_by(Timestamp(3), &A);
        assert!(requests.is_free(Timestamp(2 + REST_MS), &A), "nothing was asked that it could forget");
        ask(&mut requests, Timestamp(2 + REST_MS));
        requests.forgotten_by(Timestamp(2 + REST_MS), &A);
        assert!(!requests.is_free(Timestamp(1 + 3 * REST_MS), &A), "and twice as long each time");
    }

    #[test]
    fn whoever_fails_again_rests_twice_as_long_until_it_keeps_its_word() {
        let mut sync = Requests::default();
        let mut now = Timestamp(0);
        for ms in [REST_MS, 2 * REST_MS, 4 * REST_MS, 8 * REST_MS, 16 * REST_MS, REST_MS_MAX, REST_MS_MAX] {
            sync.rest(now, A);
            assert!(!sync.is_free(now.plus_ms(ms - 1), &A));
            now = now.plus_ms(ms);
            assert!(sync.is_free(now, &A));
        }
        sync.kept_word(&A);
        sync.rest(now, A);
        assert!(sync.is_free(now.plus_ms(REST_MS), &A));
    }

    #[test]
    fn whoever_reorganises_is_asked_again_soon_and_later_each_time_until_it_keeps_its_word() {
        let mut sync = Requests::default();
        let mut now = Timestamp(0);
        let mut check = |sync: &mut Requests, ms: u64| {
            sync.moved_on(now, A);
            let at_need = |now| sync.choose_for_headers(now, vec![A]) == [A];
            assert!(!sync.is_free(now.plus_ms(ms - 1), &A) && !at_need(now.plus_ms(ms.min(REST_MS) - 1)));
            assert!(sync.is_free(now.plus_ms(ms), &A) && at_need(now.plus_ms(ms.min(REST_MS))));
            now = now.plus_ms(ms);
        };
        (0..5).for_each(|times| check(&mut sync, PAUSE_MS << times));
        sync.kept_word(&A);
        check(&mut sync, PAUSE_MS);
        // What else it fails costs it no less for that.
        sync.rest(Timestamp(1 << 20), A);
        assert!(!sync.is_free(Timestamp((1 << 20) + REST_MS - 1), &A));
    }

    #[test]
    fn whoever_rests_is_asked_where_nobody_else_can_be() {
        let mut sync = Requests::default();
        let failed = Timestamp(0);
        (0..6).for_each(|_| sync.rest(failed, A));
        let soon = failed.plus_ms(REST_MS);
        for choose in [Requests::choose_for_headers, Requests::choose_for_bodies] {
            assert_eq!(choose(&sync, soon, vec![A, B]), [B], "others come first");
            assert!(choose(&sync, Timestamp(soon.0 - 1), vec![A]).is_empty());
            assert_eq!(choose(&sync, soon, vec![A]), [A]);
        }
        let missing = hashes(1);
        assert_eq!(sync.assign(soon, &missing, &[A]), [BodiesRequest { peer: A, hashes: missing.clone() }]);
        assert!(sync.choose_for_bodies(soon, vec![A]).is_empty(), "one request at a time");
        // What it has comes in time: it is not asked for it again and again.
        sync.pause(soon, A);
        assert!(sync.choose_for_headers(Timestamp(soon.0 + PAUSE_MS - 1), vec![A]).is_empty());
        assert_eq!(sync.choose_for_headers(soon.plus_ms(PAUSE_MS), vec![A]), [A]);
    }
}
