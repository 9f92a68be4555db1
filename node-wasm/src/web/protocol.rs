//! What the page and its node worker say to each other: the calls and updates of [`crate::api`], and the start.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::api::{ApiError, Command, Reply, Update};
use crate::units::RoomName;

/// From the page to the worker.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(super) enum ToNode {
    /// The first message, once the worker is ready.
    Start(Start),
    /// A command, answered under the same id.
    Call { id: u32, command: Command },
    /// Whether the browser promised to keep the store; workers cannot ask for it.
    Persisted(bool),
}

/// What a node needs to know of its page.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct Start {
    /// The room's name.
    pub(super) room: RoomName,
    /// The relay that the link names.
    pub(super) relay: Option<String>,
    /// The relay of the page's own origin.
    pub(super) own_relay: String,
    /// The slot that the tab had before it was reloaded.
    pub(super) slot: Option<u32>,
}

/// From the worker to the page.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(super) enum FromNode {
    /// The worker listens. Anything that was posted before is lost: its module awaits at top level.
    Ready,
    /// The node runs, in this slot; 0 is none.
    Started { slot: u32 },
    /// The answer to a call.
    Answer { id: u32, result: Result<Reply, ApiError> },
    /// Something happened.
    Update(Update),
    /// The node broke and does nothing any more. An exception in a task of a worker otherwise reaches nobody.
    Broken { why: String },
}
