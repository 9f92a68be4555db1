//! Connections to the relay: the real client at one end, the real relay at the other, a stream between them.

use std::collections::BTreeMap;

use super::network::RELAY;
use super::switch::{FromSwitch, NewSwitch, Switch, ToSwitch};
use super::world::{Happening, World};
use crate::host::relay_client::{Input, Output, SocketEvent};
use crate::peer::LinkId;
use crate::primitives::PeerId;
use crate::units::Timestamp;
use crate::wire::SessionId;
use crate::wire::relay::{ByeCode, ResumeToken};

/// The close code of a connection that ended without one.
const ABNORMAL: u16 = 1006;

/// The relay and the connections to it.
pub(super) struct Relay {
    new: NewSwitch,
    switch: Box<dyn Switch>,
    sockets: BTreeMap<u64, Socket>,
    opened: u64,
}

struct Socket {
    player: usize,
    life: u32,
    attempt: u32,
    /// Something of the stream was lost: nothing arrives any more, at either end.
    broken: bool,
}

impl Relay {
    pub(super) fn new(new: NewSwitch) -> Self {
        Self { new, switch: new(), sockets: BTreeMap::new(), opened: 0 }
    }
}

impl World {
    pub(super) fn relay_timeout(&self) -> Option<Timestamp> {
        self.relay.as_ref()?.switch.next_timeout()
    }

    pub(super) fn tick_relay(&mut self) {
        self.tell_relay(ToSwitch::Tick);
    }

    /// The relay goes down and comes back at once, with nothing in its memory.
    pub(super) fn restart_relay(&mut self) {
        self.tell_relay(ToSwitch::Shutdown);
        if let Some(relay) = &mut self.relay {
            relay.switch = (relay.new)();
        }
    }

    /// Feeds a player's relay client and performs what it asks for.
    pub(super) fn tell_client(&mut self, place: usize, input: Input) {
        let clock = self.players[place].clock(self.now);
        if let Some(client) = self.players[place].awake().and_then(|life| life.relay.as_mut()) {
            client.handle(clock, input);
        }
        self.poll_client(place);
        self.rearm(place);
    }

    pub(super) fn tick_client(&mut self, place: usize) {
        let clock = self.players[place].clock(self.now);
        let relay = self.players[place].awake().and_then(|life| life.relay.as_ref());
        if relay.and_then(|relay| relay.next_timeout()).is_some_and(|due| due <= clock) {
            self.tell_client(place, Input::Tick);
        }
    }

    /// Hands a sealed frame to the relay's client.
    pub(super) fn send_to_relay(&mut self, from: usize, link: LinkId, to: Option<PeerId>, frame: Vec<u8>) {
        let (waiting, _) = self.network.waiting(self.now, from, false);
        let client = self.players[from].awake().and_then(|life| life.relay.as_mut());
        if let Some(client) = client.filter(|client| client.link() == Some(link)) {
            client.send(frame, to, waiting);
            self.poll_client(from);
        }
    }

    /// A client's attempt to connect comes to something.
    pub(super) fn connect(&mut self, place: usize, life: u32, attempt: u32) {
        let connects = self.network.connects(place, RELAY);
        let session = SessionId(self.names.name());
        let player = &mut self.players[place];
        let link = player.new_link();
        let lives = player.lives;
        let (Some(running), Some(relay)) = (player.awake().filter(|_| lives == life), &mut self.relay) else {
            return;
        };
        let event = if connects {
            relay.opened += 1;
            running.socket = Some(relay.opened);
            relay.sockets.insert(relay.opened, Socket { player: place, life, attempt, broken: false });
            SocketEvent::Opened { link, session }
        } else {
            SocketEvent::Closed { code: ABNORMAL }
        };
        let socket = relay.opened;
        if connects {
            let resume = ResumeToken(self.names.name());
            self.tell_relay(ToSwitch::Opened { socket, resume });
        }
        self.tell_client(place, Input::Socket { attempt, event });
    }

    pub(super) fn at_relay(&mut self, socket: u64, bytes: Vec<u8>) {
        if self.is_whole(socket) {
            self.tell_relay(ToSwitch::Received { socket, bytes });
        }
    }

    pub(super) fn at_client(&mut self, socket: u64, bytes: Vec<u8>) {
        self.report.frames += 1;
        if let Some((place, attempt)) = self.client_of(socket).filter(|_| self.is_whole(socket)) {
            self.tell_client(place, Input::Socket { attempt, event: SocketEvent::Message(bytes) });
        }
    }

    pub(super) fn gone_at_relay(&mut self, socket: u64) {
        self.tell_relay(ToSwitch::Closed { socket });
    }

    pub(super) fn gone_at_client(&mut self, socket: u64, code: u16) {
        if let Some((place, attempt)) = self.client_of(socket) {
            self.tell_client(place, Input::Socket { attempt, event: SocketEvent::Closed { code } });
        }
    }

    /// A player's connection ends: both ends are told, or neither.
    pub(super) fn cut(&mut self, place: usize, told: bool) {
        let Some(socket) = self.players[place].life.as_ref().and_then(|life| life.socket) else { return };
        self.break_stream(socket);
        if told {
            self.schedule(self.now, Happening::GoneAtRelay { socket });
            self.schedule(self.now, Happening::GoneAtClient { socket, code: ABNORMAL });
        }
    }

