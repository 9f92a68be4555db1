//! Everything that can happen to a node's host, in one queue with one reader.
//!
//! Whatever calls back posts here and returns, so that the host is never entered twice. The reader normally keeps
//! up within the same task; the queue grows only while it awaits the store, and then drops inbound frames first.

use futures::channel::mpsc;

use super::miner_protocol::FromMiner;
use super::protocol::ToNode;
use crate::api::{Verified, Verifying};
use crate::primitives::PeerId;
use crate::wire::channel::Envelope;

/// Inbound frames are dropped, as the network may drop any frame, while so many events wait.
const FRAMES_WAITING_MAX: usize = 4_096;

/// Something that happened.
pub(super) enum HostEvent {
    /// The page said something.
    Page(Result<ToNode, String>),
    /// The timer that the host armed went off.
    Timer,
    /// The relay's socket is open.
    SocketOpened { attempt: u32 },
    /// The relay's socket brought a message.
    SocketMessage { attempt: u32, bytes: Vec<u8> },
    /// The relay's socket is closed.
    SocketClosed { attempt: u32, code: u16 },
    /// The broadcast channel brought an envelope.
    Channel(Envelope),
    /// Who holds a member's lock of the broadcast channel; `None` when there are no locks.
    ChannelMembers(Option<Vec<PeerId>>),
    /// A miner worker said something.
    Miner { worker: u32, message: FromMiner },
    /// A miner worker broke.
    MinerFailed { worker: u32, reason: String },
    /// The store cannot keep what it was given.
    StoreFailed(String),
    /// The store has written what it was given: whatever waited for that is due.
    Written,
    /// The store brought a block that the node still lacked.
    Stored { height: u32, record: Vec<u8> },
    /// A check of the stored chain went on.
    Verifying(Verifying),
    /// A check of the stored chain is done.
    Verified { id: u32, result: Verified },
}

/// The queue's sending side.
#[derive(Clone)]
pub(super) struct Events(mpsc::UnboundedSender<HostEvent>);

impl Events {
    /// A queue.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<HostEvent>) {
        let (sender, receiver) = mpsc::unbounded();
        (Self(sender), receiver)
    }

    /// Queues an event. After the host's end nobody cares.
    pub(super) fn post(&self, event: HostEvent) {
        let is_frame = matches!(event, HostEvent::SocketMessage { .. } | HostEvent::Channel(_));
        if is_frame && self.0.len() >= FRAMES_WAITING_MAX {
            return;
        }
        let _ = self.0.unbounded_send(event);
    }
}
