//! The Tabchain relay: nodes that cannot reach each other meet in its rooms. It forwards what they say and knows
//! nothing of what it means.
//!
//! [`Rooms`] is the whole behaviour, pure: no clock, entropy, socket or log. Everything else is its host:
//!
//! ```text
//! limits   every bound, with its reason
//! rooms    Input -> Output: sockets, rooms, members          (pure; `pace` is its token bucket)
//! hub      the one place where Rooms meets clock, entropy and queues (`queue` is one socket's)
//! socket   one WebSocket: a reader, a writer
//! assets   the built page: `site` loads it, `assets` answers requests for it
//! server   the routes, and running them until told to stop
//! sim      Rooms as the relay of a simulated network
//! ```
//!
//! Left out: any knowledge of blocks and payments, and any state that outlives a connection.

pub mod assets;
pub mod hub;
pub mod limits;
mod queue;
pub mod rooms;
pub mod server;
pub mod sim;
mod site;
mod socket;

pub use rooms::{Input, Output, Rooms, SocketId};
pub use server::{Options, app, run};
