//! Peers.

/// What kind of link carries a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    /// The tabs of one browser.
    Broadcast,
    /// A room of the relay.
    Relay,
}
