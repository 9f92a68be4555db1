//! The node's host in its worker: takes events, feeds the node, performs what it asks for.
//!
//! The loop of [`crate::node`] made of real things: sockets, channel, store, miners, page. One event is handled at
//! a time, to its end. What the page commands is in [`super::commands`].

use std::collections::VecDeque;

use super::channel_link::ChannelLink;
use super::events::{Events, HostEvent};
use super::js::{Timer, now, random, text_of};
use super::miners::Miners;
use super::page::Page;
use super::protocol::ToNode;
use super::socket::Socket;
use super::store::{Settings, Store};
use crate::api::{LogLevel, LogPart, MiningView, Reply, Status, Update, view};
use crate::consensus::ChainParams;
use crate::host::RateLimit;
use crate::host::relay_client::{self, RelayClient, SocketEvent};
use crate::node::{Config, Input, Node, Output};
use crate::peer::LinkId;
use crate::units::{RoomName, Timestamp};
use crate::wallet::Wallet;
use crate::wire::{SessionId, UnsealedFrame};

/// How often the host looks around: channel members, hash rate, peers, its own clock. In milliseconds.
const LOOK_MS: u64 = crate::host::roll::LOOK_MS;
/// A look that comes so much too late, in milliseconds, means that the machine slept or the tab was frozen.
const SLEPT_MS: u64 = 15_000;

/// A running node and everything it works with.
pub(super) struct Driver {
    pub(super) room: RoomName,
    pub(super) node: Node,
    pub(super) wallet: Wallet,
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) page: Page,
    pub(super) events: Events,
    pub(super) relay: RelayClient,
    /// The relay of the page or of its link: the one to come back to.
    pub(super) relay_url: String,
    pub(super) miners: Miners,
    /// The calls that wait for [`Output::Submitted`], in order.
    pub(super) submitting: VecDeque<u32>,
    /// The calls that wait for [`Output::Synced`].
    pub(super) syncing: Vec<u32>,
    /// The calls that wait for [`Output::Imported`], in order.
    pub(super) importing: VecDeque<u32>,
    /// The calls that wait for blocks that are still being read.
    pub(super) loading: Vec<HostEvent>,
    /// Since when the page is hidden.
    pub(super) hidden_since: Option<Timestamp>,
    socket: Option<Socket>,
    pub(super) channel: Option<ChannelLink>,
    next_link: u32,
    look_due: Timestamp,
    timer: Option<(Timestamp, Timer)>,
    mining_shown: Option<MiningView>,
    miner_failures: RateLimit,
}

/// What a driver starts from.
pub(super) struct Parts {
    pub(super) room: RoomName,
    pub(super) node: Node,
    pub(super) wallet: Wallet,
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) page: Page,
    pub(super) events: Events,
    pub(super) relay_url: String,
}

/// The node's configuration in a room.
pub(super) fn config(room: &RoomName, wallet: &Wallet) -> Config {
    Config {
        params: ChainParams::room(room.clone()),
        node_key: wallet.node_key().public(),
        seed: u64::from_le_bytes(random()),
    }
}

impl Driver {
    /// Puts the parts together; [`Self::start`] sets them going.
    pub(super) fn new(parts: Parts) -> Self {
        let now = now();
        let seed = u64::from_le_bytes(random());
        let (room, id) = (parts.room.clone(), parts.wallet.peer_id());
        let mut miners = Miners::new(&parts.events);
        miners.tune(parts.settings.workers, parts.settings.intensity);
        Self {
            relay: RelayClient::new(parts.relay_url.clone(), room, id, seed, now),
            relay_url: parts.relay_url,
            room: parts.room,
            node: parts.node,
            wallet: parts.wallet,
            store: parts.store,
            settings: parts.settings,
            page: parts.page,
            events: parts.events,
            miners,
            submitting: VecDeque::new(),
            syncing: Vec::new(),
            importing: VecDeque::new(),
            loading: Vec::new(),
            hidden_since: None,
            socket: None,
            channel: None,
            next_link: 0,
            look_due: now,
            timer: None,
            mining_shown: None,
            miner_failures: RateLimit::new(3, 10_000),
        }
    }

    /// Opens the links, and mines if that was chosen before. The rest of the stored blocks is read meanwhile.
    pub(super) fn start(&mut self, online: bool) {
        self.store.load(&self.node, &self.events);
        self.open_channel();
        if !self.settings.connected {
            self.tell_relay(relay_client::Input::Disconnect);
        }
        if !online {
            self.tell_relay(relay_client::Input::Offline);
        }
        self.tell_relay(relay_client::Input::Tick);
        if self.settings.mining {
            self.feed(Input::Mine(Some(self.wallet.address())));
        }
        self.page.update(Update::Connection(self.relay.view()));
        self.page.status_changed();
        self.miners.warm_up();
        self.tick();
    }

