//! The node's sans-IO boundary: inputs in, outputs out.
//!
//! The host's whole loop:
//!
//! ```text
//! node.handle(now, input);                       // whatever happened, or Input::Tick
//! while let Some(output) = node.poll() { perform(output) }
//! wait until something happens, or node.next_timeout()
//! ```
//!
//! The same stream of `(now, input)` leads to the same state. No secret enters a node: the wallet signs payments and
//! the host seals frames.

mod bounds;
mod compact;
mod declined;
mod event;
mod io;
mod isolation;
mod mining;
mod network;
mod restoring;
mod syncing;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod threats;

use std::collections::{BTreeMap, VecDeque};

pub use bounds::Bound;
pub use event::Event;
pub use io::{Config, Input, MempoolChange, Output, SyncOutcome};

use crate::chain::{Chain, ChainError, Outcome};
use crate::consensus::check_payment;
use crate::crypto::PublicKey;
use crate::mempool::{EXPIRY_MS, Mempool, MempoolError, Waiting};
use crate::peer::{LinkId, Peers, Refusal};
use crate::primitives::{Block, BlockHash, PeerId, TransactionId};
use crate::spread::Spread;
use crate::sync::Requests;
use crate::token_bucket::TokenBucket;
use crate::units::Timestamp;
use crate::wire::{CompactBlock, Message, Status};
use compact::HalfBuilt;
use declined::Declined;
use isolation::Isolation;
use mining::Mining;
use network::Inventory;
use syncing::Round;

/// How often the node looks after what waits for nothing else, in milliseconds. The miner's clock in headers has
/// seconds, so this is also how often its job is renewed.
const BEAT_MS: u64 = 1000;
/// A beat that comes so much too late, in milliseconds, means that this node was away: peers are not silent for it.
const AWAY_MS: u64 = 15_000;
/// Blocks from a clock that is ahead that are kept until their time has come.
const EARLY_MAX: usize = 8;
/// Strangers whose refusal was reported, so that each is reported once.
const REPORTED_MAX: usize = 64;

/// A full node.
#[derive(Debug)]
pub struct Node {
    key: PublicKey,
    id: PeerId,
    chain: Chain,
    mempool: Mempool,
    peers: Peers,
    sync: Requests,
    mining: Mining,
    /// The user's question whether there is a better chain.
    asked: Option<Round>,
    /// The questions after waking; mining waits for them.
    waking: Option<Round>,
    /// Whether a sync was reported as started.
    catching_up: bool,
    isolation: Isolation,
    /// Announced blocks whose time has not come, and from where.
    early: VecDeque<(Option<LinkId>, PeerId, CompactBlock)>,
    half_built: Vec<HalfBuilt>,
    /// Whom the next inventory may be asked of, and when.
    inventories: BTreeMap<PeerId, Box<Inventory>>,
    declined: Declined,
    /// Questions for bodies that are still being loaded.
    waiting: Vec<(PeerId, Vec<BlockHash>)>,
    /// What may still be said in answer to questions, in bytes.
    answers: TokenBucket,
    greetings: TokenBucket,
    refusals: Vec<(Refusal, u64)>,
    reported: Vec<PeerId>,
    spread: Spread,
    beat_due: Timestamp,
    beats: u64,
    status_due: Timestamp,
    outputs: VecDeque<Output>,
}

