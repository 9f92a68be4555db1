//! The page's address: which room, and which place in it.
//!
//! `#/room/NAME` is the room itself, `#/room/NAME/block/HASH` a block of it, and so on for each [`Place`]; no name is
//! the room `lobby`. What is read is written back in one form. Pure: the browser's part is in [`crate::browser`].

use std::fmt;

use node_wasm::units::{RoomName, RoomNameError};

/// A place that a link can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The room.
    pub room: RoomName,
    /// The place in it.
    pub place: Place,
}

/// A place in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The room itself.
    #[default]
    Home,
    /// All blocks.
    Blocks,
    /// One block, by height or hash.
    Block(String),
    /// One payment, by its id.
    Payment(String),
    /// One account, by its address.
    Account(String),
    /// One peer, by its id.
    Peer(String),
    /// The wallet, and maybe a part of it.
    Wallet(String),
    /// The miner.
    Miner,
    /// This node: its facts, its data, its log.
    Node,
    /// How others come in: the room's link, large enough for a wall.
    Invite,
    /// What a text may name.
    Search(String),
    /// No place: what the address says after the room.
    Nowhere(String),
}

/// No height, hash, id or address is longer; a longer one in a link names nothing.
const NAME_LENGTH_MAX: usize = 100;

impl Route {
    /// Reads the part of an address from `#` on.
    ///
    /// # Errors
    /// The room's name is not one.
    pub fn parse(hash: &str) -> Result<Self, RoomNameError> {
        let path = hash.trim_start_matches('#').trim_matches('/');
        let Some(path) = path.strip_prefix("room/").map(|path| path.trim_start_matches('/')) else {
            let place = if matches!(path, "" | "room") { Place::Home } else { Place::nowhere(path) };
            return Ok(Self { room: RoomName::default(), place });
        };
        let (room, place) = path.split_once('/').unwrap_or((path, ""));
        Ok(Self { room: room.parse()?, place: Place::parse(place.trim_matches('/')) })
    }

    /// A place of a room.
    #[must_use]
    pub fn to(room: &RoomName, place: Place) -> Self {
        Self { room: room.clone(), place }
    }

    /// The room itself.
    #[must_use]
    pub fn room(room: &RoomName) -> Self {
        Self::to(room, Place::Home)
    }

    /// A block of the room.
    #[must_use]
    pub fn block(room: &RoomName, block: &str) -> Self {
        Self::to(room, Place::Block(block.to_owned()))
    }
}

impl Place {
    fn parse(path: &str) -> Self {
        let (kind, name) = path.split_once('/').unwrap_or((path, ""));
        let is_name = !name.is_empty()
            && name.len() <= NAME_LENGTH_MAX
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match kind {
            "" => Self::Home,
            "blocks" if name.is_empty() => Self::Blocks,
            "block" if is_name => Self::Block(name.to_owned()),
            "payment" if is_name => Self::Payment(name.to_owned()),
            "account" if is_name => Self::Account(name.to_owned()),
            "peer" if is_name => Self::Peer(name.to_owned()),
            "wallet" if is_name || name.is_empty() => Self::Wallet(name.to_owned()),
            "miner" if name.is_empty() => Self::Miner,
            "node" if name.is_empty() => Self::Node,
            "invite" if name.is_empty() => Self::Invite,
            "search" if name.len() <= NAME_LENGTH_MAX => Self::Search(name.to_owned()),
            _ => Self::nowhere(path),
        }
    }

    fn nowhere(path: &str) -> Self {
        Self::Nowhere(path.chars().take(NAME_LENGTH_MAX).collect())
    }

    /// Where the place is drawn: by the shell itself, or by the program of the pages.
    #[must_use]
    pub const fn is_home(&self) -> bool {
        matches!(self, Self::Home)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#/room/{}", self.room)?;
        let (kind, name) = match &self.place {
            Place::Home => return Ok(()),
            Place::Blocks => ("blocks", ""),
            Place::Block(name) => ("block", name.as_str()),
            Place::Payment(name) => ("payment", name.as_str()),
            Place::Account(name) => ("account", name.as_str()),
            Place::Peer(name) => ("peer", name.as_str()),
            Place::Wallet(part) => ("wallet", part.as_str()),
            Place::Miner => ("miner", ""),
            Place::Node => ("node", ""),
            Place::Invite => ("invite", ""),
            Place::Search(text) => ("search", text.as_str()),
            Place::Nowhere(path) => (path.as_str(), ""),
        };
        let slash = if name.is_empty() { "" } else { "/" };
        write!(f, "/{kind}{slash}{name}")
    }
}

/// The relay that the query part of an address names (`?relay=wss://...`), still percent-encoded.
#[must_use]
pub fn relay_of(search: &str) -> Option<&str> {
    let pairs = search.trim_start_matches('?').split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == "relay").map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_and_written_alike() {
        let check = |hash: &str, room: &str, place: Place, written: &str| {
            let route = Route::parse(hash).unwrap();
            assert_eq!((route.room.as_str(), &route.place), (room, &place), "{hash:?}");
            assert_eq!(route.to_string(), written);
            assert_eq!(Route::parse(written), Ok(route));
        };
        for bare in ["", "#", "#/", "#/room", "#/room/"] {
            check(bare, "lobby", Place::Home, "#/room/lobby");
        }
        check("#/room/class-7b", "class-7b", Place::Home, "#/room/class-7b");
        check("#/room/a/blocks/", "a", Place::Blocks, "#/room/a/blocks");
        check("#/room/a/block/00ff", "a", Place::Block("00ff".to_owned()), "#/room/a/block/00ff");
        check("#/room/a/block/12", "a", Place::Block("12".to_owned()), "#/room/a/block/12");
        check("#/room/a/account/tab1qx", "a", Place::Account("tab1qx".to_owned()), "#/room/a/account/tab1qx");
        check("#/room/a/wallet", "a", Place::Wallet(String::new()), "#/room/a/wallet");
        check("#/room/a/wallet/keys", "a", Place::Wallet("keys".to_owned()), "#/room/a/wallet/keys");
        check("#/room/a/search/x y", "a", Place::Search("x y".to_owned()), "#/room/a/search/x y");
        check("#/room/a/shop/x", "a", Place::Nowhere("shop/x".to_owned()), "#/room/a/shop/x");
    }

    #[test]
    fn an_address_that_names_nothing_is_nowhere_and_never_the_lobby() {
        let long = "0".repeat(NAME_LENGTH_MAX + 1);
        for place in ["block", "block/", "block/x.y", "payment/%20", "nonsense", &format!("block/{long}")] {
            let route = Route::parse(&format!("#/room/a/{place}")).unwrap();
            assert!(matches!(route.place, Place::Nowhere(_)), "{place:?}");
        }
        assert!(matches!(Route::parse("#/nonsense").unwrap().place, Place::Nowhere(_)));
    }

    #[test]
    fn a_bad_room_is_refused_not_replaced() {
        assert_eq!(Route::parse("#/room/No%20Room"), Err(RoomNameError("No%20Room".to_owned())));
    }

    #[test]
    fn the_relay_is_found_among_other_parameters() {
        assert_eq!(relay_of(""), None);
        assert_eq!(relay_of("?relays=a&x"), None);
        assert_eq!(relay_of("?a=b&relay=wss%3A%2F%2Fhost"), Some("wss%3A%2F%2Fhost"));
    }
}