    /// Handles one event, and arms the timer for what comes next.
    pub(super) fn take(&mut self, event: HostEvent) {
        match event {
            HostEvent::Page(Ok(ToNode::Call { id, command })) => self.command(id, command),
            HostEvent::Page(Ok(ToNode::Persisted(kept))) => {
                self.store.set_persistent(kept);
                self.page.status_changed();
            }
            HostEvent::Page(Ok(ToNode::Start(_))) => {}
            HostEvent::Page(Err(error)) => {
                self.page.log(LogPart::Peers, LogLevel::Warn, format!("the page said nonsense: {error}"));
            }
            HostEvent::Timer => self.timer = None,
            HostEvent::SocketOpened { attempt } => {
                let event = SocketEvent::Opened { link: self.link_id(), session: SessionId(random()) };
                self.tell_relay(relay_client::Input::Socket { attempt, event });
            }
            HostEvent::SocketMessage { attempt, bytes } => {
                let event = SocketEvent::Message(bytes);
                self.tell_relay(relay_client::Input::Socket { attempt, event });
            }
            HostEvent::SocketClosed { attempt, code } => {
                let event = SocketEvent::Closed { code };
                self.tell_relay(relay_client::Input::Socket { attempt, event });
            }
            HostEvent::Channel(envelope) => {
                let input = self.channel.as_mut().and_then(|channel| channel.take(now(), envelope));
                input.into_iter().for_each(|input| self.feed(input));
            }
            HostEvent::ChannelMembers(present) => {
                let inputs = self.channel.as_mut().map(|channel| channel.members(now(), present));
                inputs.into_iter().flatten().for_each(|input| self.feed(input));
            }
            HostEvent::Miner { worker, message } => {
                if let Some((job, nonce)) = self.miners.take(now(), worker, message) {
                    self.feed(Input::Mined { job, nonce });
                }
            }
            HostEvent::MinerFailed { worker, reason } => self.miner_failed(worker, &reason),
            HostEvent::StoreFailed(why) => self.store_failed(&why),
            HostEvent::Written => self.poll_node(),
            HostEvent::Stored { height, record } => self.take_stored(height, &record),
            HostEvent::Verifying(progress) => self.page.update(Update::Verifying(progress)),
            HostEvent::Verified { id, result } => self.page.answer(id, Ok(Reply::Verified(result))),
        }
        self.tick();
    }

    /// Feeds the node and performs what it asks for.
    pub(super) fn feed(&mut self, input: Input) {
        self.node.handle(now(), input);
        self.poll_node();
    }

    /// Performs what the node asks for, and stores what came of it.
    pub(super) fn poll_node(&mut self) {
        while let Some(output) = self.node.poll() {
            self.perform(output);
        }
        if let Some(writer) = self.store.writer() {
            writer.settle(self.node.chain());
        }
    }

    /// Feeds the relay's client and performs what it asks for.
    pub(super) fn tell_relay(&mut self, input: relay_client::Input) {
        self.relay.handle(now(), input);
        self.poll_relay();
    }

    /// Leaves the links and comes back with fresh ones: for a node that knows nothing of the old ones.
    pub(super) fn reopen_links(&mut self) {
        let was_off = self.relay.view().state == crate::api::Connection::Off;
        self.channel = None;
        self.tell_relay(relay_client::Input::Disconnect);
        self.open_channel();
        if !was_off {
            self.tell_relay(relay_client::Input::Connect(self.relay.view().relay));
        }
    }

    /// The miner as a page shows it.
    pub(super) fn mining_view(&mut self) -> MiningView {
        self.miners.view(self.settings.mining, self.settings.mining && self.node.is_waking())
    }

