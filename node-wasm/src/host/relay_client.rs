//! The node's side of the relay's envelope, as a state machine: [`RelayClient::handle`] what happened,
//! [`RelayClient::poll`] what to do, [`RelayClient::next_timeout`] when to look again.
//!
//! Joins, rejoins with jittered back-off under the same id, notices a dead connection by its silence, pauses while
//! the machine is offline, and turns the relay's words into inputs of the node. Left out: the socket itself.

use std::collections::VecDeque;

use super::Backoff;
use crate::api::{Connection, ConnectionView};
use crate::codec::{decode, encode};
use crate::node;
use crate::peer::{LinkId, Medium};
use crate::primitives::PeerId;
use crate::units::{RoomName, Timestamp};
use crate::wire::relay::{
    ByeCode, FromRelay, RELAY_FRAME_BYTES_MAX, RELAY_VERSION, RelayLimits, ResumeToken, ToRelay,
};
use crate::wire::{Frame, SessionId};

/// A connection that has not become a membership after so long, in milliseconds, is given up: less than the relay's
/// own deadline of 10 s, so that this side knows why.
pub const JOIN_MS_MAX: u64 = 8_000;
/// How often a member asks for a sign of life, in milliseconds: two may be lost before [`SILENCE_MS_MAX`].
pub const PING_MS: u64 = 8_000;
/// A member that heard nothing for so long, in milliseconds, is not connected any more. A browser tells of a dead
/// network only after minutes.
pub const SILENCE_MS_MAX: u64 = 20_000;
/// The same after waking, when the connection is probably dead: a few round trips of a slow phone.
pub const SILENCE_MS_MAX_WOKEN: u64 = 4_000;
/// The longest that a relay's word keeps this side away, in milliseconds, and how long it stays away where the relay says
/// that it need not come back: five minutes. A relay that restarts or is full names seconds. It may be upgraded, mistaken or
/// lie, and then nobody at the page should have to find out; an attempt in five minutes costs it nothing. One that was replaced
/// finds its id in use then, which is over soon as a rule, and asks on as often as the relay says.
pub const AWAY_MS_MAX: u64 = 300_000;
/// What may wait in the socket, in bytes; frames beyond it are dropped, as the network may drop any frame.
pub const SEND_BYTES_MAX: usize = 8 << 20;

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// The moment that `next_timeout` named has come.
    Tick,
    /// The user wants to be connected to this relay.
    Connect(String),
    /// The user wants to be left alone.
    Disconnect,
    /// The browser says that there is a network.
    Online,
    /// The browser says that there is none.
    Offline,
    /// The machine slept, or the page was frozen.
    Woke,
    /// Something happened to the socket of an attempt.
    Socket {
        /// The attempt that [`Output::Open`] named; news of an earlier one is ignored.
        attempt: u32,
        /// What.
        event: SocketEvent,
    },
}

/// What happened to a socket.
#[derive(Clone, Debug)]
pub enum SocketEvent {
    /// It is open.
    Opened {
        /// A name for the link, never used before.
        link: LinkId,
        /// Fresh random bytes.
        session: SessionId,
    },
    /// A binary message came in.
    Message(Vec<u8>),
    /// It is closed, or could not be opened.
    Closed {
        /// The close code.
        code: u16,
    },
}

/// What the host has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a socket.
    Open {
        /// Names it in [`Input::Socket`].
        attempt: u32,
        /// Where to.
        url: String,
    },
    /// Send a binary message on the open socket.
    Transmit(Vec<u8>),
    /// Close the socket and forget it.
    Close,
    /// A link came up.
    LinkUp {
        /// Its name.
        link: LinkId,
        /// Its session.
        session: SessionId,
    },
    /// A link is gone.
    LinkDown(LinkId),
    /// Someone is on the link.
    PeerJoined(LinkId, PeerId),
    /// Someone left the link.
    PeerLeft(LinkId, PeerId),
    /// A frame came in.
    Received(LinkId, Vec<u8>),
    /// [`RelayClient::view`] changed.
    Changed,
}

