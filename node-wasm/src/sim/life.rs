//! What befalls players: they open, crash, sleep and pay.

use super::plan::Fault;
use super::player::Life;
use super::store::Started;
use super::world::{Happening, World};
use crate::host::relay_client::{self, RelayClient};
use crate::node::{Config, Input, Node};
use crate::peer::Medium;
use crate::primitives::{Payment, Transaction};
use crate::units::Amount;
use crate::wire::SessionId;

/// How long a tab needs to notice that another came or went, in milliseconds.
const NOTICE_MS: u64 = 1_000;
const HOUR_MS: u64 = 3_600_000;

impl World {
    /// Something goes wrong, or is mended.
    pub(super) fn apply_fault(&mut self, fault: Fault) {
        match fault {
            Fault::Open(place) => self.open(place),
            Fault::Crash(place) => self.crash(place),
            Fault::Sleep(place) => {
                if let Some(life) = &mut self.players[place].life {
                    life.asleep = true;
                    (life.job, life.found_at) = (None, None);
                }
                self.rearm(place);
            }
            Fault::Wake(place) => self.wake(place),
            Fault::Split(sides) => self.network.split(sides),
            Fault::Clog(place, rate) => self.network.clog(place, rate),
            Fault::Cut(place) => {
                let told = self.names.chance(500);
                self.cut(place, told);
            }
            Fault::RelayRestart => self.restart_relay(),
            Fault::Rate(place, rate) => self.set_rate(place, rate),
        }
    }

    /// Everything that went wrong is mended, nobody forges, lies or pays any more.
    pub(super) fn mend(&mut self) {
        self.network.mend();
        self.payments_per_hour = 0;
        for place in 0..self.players.len() {
            self.players[place].part.conduct.mend();
            self.players[place].part.storage.body_ms = 0;
            self.open(place);
            self.wake(place);
        }
    }

    /// A player's hash rate changes.
    pub(super) fn set_rate(&mut self, place: usize, rate: u64) {
        let player = &mut self.players[place];
        player.part.rate = rate;
        let (address, on) = (player.address, rate > 0);
        self.feed(place, Input::Mine(on.then_some(address)));
    }

    /// Who pays next, and when.
    pub(super) fn schedule_payment(&mut self) {
        if let Some(mean) = HOUR_MS.checked_div(self.payments_per_hour) {
            let at = self.now.plus_ms(self.payments.wait(mean));
            self.schedule(at, Happening::Pay);
        }
    }

    /// Somebody pays somebody: usually once, sometimes more for an earlier payment, sometimes the same money twice.
    pub(super) fn pay(&mut self) {
        if self.payments_per_hour == 0 {
            return;
        }
        let count = self.players.len();
        let (from, to, at) =
            (self.payments.place(count), self.payments.place(count), self.payments.place(count));
        let (part, kind) = (self.payments.between(4, 20), self.payments.below(10));
        let (address, recipient) = (self.players[from].address, self.players[to].address);
        let Some(life) = self.players[from].awake() else { return };
        let account = life.node.chain().account(&address);
        let next = life.node.mempool().next_nonce(&address, account.nonce);
        let (amount, fee) = (account.balance.0 / part, 1 + account.balance.0 / 1000 % 7);
        if amount == 0 {
            return;
        }
        let nonce = if kind == 0 { next.saturating_sub(1).max(account.nonce) } else { next };
        let payment = |amount, fee| {
            let (amount, fee) = (Amount(amount), Amount(fee));
            let sender = self.players[from].wallet_key.public();
            let payment = Payment { sender, recipient, amount, fee, nonce, data: Vec::new() };
            payment.sign(&self.params.genesis().hash(), &self.players[from].wallet_key)
        };
        let (first, second) =
            (payment(amount, fee * if kind == 0 { 2 } else { 1 }), payment(amount + 1, fee));
        self.submit(from, first);
        if kind == 1 {
            self.submit(at, second);
        }
    }

    /// A user hands a payment to a node.
    pub(super) fn submit(&mut self, place: usize, transaction: Transaction) {
        self.checker.signed(transaction.id());
        self.submitting = Some(transaction.clone());
        self.feed(place, Input::Submit(transaction));
        self.submitting = None;
    }

    /// A player's machine starts, with what its disk holds; nothing, where it runs already.
    fn open(&mut self, place: usize) {
        if self.players[place].life.is_some() {
            return;
        }
        let (seed, session) = (self.names.below(u64::MAX), SessionId(self.names.name()));
        let player = &self.players[place];
        let clock = player.clock(self.now);
        let config = Config { params: self.params.clone(), node_key: player.node_key.public(), seed };
        let mut node = Node::new(config, clock);
        let Started { unwritten, loading, .. } = self.start(place, &mut node);
        let player = &mut self.players[place];
        let (url, id) = ("wss://relay.example/ws".to_owned(), player.id);
        let client = RelayClient::new(url, self.params.room.clone(), id, seed, clock);
        let relay = (player.part.relay && self.relay.is_some()).then_some(client);
        player.lives += 1;
        let browser = player.part.browser.map(|_| player.new_link());
        player.life = Some(Life {
            node,
            relay,
            socket: None,
            browser,
            job: None,
            found_at: None,
            asleep: false,
            unwritten,
            loading,
        });
        self.report.restarts += u64::from(player.lives > 1);
        self.store(place);
        if let Some(link) = browser {
            self.feed(place, Input::LinkUp { link, medium: Medium::Broadcast, session });
            self.announce(place, true);
        }
        self.tell_client(place, relay_client::Input::Tick);
        self.set_rate(place, self.players[place].part.rate);
    }

    /// A player's machine dies; a tab that dies is missed by the others, a relay may have to wait for its silence.
    fn crash(&mut self, place: usize) {
        if self.players[place].life.is_none() {
            return;
        }
        let told = self.names.chance(500);
        self.cut(place, told);
        self.announce(place, false);
        let player = &mut self.players[place];
        player.life = None;
        player.disk.crash(&mut self.disks);
        self.rearm(place);
    }

    fn wake(&mut self, place: usize) {
        let Some(life) = self.players[place].life.as_mut().filter(|life| life.asleep) else { return };
        life.asleep = false;
        self.announce(place, true);
        self.tell_client(place, relay_client::Input::Woke);
        self.feed(place, Input::Woke);
    }

    /// The tabs of a browser learn that one came, and it learns of them; or that it went.
    fn announce(&mut self, place: usize, joined: bool) {
        let link =
            |world: &Self, place: usize| world.players[place].life.as_ref().and_then(|life| life.browser);
        for other in self.tabs_beside(place) {
            for (to, about) in [(other, place), (place, other)] {
                let at = self.now.plus_ms(self.names.below(NOTICE_MS));
                let peer = self.players[about].id;
                if let (Some(link), Some(_)) = (link(self, to), link(self, about)) {
                    self.schedule(at, Happening::Member { to, link, peer, joined });
                }
            }
        }
    }
}
