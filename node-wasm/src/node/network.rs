//! The node's part in the network: greeting, answering, passing on.

use super::{Event, Node, Output, REPORTED_MAX};
use crate::chain::ChainError;
use crate::mempool::{MempoolError, Waiting};
use crate::peer::{Accepted, LinkId, Peer, Peers, Refusal};
use crate::primitives::{BlockHash, PeerId, TransactionId};
use crate::units::Timestamp;
use crate::wire::{Message, SessionId, Status, Tip};

/// A sign of life is cast at least so often, in milliseconds.
pub(super) const STATUS_MS: u64 = 15_000;
/// After a change of the tip it is cast after this time, in milliseconds, ...
pub(super) const STATUS_SOON_MS: u64 = 300;
/// ... and up to so much later, so that a room does not answer a block with one voice.
pub(super) const STATUS_SPREAD_MS: u64 = 1_500;
/// Each peer is pinged once in so many beats, for its latency, ...
const PING_BEATS: u64 = 20;
/// ... and so many in that time: where there are more, all have their turn, each so much more rarely. Those that the panel
/// shows first, in the order of ids, are also pinged until they have answered once.
const PINGED_MAX: usize = 32;
/// A peer is not asked for its inventory again for so long, in milliseconds, ...
const INVENTORY_REST_MS: u64 = 60_000;
/// ... but for this time only once the last one brought a payment, or the peer's mempool has changed.
const INVENTORY_MS: u64 = 5_000;

/// A payment that was not taken is not fetched again for so long, in milliseconds: what was not affordable may be then.
const DECLINED_MS: u64 = 60_000;

/// What all answers together may come to at once, in bytes: half of what the relay takes from one socket, so that
/// this node's own blocks and payments always get through.
pub(super) const ANSWER_BYTES_BURST: u64 = 32 << 20;
/// The same per second after the burst.
pub(super) const ANSWER_BYTES_PER_SECOND: u64 = 8 << 20;
/// What of the burst is left to those that were answered less than the average of late: whoever asks without end, by
/// however many keys, keeps nobody else from an answer.
pub(super) const ANSWER_BYTES_RESERVED: u64 = ANSWER_BYTES_BURST / 2;
/// What an answer counts at least, in bytes: the relay counts messages too, and this keeps answers at half of those.
const ANSWER_BYTES_MIN: u64 = 16 << 10;
/// How many bytes of bodies are gathered for one token of the asker's budget: about what is copied, encoded and hashed in
/// the time that a signature takes.
const BODIES_BYTES_PER_TOKEN: u64 = 16 << 10;

/// Greetings at once, four for each member of the relay's largest room, ...
pub(super) const GREETINGS_BURST: u64 = 2_048;
/// ... and per second after those: with the answers, three quarters of the messages that the relay takes.
pub(super) const GREETINGS_PER_SECOND: u64 = 256;
/// What a greeting costs its sender's budget: as much as the question that it may lead to.
const GREETING_COST: u64 = 20;

/// What a node knows of the next inventory of a peer.
#[derive(Debug)]
pub(super) struct Inventory {
    /// When it may be asked for.
    due: Timestamp,
    /// Whether it was, and did not come yet.
    asked: bool,
}

impl Node {
    pub(super) fn receive(&mut self, now: Timestamp, link: LinkId, bytes: &[u8]) {
        match self.peers.accept(now, link, bytes) {
            Ok(None) => {}
            Ok(Some(Accepted::Stranger(peer))) => self.greet(now, link, peer, None),
            // A greeting of a peer can lead to a question and an answer. One that is new has just come to its budget.
            Ok(Some(Accepted::Hello { from, .. })) if !self.may_greet(now, &from) => {
                self.count(Refusal::TooFast);
            }
            Ok(Some(Accepted::Hello { from, echo, new, again })) => {
                if echo.is_some() {
                    self.greet(now, link, from, echo);
                }
                if new {
                    self.event(Event::PeerConnected { peer: from, medium: self.peers.medium(link) });
                    self.catch_up(now);
                }
                if again {
                    self.ask_again(now, from);
                }
            }
            Ok(Some(Accepted::Message(from, message))) => {
                if self.peers.get_mut(&from).is_some_and(|peer| peer.budget.spend(now, cost(&message))) {
                    self.take_message(now, link, from, message);
                } else {
                    self.count(Refusal::TooFast);
                }
            }
            Err(refusal) => {
                self.count(refusal);
                self.report(bytes, refusal);
            }
        }
    }

