//! The world: players, lines and relay on one clock, one event at a time, in an order that the seed decides.
//!
//! An event is handled to its end, as a host does it: the node takes its input, every output is performed, and then
//! the checks are made that it may have broken. The first that fails ends the run. Each output goes into the
//! audit, one running hash: two runs are the same if their hashes are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use super::check::{Checked, Checker};
use super::network::Network;
use super::plan::{Fault, Plan};
use super::player::{Life, Player};
use super::random::{Purpose, Random};
use super::relay::Relay;
use super::report::Report;
use super::switch::NewSwitch;
use super::{conduct::Conduct, pace};
use crate::chain::ChainUpdate;
use crate::consensus::ChainParams;
use crate::crypto::sha256;
use crate::node::{Event, Input, Output};
use crate::peer::LinkId;
use crate::primitives::{BlockHash, PeerId, Transaction};
use crate::units::Timestamp;
use crate::wire::UnsealedFrame;

/// When every run begins: long after every room's genesis.
pub(super) const START: Timestamp = Timestamp(1_800_000_000_000);
/// More happens in no run that comes to an end.
const EVENTS_MAX: u64 = 200_000_000;

/// What is going to happen.
#[derive(Debug)]
pub(super) enum Happening {
    /// A frame arrives at another tab of the browser.
    Frame { to: usize, link: LinkId, bytes: Rc<[u8]> },
    /// The browser tells of a tab that came or went.
    Member { to: usize, link: LinkId, peer: PeerId, joined: bool },
    /// A relay's client wants a connection.
    Connect { player: usize, life: u32, attempt: u32 },
    /// An envelope arrives at the relay.
    AtRelay { socket: u64, bytes: Vec<u8> },
    /// An envelope arrives at a client.
    AtClient { socket: u64, bytes: Vec<u8> },
    /// The relay learns that a connection is gone.
    GoneAtRelay { socket: u64 },
    /// A client learns it.
    GoneAtClient { socket: u64, code: u16 },
    /// Somebody pays.
    Pay,
    /// Something goes wrong, or is mended.
    Fault(Fault),
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The run's seed.
    pub seed: u64,
    /// When, in milliseconds from the start.
    pub at_ms: u64,
    /// With which node, if with one alone.
    pub node: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, {}.{:03} s", self.seed, self.at_ms / 1000, self.at_ms % 1000)?;
        self.node.map_or(Ok(()), |node| write!(f, ", node {node}"))?;
        write!(f, ": {}", self.what)
    }
}

/// A payment that a node acknowledged.
#[derive(Debug)]
pub(super) struct Acknowledged {
    pub(super) player: usize,
    /// In which of its lives.
    pub(super) life: u32,
    pub(super) transaction: Transaction,
}

/// Players, what lies between them, and what is known of them.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) params: ChainParams,
    pub(super) now: Timestamp,
    pub(super) players: Vec<Player>,
    pub(super) network: Network,
    pub(super) relay: Option<Relay>,
    pub(super) checker: Checker,
    pub(super) acknowledged: Vec<Acknowledged>,
    pub(super) report: Report,
    /// Payments per hour; 0 when nobody pays.
    pub(super) payments_per_hour: u64,
    pub(super) names: Random,
    pub(super) disks: Random,
    pub(super) payments: Random,
    mining: Random,
    all_honest: bool,
    /// The payment that is being submitted.
    pub(super) submitting: Option<Transaction>,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    timers: BTreeSet<(Timestamp, usize)>,
    scheduled: u64,
    failure: Option<Failure>,
}