impl Output {
    /// The node's input that this output is, or the output again where it is the host's.
    ///
    /// # Errors
    /// The output, when it is none of the node's.
    pub fn into_node_input(self) -> Result<node::Input, Self> {
        Ok(match self {
            Self::LinkUp { link, session } => node::Input::LinkUp { link, medium: Medium::Relay, session },
            Self::LinkDown(link) => node::Input::LinkDown { link },
            Self::PeerJoined(link, peer) => node::Input::PeerJoined { link, peer },
            Self::PeerLeft(link, peer) => node::Input::PeerLeft { link, peer },
            Self::Received(link, bytes) => node::Input::Received { link, bytes },
            other @ (Self::Open { .. } | Self::Transmit(_) | Self::Close | Self::Changed) => {
                return Err(other);
            }
        })
    }
}

#[derive(Clone, Debug)]
enum State {
    /// The user switched it off.
    Off,
    /// There is no network.
    Paused,
    /// The next attempt is at this time.
    Waiting { until: Timestamp },
    /// A socket is being opened, or has asked to join.
    Joining { deadline: Timestamp, opened: Option<(LinkId, SessionId)> },
    /// In the room.
    Member { link: LinkId, limits: RelayLimits, heard: Timestamp, pinged: Timestamp, silence_ms_max: u64 },
}

/// The relay's client.
#[derive(Debug)]
pub struct RelayClient {
    url: String,
    room: RoomName,
    peer: PeerId,
    online: bool,
    state: State,
    attempt: u32,
    resume: Option<ResumeToken>,
    backoff: Backoff,
    reason: String,
    outputs: VecDeque<Output>,
}

