//! Slots: each tab of a room is a node of its own, with its own key and database.
//!
//! A tab takes the first free slot of its room and holds it by a Web Lock for as long as its worker lives, so that
//! no two tabs ever share an identity, and a room that is opened again finds slot 1 with its key. A page that
//! reloads gets its own slot back: it remembers the number for the session and waits for the old worker's end. A
//! duplicated tab remembers the same number, waits in vain, and takes another.

use super::locks::{self, Lock, NoLocks};
use crate::units::RoomName;

/// How long a reloading page waits for the lock of its old worker, in milliseconds.
const RELOAD_WAIT_MS: u32 = 1_500;
/// How long a new tab waits for slot 1, in milliseconds: a tab that was closed just before may still be ending.
const REOPEN_WAIT_MS: u32 = 250;
/// More slots than a machine runs tabs.
const SLOTS_MAX: u32 = 64;

/// A slot, held until dropped.
pub(super) struct Slot {
    /// Its number, from 1.
    pub(super) number: u32,
    _lock: Lock,
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSlot {
    #[error("this browser has no Web Locks (or the page is not on https): nothing can be kept safely")]
    NoLocks,
    #[error("{SLOTS_MAX} tabs of this room are open already")]
    AllTaken,
}

impl From<NoLocks> for NoSlot {
    fn from(NoLocks: NoLocks) -> Self {
        Self::NoLocks
    }
}

/// Takes a slot of `room`: the one that the tab `remembers`, else the first free one.
pub(super) async fn take(room: &RoomName, remembers: Option<u32>) -> Result<Slot, NoSlot> {
    let wanted = match remembers {
        Some(number) if (1..=SLOTS_MAX).contains(&number) => Some((number, RELOAD_WAIT_MS)),
        Some(_) | None => Some((1, REOPEN_WAIT_MS)),
    };
    let rest = (1..=SLOTS_MAX).map(|number| (number, 0));
    for (number, wait_ms) in wanted.into_iter().chain(rest) {
        let name = format!("tabchain/{room}/slot/{number}");
        if let Some(lock) = locks::acquire(&name, wait_ms).await? {
            return Ok(Slot { number, _lock: lock });
        }
    }
    Err(NoSlot::AllTaken)
}

/// The name of the database of a slot.
pub(super) fn database_name(room: &RoomName, slot: u32) -> String {
    format!("tabchain/{room}/{slot}")
}