impl World {
    /// A world at its beginning, with everything planned.
    pub(super) fn new(plan: Plan, relay: Option<NewSwitch>) -> Self {
        let params = pace::params();
        let seed = plan.seed;
        let players: Vec<Player> = plan
            .players
            .into_iter()
            .enumerate()
            .map(|(place, part)| Player::new(seed, place, part))
            .collect();
        let mut world = Self {
            seed,
            checker: Checker::new(params.clone()),
            params,
            now: START,
            network: Network::new(seed, plan.quality, players.len()),
            relay: relay.map(Relay::new),
            acknowledged: Vec::new(),
            report: Report::default(),
            payments_per_hour: plan.payments_per_hour,
            names: Random::new(seed, Purpose::Names),
            disks: Random::new(seed, Purpose::Disk),
            payments: Random::new(seed, Purpose::Payments),
            mining: Random::new(seed, Purpose::Mining),
            all_honest: players.iter().all(Player::is_honest),
            submitting: None,
            queue: BTreeMap::new(),
            timers: BTreeSet::new(),
            scheduled: 0,
            failure: None,
            players,
        };
        for place in 0..world.players.len() {
            let opens = START.plus_ms(world.players[place].part.opens_ms);
            world.schedule(opens, Happening::Fault(Fault::Open(place)));
        }
        for (at, fault) in plan.faults {
            world.schedule(START.plus_ms(at), Happening::Fault(fault));
        }
        world.schedule_payment();
        world
    }