    fn may_greet(&mut self, now: Timestamp, from: &PeerId) -> bool {
        self.peers.get_mut(from).is_none_or(|peer| peer.budget.spend(now, GREETING_COST))
    }

    fn take_message(&mut self, now: Timestamp, link: LinkId, from: PeerId, message: Message) {
        match message {
            // The table has answered it.
            Message::Hello(_) => {}
            Message::Status(status) => self.take_status(now, from, status),
            Message::Ping(token) => self.answer(now, from, &Message::Pong(token)),
            Message::Pong(token) => {
                if let Some(peer) = self.peers.get_mut(&from) {
                    peer.ponged(now, token);
                }
            }
            Message::Transactions(transactions) => {
                let came = |transaction| Waiting::new(now, transaction);
                let came: Vec<Waiting> = transactions.into_iter().map(came).collect();
                self.fill(now, &came);
                let digest = self.mempool.digest();
                for payment in came {
                    self.take_passed_on(now, link, payment);
                }
                if self.mempool.digest() != digest {
                    self.hasten_inventory(now, &from);
                }
            }
            Message::CompactBlock(compact) => self.take_compact(now, Some(link), from, *compact),
            Message::GetHeaders(locator) => {
                let headers = self.chain.headers_after(&locator, Message::HEADERS_MAX);
                self.answer(now, from, &Message::Headers(headers));
            }
            Message::Headers(headers) => self.take_headers(now, from, &headers),
            Message::GetBodies(hashes) => self.serve_bodies(now, from, &hashes),
            Message::Bodies(bodies) => self.take_bodies(now, from, bodies),
            Message::NotFound(hashes) => self.take_not_found(now, from, &hashes),
            Message::GetInventory => {
                let ids =
                    self.mempool.iter().map(|waiting| waiting.id).take(Message::INVENTORY_MAX).collect();
                self.answer(now, from, &Message::Inventory(ids));
            }
            Message::Inventory(ids) => self.take_inventory(now, from, &ids),
            Message::GetTransactions(ids) => {
                let waiting = ids.iter().filter_map(|id| self.mempool.get(id));
                let transactions = waiting.map(|waiting| (*waiting.transaction).clone()).collect();
                self.answer(now, from, &Message::Transactions(transactions));
            }
            Message::GetBlockTransactions(places, hash) => {
                self.serve_block_transactions(now, from, &places, hash);
            }
        }
    }

    /// A payment that a peer passed on. What does not hold is dropped, and not fetched again for a while; it is no
    /// reason to think ill of the peer.
    fn take_passed_on(&mut self, now: Timestamp, link: LinkId, payment: Waiting) {
        let id = payment.id;
        if self.declined.contains(now, &id) {
            return;
        }
        match self.take_payment(payment, Some(link)) {
            Ok(_) | Err(MempoolError::Duplicate) => {}
            Err(_) => self.declined.insert(now, id, DECLINED_MS),
        }
    }

    fn take_status(&mut self, now: Timestamp, from: PeerId, status: Status) {
        if let Some(peer) = self.peers.get_mut(&from) {
            let before = peer.status;
            peer.tells(now, status);
            if before.mempool != status.mempool {
                self.hasten_inventory(now, &from);
            }
        }
        self.catch_up(now);
    }

    /// Notes that a peer has a block: it sent it, or its header.
    pub(super) fn credit(&mut self, peer: PeerId, hash: BlockHash) {
        if let (Some(peer), Some((height, work))) = (self.peers.get_mut(&peer), self.chain.position(&hash))
            && work > peer.status.tip.work
        {
            peer.status.tip = Tip { hash, height, work };
        }
    }

