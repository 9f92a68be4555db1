//! [`Rooms`] as the relay of a simulated network: the same code, with its sockets simulated too.

use node_wasm::sim::{FromSwitch, Patience, Switch, ToSwitch};
use node_wasm::units::Timestamp;
use node_wasm::wire::relay::ByeCode;

use crate::limits::{BEHIND_MS_MAX, QUEUED_BYTES_MAX};
use crate::rooms::{Input, Output, Rooms, SocketId};

/// A relay for the simulator.
#[must_use]
pub fn switch() -> Box<dyn Switch> {
    Box::new(Rooms::default())
}

impl Switch for Rooms {
    fn handle(&mut self, now: Timestamp, input: ToSwitch) {
        let input = match input {
            ToSwitch::Opened { socket, resume } => Input::Opened { socket: SocketId(socket), resume },
            ToSwitch::Received { socket, bytes } => {
                Input::Received { socket: SocketId(socket), bytes: bytes.into() }
            }
            ToSwitch::Closed { socket } => Input::Closed { socket: SocketId(socket) },
            ToSwitch::TooSlow { socket } => {
                Input::Failed { socket: SocketId(socket), code: ByeCode::TooSlow }
            }
            ToSwitch::Tick => Input::Tick,
            ToSwitch::Shutdown => Input::Shutdown,
        };
        Self::handle(self, now, input);
    }

    fn poll(&mut self) -> Option<FromSwitch> {
        Some(match Self::poll(self)? {
            Output::Send { socket, bytes } => FromSwitch::Send { socket: socket.0, bytes: bytes.to_vec() },
            Output::Close { socket, code, bye } => {
                FromSwitch::Close { socket: socket.0, code, bye: bye.to_vec() }
            }
        })
    }

    fn next_timeout(&self) -> Option<Timestamp> {
        Self::next_timeout(self)
    }

    fn patience(&self) -> Patience {
        Patience { bytes_max: QUEUED_BYTES_MAX, ms_max: BEHIND_MS_MAX }
    }
}