impl Node {
    /// A node at its room's genesis.
    #[must_use]
    pub fn new(config: Config, now: Timestamp) -> Self {
        let id = PeerId::of(&config.node_key);
        let chain = Chain::new(config.params);
        Self {
            key: config.node_key,
            id,
            peers: Peers::new(id, chain.genesis()),
            chain,
            mempool: Mempool::default(),
            sync: Requests::default(),
            mining: Mining::new(config.seed),
            asked: None,
            waking: None,
            catching_up: false,
            isolation: Isolation::default(),
            early: VecDeque::new(),
            half_built: Vec::new(),
            inventories: BTreeMap::new(),
            declined: Declined::default(),
            waiting: Vec::new(),
            answers: TokenBucket::new(now, network::ANSWER_BYTES_BURST, network::ANSWER_BYTES_PER_SECOND),
            greetings: TokenBucket::new(now, network::GREETINGS_BURST, network::GREETINGS_PER_SECOND),
            refusals: Vec::new(),
            reported: Vec::new(),
            spread: Spread::new(config.seed),
            beat_due: now,
            beats: 0,
            status_due: now,
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened. Infallible; drain [`Self::poll`] before the next call.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        match input {
            Input::Tick => {}
            Input::LinkUp { link, medium, session } => self.peers.link_up(link, medium, session),
            Input::LinkDown { link } => {
                for peer in self.peers.link_down(link) {
                    self.peer_gone(now, peer);
                }
            }
            Input::PeerJoined { link, peer } => {
                if self.peers.joined(now, link, peer) {
                    self.greet(now, link, peer, None);
                }
            }
            Input::PeerLeft { link, peer } => {
                if self.peers.left(link, peer) {
                    self.peer_gone(now, peer);
                }
            }
            Input::Received { link, bytes } => self.receive(now, link, &bytes),
            Input::Submit(transaction) => {
                let waiting = Waiting::new(now, transaction);
                self.declined.remove(&waiting.id);
                let result = self.take_payment(waiting, None);
                self.outputs.push_back(Output::Submitted(result));
            }
            Input::Mine(payout) => self.mining.set_payout(payout),
            Input::Mined { job, nonce } => self.take_solution(now, job, nonce),
            Input::Woke => self.wake(now),
            Input::Sync => self.ask_everyone(now),
            Input::Import(blocks) => self.import(now, blocks),
        }
        self.beat(now);
        self.close_rounds(now);
        self.renew_job(now);
    }

    /// The next effect for the host to perform.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When the host must feed `Input::Tick`, at the latest.
    #[must_use]
    pub const fn next_timeout(&self) -> Option<Timestamp> {
        Some(self.beat_due)
    }

    /// This node's identity.
    #[must_use]
    pub const fn id(&self) -> PeerId {
        self.id
    }

    /// The chain.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The waiting payments.
    #[must_use]
    pub const fn mempool(&self) -> &Mempool {
        &self.mempool
    }

    /// The peers.
    #[must_use]
    pub const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// How many frames were dropped, by reason.
    #[must_use]
    pub fn refusals(&self) -> &[(Refusal, u64)] {
        &self.refusals
    }

    /// Whether mining waits for the answers of the peers after waking.
    #[must_use]
    pub const fn is_waking(&self) -> bool {
        self.waking.is_some()
    }

    /// Whether this node is possibly cut off from its room: [`Event::PossiblyIsolated`] said so, and nothing has
    /// changed since.
    #[must_use]
    pub const fn is_isolated(&self) -> bool {
        self.isolation.is_told()
    }

    /// How many blocks are known by their headers and still missing.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.chain.missing_bodies().len()
    }

    /// Looks after what waits for nothing but time.
    fn beat(&mut self, now: Timestamp) {
        // A clock that was set back must not stop the beat.
        self.beat_due = self.beat_due.min(now.plus_ms(BEAT_MS));
        if now < self.beat_due {
            return;
        }
        if now.ms_since(self.beat_due) > AWAY_MS {
            self.peers.excuse_silence(now);
            self.isolation.begin_anew();
        }
        self.beat_due = now.plus_ms(BEAT_MS);
        self.beats += 1;
        self.peers.forget_answers();
        for peer in self.peers.drop_silent(now) {
            self.peer_gone(now, peer);
        }
        for (link, peer) in self.peers.ungreeted(now) {
            self.greet(now, link, peer, None);
        }
        for peer in self.sync.expire(now) {
            self.event(Event::PeerStalled(peer));
        }
        self.look_after_half_built(now);
        self.catch_up(now);
        self.look_for_isolation(now);
        self.ask_for_inventory(now);
        self.ping_some(now);
        self.retry_early(now);
        self.declined.forget_due(now);
        let removed = self.mempool.expire(now);
        removed.iter().for_each(|id| self.declined.insert(now, *id, EXPIRY_MS));
        self.mempool_changed(MempoolChange { added: Vec::new(), removed });
        self.status_due = self.status_due.min(now.plus_ms(network::STATUS_MS));
        if now >= self.status_due {
            self.cast_status(now);
        }
        self.mining.outdate();
    }