    pub(super) fn serve_bodies(&mut self, now: Timestamp, to: PeerId, hashes: &[BlockHash]) {
        if self.wait_for_bodies(to, hashes) {
            return;
        }
        let (mut blocks, mut bytes) = (Vec::new(), 0);
        for hash in hashes {
            let Some(block) = self.chain.block(hash) else { continue };
            let more = bytes + block.body.size();
            if more > Message::BODIES_BYTES_MAX && !blocks.is_empty() {
                break;
            }
            bytes = more;
            blocks.push((*hash, block));
        }
        if blocks.is_empty() {
            return self.answer(now, to, &Message::NotFound(hashes.to_vec()));
        }
        // What is asked for is small, and what it costs is the answer: it is paid for, and there is room to say it, before
        // any of it is copied.
        let cost = bytes / BODIES_BYTES_PER_TOKEN;
        let is_paid = self.peers.get_mut(&to).is_some_and(|peer| peer.budget.spend(now, cost));
        if is_paid && self.may_answer(now, &to, bytes) {
            let bodies = blocks.iter().map(|(hash, block)| (*hash, block.body.clone()));
            self.send(to, &Message::Bodies(bodies.collect()));
        } else {
            self.count(Refusal::TooFast);
        }
    }

    /// Asks one peer whose mempool differs for what is in it, once this node is not behind any more. Which one is
    /// left to chance: ids can be chosen, and a difference costs nothing to claim.
    pub(super) fn ask_for_inventory(&mut self, now: Timestamp) {
        let (own, digest) = (self.chain.tip().work, self.mempool.digest());
        let due = |peer: &PeerId| self.inventories.get(peer).is_none_or(|inventory| inventory.due <= now);
        let differs = |peer: &&Peer| {
            peer.status.mempool != digest
                && peer.status.mempool != 0
                && peer.status.tip.work <= own
                && due(&peer.id)
        };
        let others = self.peers.iter().filter(differs).map(|peer| peer.id).collect();
        if let Some(peer) = self.shuffled(others).first() {
            let inventory = Inventory { due: now.plus_ms(INVENTORY_REST_MS), asked: true };
            self.inventories.insert(*peer, Box::new(inventory));
            self.send(*peer, &Message::GetInventory);
        }
    }

    fn hasten_inventory(&mut self, now: Timestamp, from: &PeerId) {
        if let Some(inventory) = self.inventories.get_mut(from) {
            inventory.due = inventory.due.min(now.plus_ms(INVENTORY_MS));
        }
    }

    fn take_inventory(&mut self, now: Timestamp, from: PeerId, ids: &[TransactionId]) {
        let Some(inventory) = self.inventories.get_mut(&from) else { return };
        if !std::mem::take(&mut inventory.asked) {
            return;
        }
        let wanted: Vec<TransactionId> = ids
            .iter()
            .filter(|id| self.mempool.get(id).is_none() && !self.declined.contains(now, id))
            .take(Message::TRANSACTIONS_MAX)
            .copied()
            .collect();
        if !wanted.is_empty() {
            self.send(from, &Message::GetTransactions(wanted));
        }
    }