impl RelayClient {
    /// A client that starts to connect at the next [`Input::Tick`].
    #[must_use]
    pub fn new(url: String, room: RoomName, peer: PeerId, seed: u64, now: Timestamp) -> Self {
        Self {
            url,
            room,
            peer,
            online: true,
            state: State::Waiting { until: now },
            attempt: 0,
            resume: None,
            backoff: Backoff::new(seed),
            reason: String::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened; drain [`Self::poll`] before the next call.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        match input {
            Input::Tick => self.tick(now),
            Input::Connect(url) => self.connect(now, url),
            Input::Disconnect => self.leave(State::Off, String::new()),
            Input::Online => {
                self.online = true;
                self.hurry(now);
            }
            Input::Offline => {
                self.online = false;
                if matches!(self.state, State::Waiting { .. }) && !is_on_this_machine(&self.url) {
                    self.enter(State::Paused);
                }
            }
            Input::Woke => self.hurry(now),
            Input::Socket { attempt, event } if attempt == self.attempt => self.socket(now, event),
            Input::Socket { .. } => {}
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to feed [`Input::Tick`], at the latest.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        match &self.state {
            State::Off | State::Paused => None,
            State::Waiting { until } => Some(*until),
            State::Joining { deadline, .. } => Some(*deadline),
            State::Member { heard, pinged, silence_ms_max, .. } => {
                Some(heard.plus_ms(*silence_ms_max).min(pinged.plus_ms(self.ping_ms())))
            }
        }
    }

    /// The link, while there is one.
    #[must_use]
    pub const fn link(&self) -> Option<LinkId> {
        match &self.state {
            State::Member { link, .. } => Some(*link),
            State::Off | State::Paused | State::Waiting { .. } | State::Joining { .. } => None,
        }
    }

    /// Sends a frame to one member or to all. `buffered` is what waits in the socket. Whether it was sent: frames
    /// that the link cannot take are dropped.
    pub fn send(&mut self, frame: Vec<u8>, recipient: Option<PeerId>, buffered: usize) -> bool {
        let State::Member { limits, .. } = &self.state else { return false };
        let envelope = match recipient {
            Some(peer) => ToRelay::To { peer, bytes: frame },
            None => ToRelay::Cast { bytes: frame },
        };
        let bytes = encode(&envelope);
        if bytes.len() > limits.frame_bytes_max as usize || buffered + bytes.len() > SEND_BYTES_MAX {
            return false;
        }
        self.outputs.push_back(Output::Transmit(bytes));
        true
    }

    /// The connection as a page shows it.
    #[must_use]
    pub fn view(&self) -> ConnectionView {
        let (state, retry_at) = match &self.state {
            State::Off => (Connection::Off, None),
            State::Paused => (Connection::Offline, None),
            // The very first attempt is on its way, not a failure.
            State::Waiting { .. } if self.attempt == 0 => (Connection::Connecting, None),
            State::Waiting { until } => (Connection::Offline, Some(until.0)),
            State::Joining { .. } if self.reason.is_empty() => (Connection::Connecting, None),
            // While it retries, a page that blinks between two words helps nobody.
            State::Joining { deadline, .. } => {
                (Connection::Offline, Some(deadline.0.saturating_sub(JOIN_MS_MAX)))
            }
            State::Member { .. } => (Connection::Online, None),
        };
        ConnectionView { state, relay: self.url.clone(), reason: self.reason.clone(), retry_at }
    }

    fn tick(&mut self, now: Timestamp) {
        match &mut self.state {
            State::Off | State::Paused => {}
            State::Waiting { until } if *until <= now => self.open(now),
            State::Waiting { .. } => {}
            State::Joining { deadline, .. } if *deadline <= now => {
                self.fail(now, "the relay does not answer", 0);
            }
            State::Joining { .. } => {}
            State::Member { heard, silence_ms_max, .. } if heard.plus_ms(*silence_ms_max) <= now => {
                self.fail(now, "the relay fell silent", 0);
            }
            State::Member { .. } => self.ping_if_due(now),
        }
    }

    fn ping_if_due(&mut self, now: Timestamp) {
        let interval = self.ping_ms();
        if let State::Member { pinged, .. } = &mut self.state
            && pinged.plus_ms(interval) <= now
        {
            *pinged = now;
            self.transmit(&ToRelay::Ping { token: now.0 });
        }
    }

    /// Often enough that the relay never finds this client idle.
    fn ping_ms(&self) -> u64 {
        match &self.state {
            State::Member { limits, .. } => PING_MS.min(u64::from(limits.idle_ms_max / 2).max(1_000)),
            State::Off | State::Paused | State::Waiting { .. } | State::Joining { .. } => PING_MS,
        }
    }

    fn connect(&mut self, now: Timestamp, url: String) {
        if url != self.url {
            self.leave(State::Off, String::new());
            self.url = url;
            // A token of one relay means nothing to another.
            self.resume = None;
        }
        if matches!(self.state, State::Member { .. } | State::Joining { .. }) {
            return;
        }
        self.reason.clear();
        self.backoff.succeeded();
        self.open(now);
    }

    /// The network may have changed: what waits is tried, what seems connected is tested.
    fn hurry(&mut self, now: Timestamp) {
        match &mut self.state {
            State::Off | State::Joining { .. } => {}
            State::Paused | State::Waiting { .. } => {
                self.backoff.succeeded();
                self.open(now);
            }
            State::Member { heard, pinged, silence_ms_max, .. } => {
                *heard = now;
                *pinged = now;
                *silence_ms_max = SILENCE_MS_MAX_WOKEN;
                self.transmit(&ToRelay::Ping { token: now.0 });
            }
        }
    }

    fn open(&mut self, now: Timestamp) {
        self.attempt = self.attempt.wrapping_add(1);
        self.outputs.push_back(Output::Open { attempt: self.attempt, url: self.url.clone() });
        self.enter(State::Joining { deadline: now.plus_ms(JOIN_MS_MAX), opened: None });
    }

    fn socket(&mut self, now: Timestamp, event: SocketEvent) {
        match event {
            SocketEvent::Opened { link, session } => {
                if let State::Joining { opened, .. } = &mut self.state {
                    *opened = Some((link, session));
                    let (room, resume) = (self.room.clone(), self.resume);
                    self.transmit(&ToRelay::Join { version: RELAY_VERSION, room, peer: self.peer, resume });
                }
            }
            SocketEvent::Message(bytes) => match decode::<FromRelay>(&bytes) {
                Ok(_) if bytes.len() > RELAY_FRAME_BYTES_MAX => {
                    self.fail(now, "the relay sent too large a message", 0);
                }
                Ok(message) => self.message(now, message),
                Err(_) => self.fail(now, "this is not a Tabchain relay", 0),
            },
            SocketEvent::Closed { code } => match ByeCode::from_number(code) {
                Some(code) => self.bye(now, code, 0),
                None => self.fail(now, "the relay is out of reach", 0),
            },
        }
    }

    fn message(&mut self, now: Timestamp, message: FromRelay) {
        if let State::Member { heard, silence_ms_max, .. } = &mut self.state {
            *heard = now;
            *silence_ms_max = SILENCE_MS_MAX;
        }
        let link = self.link();
        match (message, link) {
            (FromRelay::Welcome { peers, limits, resume }, None) => {
                self.welcome(now, peers, limits, resume);
            }
            (FromRelay::PeerJoined { peer }, Some(link)) => {
                self.outputs.push_back(Output::PeerJoined(link, peer));
            }
            (FromRelay::PeerLeft { peer }, Some(link)) => {
                self.outputs.push_back(Output::PeerLeft(link, peer));
            }
            // A node passes on no frames of others. Who speaks for many keys needs a place in the room for each.
            (FromRelay::Deliver { from, bytes }, Some(link)) => {
                if Frame::names_origin(&bytes, from) {
                    self.outputs.push_back(Output::Received(link, bytes));
                }
            }
            (FromRelay::Pong { .. }, Some(_)) => {}
            (FromRelay::Bye { code, retry_after_ms }, _) => self.bye(now, code, u64::from(retry_after_ms)),
            // Out of turn: a relay that says this is not one.
            (
                FromRelay::Welcome { .. }
                | FromRelay::PeerJoined { .. }
                | FromRelay::PeerLeft { .. }
                | FromRelay::Deliver { .. }
                | FromRelay::Pong { .. },
                _,
            ) => self.fail(now, "the relay spoke out of turn", 0),
        }
    }

    fn welcome(&mut self, now: Timestamp, peers: Vec<PeerId>, limits: RelayLimits, resume: ResumeToken) {
        let State::Joining { opened: Some((link, session)), .. } = self.state else {
            self.fail(now, "the relay spoke out of turn", 0);
            return;
        };
        self.resume = Some(resume);
        self.backoff.succeeded();
        self.reason.clear();
        self.outputs.push_back(Output::LinkUp { link, session });
        self.outputs.extend(peers.into_iter().map(|peer| Output::PeerJoined(link, peer)));
        self.enter(State::Member { link, limits, heard: now, pinged: now, silence_ms_max: SILENCE_MS_MAX });
    }

    fn bye(&mut self, now: Timestamp, code: ByeCode, retry_after_ms: u64) {
        let wait = if code.may_return() { retry_after_ms.min(AWAY_MS_MAX) } else { AWAY_MS_MAX };
        self.fail(now, code.sentence(), wait);
    }

    /// The connection is lost: try again after a while.
    fn fail(&mut self, now: Timestamp, reason: &str, retry_after_ms: u64) {
        // The back-off beside the relay's own wish keeps a room from coming back in the same moment.
        let until = now.plus_ms(retry_after_ms + self.backoff.next_delay_ms());
        let paused = !self.online && !is_on_this_machine(&self.url);
        self.leave(if paused { State::Paused } else { State::Waiting { until } }, reason.to_owned());
    }

    /// Ends what there is of a connection.
    fn leave(&mut self, next: State, reason: String) {
        if let Some(link) = self.link() {
            self.outputs.push_back(Output::LinkDown(link));
        }
        if matches!(self.state, State::Member { .. } | State::Joining { .. }) {
            self.outputs.push_back(Output::Close);
            // Whatever the old socket still says is of no interest.
            self.attempt = self.attempt.wrapping_add(1);
        }
        self.reason = reason;
        self.enter(next);
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.outputs.push_back(Output::Changed);
    }

    fn transmit(&mut self, message: &ToRelay) {
        self.outputs.push_back(Output::Transmit(encode(message)));
    }
}

/// Whether a text can be a relay's address.
#[must_use]
pub fn is_relay(url: &str) -> bool {
    ["ws://", "wss://"].iter().any(|scheme| url.starts_with(scheme))
}

/// A relay on this machine is there without any network.
fn is_on_this_machine(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start))
}

#[cfg(test)]
#[path = "relay_client_tests.rs"]
mod tests;