    /// The state at a glance.
    pub(super) fn status(&mut self) -> Status {
        let (chain, mempool, address) = (self.node.chain(), self.node.mempool(), self.wallet.address());
        let (tip, account) = (chain.tip(), chain.account(&address));
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            room: self.room.to_string(),
            genesis: chain.genesis().to_string(),
            node_id: self.node.id().to_string(),
            address: address.to_string(),
            height: tip.height.0,
            tip: tip.hash.to_string(),
            work: tip.work.to_string(),
            balance: account.balance.to_string(),
            nonce: mempool.next_nonce(&address, account.nonce),
            pending: mempool.pending(&address).to_string(),
            peers: u32::try_from(self.node.peers().len()).unwrap_or(u32::MAX),
            mempool: u32::try_from(mempool.len()).unwrap_or(u32::MAX),
            mining: self.settings.mining,
            hash_rate: self.mining_view().hash_rate,
            connection: self.relay.view().state,
            storage: self.store.storage(),
            slot: self.store.slot_number(),
            syncing: u32::try_from(self.node.missing()).unwrap_or(u32::MAX),
            loading: self.node.chain().unloaded().len() as u32,
            isolated: self.node.is_isolated(),
        }
    }

    /// Sends a sealed frame on a link.
    pub(super) fn send(&mut self, link: LinkId, frame: UnsealedFrame) {
        let recipient = frame.recipient;
        let on_channel = self.channel.as_ref().is_some_and(|channel| channel.link() == link);
        if on_channel {
            let bytes = frame.seal(self.wallet.node_key());
            self.channel.iter().for_each(|channel| channel.send(recipient, bytes.clone()));
        } else if self.relay.link() == Some(link) {
            let bytes = frame.seal(self.wallet.node_key());
            let buffered = self.socket.as_ref().map_or(0, Socket::buffered);
            if !self.relay.send(bytes, recipient, buffered) {
                self.page.log(LogPart::Peers, LogLevel::Warn, "a frame was dropped: the relay is behind");
            }
            self.poll_relay();
        }
    }

    fn poll_relay(&mut self) {
        while let Some(output) = self.relay.poll() {
            match output.into_node_input() {
                Ok(input) => self.feed(input),
                Err(relay_client::Output::Open { attempt, url }) => self.open_socket(attempt, &url),
                Err(relay_client::Output::Transmit(bytes)) => {
                    self.socket.iter().for_each(|socket| socket.send(&bytes));
                }
                Err(relay_client::Output::Close) => self.socket = None,
                Err(_) => {
                    self.page.update(Update::Connection(self.relay.view()));
                    self.page.status_changed();
                }
            }
        }
    }

    fn open_socket(&mut self, attempt: u32, url: &str) {
        match Socket::open(url, attempt, &self.events) {
            Ok(socket) => self.socket = Some(socket),
            Err(error) => {
                self.page.log(LogPart::Peers, LogLevel::Warn, format!("{url}: {}", text_of(&error)));
                // As a socket that could not be opened.
                self.events.post(HostEvent::SocketClosed { attempt, code: 1006 });
            }
        }
    }

    fn open_channel(&mut self) {
        let link = self.link_id();
        match ChannelLink::open(&self.room, self.wallet.peer_id(), link, &self.events) {
            Ok(channel) => {
                let up = channel.up(SessionId(random()));
                self.channel = Some(channel);
                self.feed(up);
            }
            Err(error) => {
                let why = text_of(&error);
                self.page.log(LogPart::Peers, LogLevel::Warn, format!("no broadcast channel: {why}"));
            }
        }
    }

    const fn link_id(&mut self) -> LinkId {
        self.next_link += 1;
        LinkId(self.next_link)
    }

    fn miner_failed(&mut self, worker: u32, reason: &str) {
        self.miners.remove(now(), worker);
        if self.miner_failures.allow(now()).is_some() {
            let text = format!("a miner worker broke ({reason}); another takes its place soon");
            self.page.log(LogPart::Miner, LogLevel::Warn, text);
        }
    }

    /// The store cannot keep what it was given: the node goes on in memory.
    pub(super) fn store_failed(&mut self, why: &str) {
        let notice = self.store.give_up(why);
        self.page.log(LogPart::Storage, LogLevel::Warn, notice.message.clone());
        self.page.notice(notice);
        self.page.status_changed();
    }

    /// Does whatever is due, and arms the timer for what comes next.
    fn tick(&mut self) {
        let now = now();
        if now >= self.look_due || self.look_due.ms_since(now) > LOOK_MS {
            let slept = now.ms_since(self.look_due) > SLEPT_MS;
            self.look_due = now.plus_ms(LOOK_MS);
            self.look(slept);
        }
        if self.node.next_timeout().is_some_and(|due| due <= now) {
            self.feed(Input::Tick);
        }
        if self.relay.next_timeout().is_some_and(|due| due <= now) {
            self.tell_relay(relay_client::Input::Tick);
        }
        if self.page.take_status_due(now) {
            let status = self.status();
            self.page.update(Update::Status(Box::new(status)));
            self.page.peers(view::peers(&self.node));
        }
        self.arm(now);
    }

    fn look(&mut self, slept: bool) {
        if slept {
            self.woke();
        }
        self.channel.iter().for_each(ChannelLink::look);
        let mining = self.mining_view();
        if self.mining_shown != Some(mining) {
            self.mining_shown = Some(mining);
            self.page.update(Update::Mining(mining));
            self.page.status_changed();
        }
        self.page.peers(view::peers(&self.node));
    }

    /// Nothing known of the others is current: the node asks first, and mines after.
    pub(super) fn woke(&mut self) {
        self.tell_relay(relay_client::Input::Woke);
        self.feed(Input::Woke);
    }

    fn arm(&mut self, now: Timestamp) {
        let due = [Some(self.look_due), self.node.next_timeout(), self.relay.next_timeout()];
        let due = due.into_iter().chain([self.page.status_due()]).flatten().min().unwrap_or(self.look_due);
        if self.timer.as_ref().is_some_and(|(armed, _)| *armed <= due) {
            return;
        }
        let events = self.events.clone();
        let timer = Timer::after(due.ms_since(now) as f64, move || events.post(HostEvent::Timer));
        self.timer = Some((due, timer));
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Send { link, frame } => self.send(link, frame),
            Output::Chain(update) => self.chain_changed(&update),
            Output::Job(job) => self.miners.set_job(job),
            Output::Submitted(result) => self.submitted(result),
            Output::Synced(outcome) => self.synced(outcome),
            Output::Imported { new, error } => self.imported(new, error),
            Output::Mempool(change) => self.mempool_changed(&change),
            Output::Event(event) => self.node_event(&event),
        }
    }
}