    /// Lets time pass until a moment.
    ///
    /// # Errors
    /// The first check that fails.
    pub(super) fn run_until(&mut self, end: Timestamp) -> Result<(), Failure> {
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.report.events += 1;
            if self.report.events > EVENTS_MAX {
                self.fail(None, "the world comes to no rest".to_owned());
            }
            self.step(at);
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
        }
        self.now = self.now.max(end);
        Ok(())
    }

    pub(super) fn schedule(&mut self, at: Timestamp, happening: Happening) {
        // The count keeps the order of what happens at the same time.
        self.scheduled += 1;
        self.queue.insert((at.max(self.now), self.scheduled), happening);
    }

    pub(super) fn fail(&mut self, node: Option<usize>, what: String) {
        let at_ms = self.now.ms_since(START);
        self.failure.get_or_insert(Failure { seed: self.seed, at_ms, node, what });
    }

    /// Feeds a node and performs what it asks for.
    pub(super) fn feed(&mut self, place: usize, input: Input) {
        self.drive(place, |life, clock| {
            life.node.handle(clock, input);
            false
        });
    }

    /// Lets something happen to a node that is awake, performs what it asks for, and checks it. What happens tells
    /// whether the node had to give up what its disk has lost.
    pub(super) fn drive(&mut self, place: usize, happens: impl FnOnce(&mut Life, Timestamp) -> bool) {
        let clock = self.players[place].clock(self.now);
        let Some(life) = self.players[place].awake() else { return };
        let before = life.node.chain().tip().work;
        let lost = happens(life, clock);
        let (mut chain, mut mempool) = (false, false);
        while let Some(output) = self.players[place].awake().and_then(|life| life.node.poll()) {
            chain |= matches!(output, Output::Chain(_));
            mempool |= matches!(output, Output::Mempool(_));
            self.perform(place, output);
        }
        self.store(place);
        self.release(place);
        self.rearm(place);
        let Some(life) = &self.players[place].life else { return };
        let (node, checker) = (&life.node, &self.checker);
        let checks = || -> Checked {
            if chain {
                if node.chain().tip().work <= before && !lost {
                    return Err("the chain was given up for one without more work".to_owned());
                }
                checker.check_ledger(node)?;
            }
            if chain || mempool {
                checker.check_mempool(node)?;
            }
            Checker::check_bounds(node)?;
            if self.all_honest {
                Checker::check_refusals(node)?;
            }
            checker.check_most_work(node)
        };
        if let Err(what) = checks() {
            self.fail(Some(place), what);
        }
    }

    /// Enters anew when a player wants to be looked after.
    pub(super) fn rearm(&mut self, place: usize) {
        let player = &mut self.players[place];
        let due = player.next_timeout();
        if player.due != due {
            let before = std::mem::replace(&mut player.due, due);
            before.map(|before| self.timers.remove(&(before, place)));
            self.timers.extend(due.map(|due| (due, place)));
        }
    }

    fn next(&self) -> Option<Timestamp> {
        let queue = self.queue.first_key_value().map(|((at, _), _)| *at);
        let timer = self.timers.first().map(|(at, _)| *at);
        [queue, timer, self.relay_timeout()].into_iter().flatten().min()
    }

    fn step(&mut self, at: Timestamp) {
        if let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= at) {
            let happening = entry.remove();
            self.happen(happening);
        } else if let Some((_, place)) = self.timers.first().copied().filter(|(due, _)| *due <= at) {
            self.tick_player(place);
        } else {
            self.tick_relay();
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Frame { to, link, bytes } => {
                self.report.frames += 1;
                if self.players[to].awake().is_some_and(|life| life.browser == Some(link)) {
                    self.feed(to, Input::Received { link, bytes: bytes.to_vec() });
                }
            }
            Happening::Member { to, link, peer, joined } => {
                if self.players[to].awake().is_some_and(|life| life.browser == Some(link)) {
                    let left = Input::PeerLeft { link, peer };
                    self.feed(to, if joined { Input::PeerJoined { link, peer } } else { left });
                }
            }
            Happening::Connect { player, life, attempt } => self.connect(player, life, attempt),
            Happening::AtRelay { socket, bytes } => self.at_relay(socket, bytes),
            Happening::AtClient { socket, bytes } => self.at_client(socket, bytes),
            Happening::GoneAtRelay { socket } => self.gone_at_relay(socket),
            Happening::GoneAtClient { socket, code } => self.gone_at_client(socket, code),
            Happening::Pay => {
                self.pay();
                self.schedule_payment();
            }
            Happening::Fault(fault) => self.apply_fault(fault),
        }
    }

    /// Does what is due at a player by itself.
    fn tick_player(&mut self, place: usize) {
        let (now, clock) = (self.now, self.players[place].clock(self.now));
        if let Some(life) = self.players[place].awake() {
            let job = life.job.take_if(|_| life.found_at.is_some_and(|at| at <= now));
            let ticks = life.node.next_timeout().is_some_and(|due| due <= clock);
            let loads = life.loading.as_ref().is_some_and(|loading| loading.due <= now);
            if let Some(job) = job {
                life.found_at = None;
                if let Some(nonce) = pace::nonce(&mut self.mining, &job) {
                    self.feed(place, Input::Mined { job: job.id, nonce });
                }
            }
            if ticks {
                self.feed(place, Input::Tick);
            }
            if loads {
                self.load(place);
            }
        }
        self.tick_client(place);
        self.rearm(place);
    }

    fn perform(&mut self, place: usize, output: Output) {
        self.note(place, &output);
        match output {
            Output::Send { link, frame } => {
                let player = &mut self.players[place];
                if let Some(frame) = player.part.conduct.edit(link, frame) {
                    self.send(place, link, frame);
                }
            }
            Output::Chain(update) => self.chain_changed(place, &update),
            Output::Job(job) => {
                let rate = self.players[place].part.rate;
                if let Some(life) = &mut self.players[place].life {
                    let found_at = |job| pace::found_at(&mut self.mining, self.now, job, rate);
                    life.found_at = job.as_ref().and_then(found_at);
                    life.job = job;
                }
            }
            Output::Submitted(result) => {
                let (transaction, life) = (self.submitting.take(), self.players[place].lives);
                if let (Ok(_), Some(transaction)) = (result, transaction) {
                    self.acknowledged.push(Acknowledged { player: place, life, transaction });
                }
            }
            Output::Event(Event::Mined { .. }) => self.players[place].found += 1,
            Output::Event(Event::PossiblyIsolated) => self.report.doubts += 1,
            Output::Event(Event::BlockRefused { hash, .. }) if self.forged(&hash).is_some() => {
                self.report.refused += 1;
            }
            Output::Event(Event::BlockRefused { hash, rule }) => {
                self.fail(Some(place), format!("the honest block {hash} was refused: {rule}"));
            }
            Output::Mempool(change) => {
                if let Some(life) = &mut self.players[place].life {
                    life.unwritten.follow_mempool(&change, life.node.mempool());
                }
            }
            Output::Synced(_) | Output::Imported { .. } | Output::Event(_) => {}
        }
    }

    /// Whether somebody made this block with a fault, and whether nothing with its hash can hold.
    fn forged(&self, hash: &BlockHash) -> Option<bool> {
        self.players.iter().find_map(|player| player.part.conduct.forged(hash))
    }

    fn chain_changed(&mut self, place: usize, update: &ChainUpdate) {
        self.report.updated(update);
        if let Some(life) = &mut self.players[place].life {
            life.unwritten.follow(update);
        }
        if let Some(block) = update.connected.iter().find(|block| self.forged(&block.hash()) == Some(true)) {
            self.fail(Some(place), format!("the forged block {} was taken", block.hash()));
        }
        let player = &self.players[place];
        if let Some(life) = &player.life
            && let Err(what) = self.checker.take_update(&life.node, update)
        {
            self.fail(Some(place), what);
        }
    }

    /// Lets out what a player's conduct had held back.
    fn release(&mut self, place: usize) {
        let player = &mut self.players[place];
        let Some(life) = &player.life else { return };
        for (link, frame) in player.part.conduct.release(&life.node) {
            self.send(place, link, frame);
        }
    }

    /// Seals a frame and sends it on its way.
    fn send(&mut self, place: usize, link: LinkId, mut frame: UnsealedFrame) {
        let player = &mut self.players[place];
        if !matches!(player.part.conduct, Conduct::Honest) {
            player.sequence += 1;
            frame.sequence = player.sequence;
        }
        let recipient = frame.recipient;
        let bytes = frame.seal(&player.node_key);
        self.report.bytes += bytes.len() as u64;
        if player.life.as_ref().is_some_and(|life| life.browser == Some(link)) {
            self.send_in_browser(place, recipient, bytes.into());
        } else {
            self.send_to_relay(place, link, recipient, bytes);
        }
    }

    /// Sends a frame to the other tabs of a browser.
    fn send_in_browser(&mut self, from: usize, recipient: Option<PeerId>, bytes: Rc<[u8]>) {
        if self.network.is_stuck(self.now, from) {
            return;
        }
        let left = self.network.pass_line(self.now, from, false, bytes.len());
        for to in self.tabs_beside(from) {
            let player = &self.players[to];
            let (id, link) = (player.id, player.life.as_ref().and_then(|life| life.browser));
            let Some(link) = link.filter(|_| recipient.is_none_or(|recipient| recipient == id)) else {
                continue;
            };
            for at in self.network.arrivals(left, from, to) {
                self.schedule(at, Happening::Frame { to, link, bytes: bytes.clone() });
            }
        }
    }

    /// The other players of a player's browser.
    pub(super) fn tabs_beside(&self, place: usize) -> Vec<usize> {
        let browser = self.players[place].part.browser;
        let beside = |other: &usize| *other != place && self.players[*other].part.browser == browser;
        (0..self.players.len()).filter(|_| browser.is_some()).filter(beside).collect()
    }

    /// Adds an output to the audit.
    fn note(&mut self, place: usize, output: &Output) {
        let text = match output {
            Output::Send { link, frame } => {
                format!("send {link:?} {:?} {}", frame.recipient, frame.sequence)
            }
            Output::Chain(update) => format!("chain {} {}", update.fork_height, update.disconnected.len()),
            Output::Job(_)
            | Output::Submitted(_)
            | Output::Synced(_)
            | Output::Imported { .. }
            | Output::Mempool(_)
            | Output::Event(_) => format!("{output:?}"),
        };
        let payload: &[u8] = match output {
            Output::Send { frame, .. } => &frame.payload,
            Output::Chain(update) => update.connected.last().map_or(&[], |block| &block.header.merkle_root.0),
            Output::Job(_)
            | Output::Submitted(_)
            | Output::Synced(_)
            | Output::Imported { .. }
            | Output::Mempool(_)
            | Output::Event(_) => &[],
        };
        self.audit(place, &text, payload);
    }

    /// Adds to the audit what a player did.
    pub(super) fn audit(&mut self, place: usize, text: &str, payload: &[u8]) {
        let (now, place) = (self.now.0.to_le_bytes(), (place as u64).to_le_bytes());
        self.report.audit = sha256(&[&self.report.audit, &now, &place, text.as_bytes(), payload]);
    }
}