    fn tell_relay(&mut self, input: ToSwitch) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let now = self.now;
            if let Some(relay) = &mut self.relay {
                relay.switch.handle(now, input);
            }
            while let Some(output) = self.relay.as_mut().and_then(|relay| relay.switch.poll()) {
                match output {
                    FromSwitch::Send { socket, .. } if self.is_behind(socket) => {
                        inputs.push(ToSwitch::TooSlow { socket });
                    }
                    FromSwitch::Send { socket, bytes } => {
                        self.send_to_client(socket, bytes);
                    }
                    FromSwitch::Close { socket, code, bye } => self.close(socket, code, bye),
                }
            }
        }
    }

    /// The relay sends a client away.
    fn close(&mut self, socket: u64, code: ByeCode, bye: Vec<u8>) {
        let harmful = [ByeCode::TooFast, ByeCode::Malformed, ByeCode::TooLarge, ByeCode::Version];
        if harmful.contains(&code) {
            let place = self.client_of(socket).map(|(place, _)| place);
            self.fail(place, format!("the relay sent an honest node away: {}", code.sentence()));
        }
        let at = if code == ByeCode::TooSlow {
            // What waits for it is thrown away, the last word may not come through.
            self.report.too_slow += 1;
            self.break_stream(socket);
            let place = self.reader(socket).unwrap_or_default();
            self.network.clear_down(place);
            self.network.stream_arrival(self.now, RELAY, place)
        } else {
            self.send_to_client(socket, bye)
        };
        self.schedule(at, Happening::GoneAtClient { socket, code: code.number() });
    }

    /// Whether more waits for a client than the relay's host has patience for.
    fn is_behind(&self, socket: u64) -> bool {
        let (Some(relay), Some(place)) = (&self.relay, self.reader(socket)) else { return false };
        let (patience, (bytes, ms)) = (relay.switch.patience(), self.network.waiting(self.now, place, true));
        bytes > patience.bytes_max || ms > patience.ms_max
    }

    /// Whose connection it is or was.
    fn reader(&self, socket: u64) -> Option<usize> {
        self.relay.as_ref()?.sockets.get(&socket).map(|socket| socket.player)
    }

    /// Sends an envelope down to a client; gives when it arrives.
    fn send_to_client(&mut self, socket: u64, bytes: Vec<u8>) -> Timestamp {
        let Some(place) = self.reader(socket) else { return self.now };
        if !self.network.connects(RELAY, place) {
            self.break_stream(socket);
        }
        let sent = self.network.stream_arrival(self.now, RELAY, place);
        let at = self.network.pass_line(sent, place, true, bytes.len());
        self.schedule(at, Happening::AtClient { socket, bytes });
        at
    }

    fn poll_client(&mut self, place: usize) {
        let next = |world: &mut Self| world.players[place].awake()?.relay.as_mut()?.poll();
        while let Some(output) = next(self) {
            match output.into_node_input() {
                Ok(input) => self.feed(place, input),
                Err(Output::Open { attempt, .. }) => {
                    let at = self.network.stream_arrival(self.now, place, RELAY);
                    let life = self.players[place].lives;
                    self.schedule(at, Happening::Connect { player: place, life, attempt });
                }
                Err(Output::Transmit(bytes)) => self.transmit(place, bytes),
                Err(Output::Close) => {
                    let socket = self.players[place].awake().and_then(|life| life.socket.take());
                    if let Some(socket) = socket.filter(|socket| self.is_whole(*socket)) {
                        let at = self.network.stream_arrival(self.now, place, RELAY);
                        self.schedule(at, Happening::GoneAtRelay { socket });
                    }
                }
                Err(_) => {}
            }
        }
    }

    fn transmit(&mut self, place: usize, bytes: Vec<u8>) {
        let Some(socket) = self.players[place].awake().and_then(|life| life.socket) else { return };
        if !self.network.connects(place, RELAY) || self.network.is_stuck(self.now, place) {
            self.break_stream(socket);
        }
        let left = self.network.pass_line(self.now, place, false, bytes.len());
        let at = self.network.stream_arrival(left, place, RELAY);
        self.schedule(at, Happening::AtRelay { socket, bytes });
    }

    fn break_stream(&mut self, socket: u64) {
        if let Some(socket) = self.relay.as_mut().and_then(|relay| relay.sockets.get_mut(&socket)) {
            socket.broken = true;
        }
    }

    fn is_whole(&self, socket: u64) -> bool {
        self.relay.as_ref().and_then(|relay| relay.sockets.get(&socket)).is_some_and(|socket| !socket.broken)
    }

    /// Whose connection it is, and which attempt of its client, if it still has it and hears. What reaches
    /// a sleeper is lost, and its connection with it.
    fn client_of(&mut self, socket: u64) -> Option<(usize, u32)> {
        let entry = self.relay.as_mut()?.sockets.get_mut(&socket)?;
        let player = &mut self.players[entry.player];
        let same = player.lives == entry.life;
        match player.life.as_ref().filter(|life| same && life.socket == Some(socket)) {
            Some(life) if life.asleep => {
                entry.broken = true;
                None
            }
            Some(_) => Some((entry.player, entry.attempt)),
            None => None,
        }
    }
}