    pub(super) fn ping_some(&mut self, now: Timestamp) {
        let (beats, rounds) = (self.beats, self.peers.len().div_ceil(PINGED_MAX) as u64);
        let turn = |index: usize| (index as u64 + beats).is_multiple_of(PING_BEATS * rounds);
        let unknown = |index: usize, peer: &Peer| index < PINGED_MAX && peer.latency_ms.is_none();
        let peers = self.peers.iter().enumerate();
        let due: Vec<PeerId> = peers
            .filter(|(index, peer)| peer.may_ping(now) && (unknown(*index, peer) || turn(*index)))
            .map(|(_, peer)| peer.id)
            .collect();
        for id in due {
            let token = self.random_below(u64::MAX);
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.pinged(now, token);
            }
            self.send(id, &Message::Ping(token));
        }
    }

    pub(super) fn cast_status(&mut self, now: Timestamp) {
        self.status_due = now.plus_ms(STATUS_MS - self.random_below(STATUS_SPREAD_MS));
        self.cast_on(self.peers.links_with_members(), &Message::Status(self.status()));
    }

    /// Sends a message to everyone whom a cast on `except` did not reach.
    pub(super) fn cast(&mut self, except: Option<LinkId>, message: &Message) {
        self.cast_on(self.peers.cast_links(except), message);
    }

    fn cast_on(&mut self, links: Vec<LinkId>, message: &Message) {
        for link in links {
            if let Some(frame) = self.peers.frame(link, None, message) {
                self.outputs.push_back(Output::Send { link, frame });
            }
        }
    }

    /// Sends a message to a peer by the shortest way.
    pub(super) fn send(&mut self, peer: PeerId, message: &Message) {
        let Some(link) = self.peers.path(&peer) else { return };
        if let Some(frame) = self.peers.frame(link, Some(peer), message) {
            self.outputs.push_back(Output::Send { link, frame });
        }
    }

    /// Answers a peer's question, unless this node has said too much of late.
    pub(super) fn answer(&mut self, now: Timestamp, peer: PeerId, message: &Message) {
        let Some(link) = self.peers.path(&peer) else { return };
        let Some(frame) = self.peers.frame(link, Some(peer), message) else { return };
        if self.may_answer(now, &peer, frame.payload.len() as u64) {
            self.outputs.push_back(Output::Send { link, frame });
        } else {
            self.count(Refusal::TooFast);
        }
    }

    /// Whether there is room for an answer of so many bytes, which it takes then. Keys are free, so that a budget for
    /// each peer alone would let a stranger with many of them have this node sent away by the relay.
    fn may_answer(&mut self, now: Timestamp, peer: &PeerId, bytes: u64) -> bool {
        let bytes = bytes + ANSWER_BYTES_MIN;
        let reserve = if self.peers.has_had_its_share(peer) { ANSWER_BYTES_RESERVED } else { 0 };
        let may = self.answers.spend_above(now, bytes, reserve);
        if let Some(peer) = self.peers.get_mut(peer).filter(|_| may) {
            peer.answered_bytes = peer.answered_bytes.saturating_add(bytes);
        }
        may
    }

    /// Greets someone, unless there was too much greeting of late: who comes and goes often enough would otherwise have
    /// the relay send everyone else away. Whoever is left out is greeted again later, and may greet by itself.
    pub(super) fn greet(&mut self, now: Timestamp, link: LinkId, peer: PeerId, echo: Option<SessionId>) {
        if !self.greetings.spend(now, 1) {
            return;
        }
        let hello = Peers::hello(self.key, echo, self.status());
        if let Some(frame) = self.peers.frame(link, Some(peer), &hello) {
            self.outputs.push_back(Output::Send { link, frame });
        }
    }

    pub(super) fn peer_gone(&mut self, now: Timestamp, peer: PeerId) {
        self.sync.drop_peer(&peer);
        self.inventories.remove(&peer);
        self.waiting.retain(|(waiting, _)| *waiting != peer);
        self.settle_rounds(&peer, false);
        self.event(Event::PeerGone(peer));
        self.request_missing(now);
    }

    /// Reports a block that broke a rule. What is merely out of place is no news.
    pub(super) fn refused(&mut self, hash: BlockHash, error: ChainError) {
        if let ChainError::Rule(rule) = error {
            self.event(Event::BlockRefused { hash, rule });
        }
    }

    fn count(&mut self, refusal: Refusal) {
        match self.refusals.iter_mut().find(|(other, _)| *other == refusal) {
            Some((_, count)) => *count += 1,
            None => self.refusals.push((refusal, 1)),
        }
    }

    /// Reports a stranger that cannot become a peer, once.
    fn report(&mut self, bytes: &[u8], why: Refusal) {
        if !matches!(why, Refusal::OtherGenesis | Refusal::OtherVersion)
            || self.reported.len() >= REPORTED_MAX
        {
            return;
        }
        let Ok(frame) = crate::wire::Frame::decode(bytes) else { return };
        let peer = frame.unsealed.origin;
        if !self.reported.contains(&peer) {
            self.reported.push(peer);
            self.event(Event::PeerRefused { peer, why });
        }
    }
}

/// What a message costs its sender's budget: about the signatures to check, or the bytes to gather.
fn cost(message: &Message) -> u64 {
    let cost = match message {
        Message::Transactions(list) => list.len(),
        Message::CompactBlock(compact) => 20 + compact.ids.len(),
        Message::GetBlockTransactions(places, _) => 1 + places.len() / 8,
        Message::GetHeaders(_) | Message::GetInventory => 20,
        // What is found is paid for once its size is known.
        Message::GetBodies(hashes) => 1 + hashes.len() / 32,
        Message::GetTransactions(ids) | Message::Inventory(ids) => 1 + ids.len() / 8,
        Message::Hello(_)
        | Message::Status(_)
        | Message::Ping(_)
        | Message::Pong(_)
        | Message::Headers(_)
        | Message::Bodies(_)
        | Message::NotFound(_) => 1,
    };
    cost as u64
}