    fn status(&self) -> Status {
        Status { tip: self.chain.tip(), mempool: self.mempool.digest() }
    }

    /// Takes a payment from the user or from a peer on a link, and passes it on if it is new.
    fn take_payment(
        &mut self,
        waiting: Waiting,
        from: Option<LinkId>,
    ) -> Result<TransactionId, MempoolError> {
        let (id, transaction) = (waiting.id, waiting.transaction.clone());
        if self.mempool.get(&id).is_some() {
            return Err(MempoolError::Duplicate);
        }
        let account = self.chain.account(&waiting.sender);
        if transaction.payment.nonce >= account.nonce {
            check_payment(self.chain.params(), &self.chain.genesis(), &transaction)?;
        }
        let removed = self.mempool.insert(waiting, account)?;
        self.mempool_changed(MempoolChange { added: vec![id], removed });
        self.cast(from, &Message::Transactions(vec![(*transaction).clone()]));
        Ok(id)
    }

    /// Takes a whole block. The signatures of payments that wait here were checked when they came.
    fn insert_block(&mut self, now: Timestamp, block: Block) -> Result<Outcome, ChainError> {
        self.chain.insert_block_with(now, block, &|id| self.mempool.has_checked(id))
    }

    /// Follows what the chain made of a block; whether the best chain changed.
    fn follow(&mut self, now: Timestamp, outcome: Outcome) -> bool {
        for (hash, rule) in outcome.invalid {
            self.event(Event::BlockRefused { hash, rule });
        }
        let Some(update) = outcome.update else { return false };
        let chain = &self.chain;
        let (added, removed) = self.mempool.follow(now, &update, |address| chain.account(address));
        self.outputs.push_back(Output::Chain(update));
        self.mempool_changed(MempoolChange { added, removed });
        self.mining.tip_changed();
        self.prolong_asked(now);
        let soon = now.plus_ms(network::STATUS_SOON_MS + self.random_below(network::STATUS_SPREAD_MS));
        self.status_due = self.status_due.min(soon);
        true
    }

    fn mempool_changed(&mut self, change: MempoolChange) {
        if !change.added.is_empty() || !change.removed.is_empty() {
            self.outputs.push_back(Output::Mempool(change));
        }
    }

    fn import(&mut self, now: Timestamp, blocks: Vec<Block>) {
        let (mut new, mut error) = (0, None);
        for (index, block) in blocks.into_iter().enumerate() {
            let hash = block.hash();
            match self.import_block(now, hash, block) {
                Ok(added) => new += u32::from(added),
                Err(why) => {
                    error = Some((index, hash, why));
                    break;
                }
            }
        }
        self.outputs.push_back(Output::Imported { new, error });
    }

    fn import_block(&mut self, now: Timestamp, hash: BlockHash, block: Block) -> Result<bool, ChainError> {
        let new = self.chain.block(&hash).is_none();
        self.chain.insert_header(now, block.header)?;
        let outcome = self.chain.insert_body(hash, block.body)?;
        let broken = outcome.invalid.iter().find(|(bad, _)| *bad == hash).map(|(_, rule)| rule.clone());
        self.follow(now, outcome);
        broken.map_or(Ok(new), |rule| Err(rule.into()))
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// A number below `bound` that spreads timers and choices; not for secrets.
    const fn random_below(&mut self, bound: u64) -> u64 {
        self.spread.below(bound)
    }
}
