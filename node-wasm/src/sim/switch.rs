//! What the simulator wants of a relay: the three verbs of `relay::Rooms`, which is the one that it gets.
//!
//! A trait, because the relay's package is built on this one and cannot be named here.

use crate::units::Timestamp;
use crate::wire::relay::{ByeCode, ResumeToken};

/// What happens to a relay.
#[derive(Clone, Debug)]
pub enum ToSwitch {
    /// A connection came up.
    Opened {
        /// Its name, never used twice.
        socket: u64,
        /// Handed to the client should it become a member.
        resume: ResumeToken,
    },
    /// An envelope came in.
    Received {
        /// From where.
        socket: u64,
        /// The envelope.
        bytes: Vec<u8>,
    },
    /// A connection is gone.
    Closed {
        /// Which.
        socket: u64,
    },
    /// More waits for a connection than it takes in time.
    TooSlow {
        /// Which.
        socket: u64,
    },
    /// The moment of `next_timeout` has come.
    Tick,
    /// It is about to stop: everyone is sent away.
    Shutdown,
}

/// What a relay does.
#[derive(Clone, Debug)]
pub enum FromSwitch {
    /// It sends an envelope.
    Send {
        /// To where.
        socket: u64,
        /// The envelope.
        bytes: Vec<u8>,
    },
    /// It sends a last envelope and closes.
    Close {
        /// Which connection.
        socket: u64,
        /// Why.
        code: ByeCode,
        /// The envelope.
        bye: Vec<u8>,
    },
}

/// What may wait for a client that reads more slowly than its room writes.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How many bytes.
    pub bytes_max: usize,
    /// For how long, in milliseconds.
    pub ms_max: u64,
}

/// Whatever forwards envelopes between sockets.
pub trait Switch {
    /// Takes in what happened; drain [`Self::poll`] before the next call.
    fn handle(&mut self, now: Timestamp, input: ToSwitch);
    /// The next thing that it does.
    fn poll(&mut self) -> Option<FromSwitch>;
    /// When to come back with a tick.
    fn next_timeout(&self) -> Option<Timestamp>;
    /// When its host calls a client too slow.
    fn patience(&self) -> Patience;
}

/// Makes a relay, and makes it again when it restarts.
pub type NewSwitch = fn() -> Box<dyn Switch>;
