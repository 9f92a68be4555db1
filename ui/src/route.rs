//! The page's address: which room, and whether a block is open.
//!
//! `#/room/NAME` and `#/room/NAME/block/HASH`; no name is the room `lobby`. Pure: the browser's part is in
//! [`crate::browser`].

use std::fmt;

use node_wasm::units::{RoomName, RoomNameError};

/// A place in the page that a link can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The room.
    pub room: RoomName,
    /// The block whose detail is open, as height or hash.
    pub block: Option<String>,
}

/// No height or hash is longer; a longer one in a link is no block's.
const BLOCK_LENGTH_MAX: usize = 64;

impl Route {
    /// Reads the part of an address from `#` on.
    ///
    /// # Errors
    /// The room's name is not one.
    pub fn parse(hash: &str) -> Result<Self, RoomNameError> {
        let mut parts = hash.trim_start_matches('#').split('/').filter(|part| !part.is_empty());
        let (Some("room"), Some(name)) = (parts.next(), parts.next()) else {
            return Ok(Self { room: RoomName::default(), block: None });
        };
        let room = name.parse()?;
        let block = match (parts.next(), parts.next()) {
            (Some("block"), Some(block)) if is_block(block) => Some(block.to_owned()),
            _ => None,
        };
        Ok(Self { room, block })
    }

    /// The room itself, nothing open.
    #[must_use]
    pub fn room(room: &RoomName) -> Self {
        Self { room: room.clone(), block: None }
    }

    /// A block of the room, open.
    #[must_use]
    pub fn block(room: &RoomName, block: &str) -> Self {
        Self { room: room.clone(), block: Some(block.to_owned()) }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#/room/{}", self.room)?;
        match &self.block {
            Some(block) => write!(f, "/block/{block}"),
            None => Ok(()),
        }
    }
}

fn is_block(text: &str) -> bool {
    text.len() <= BLOCK_LENGTH_MAX && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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
        let check = |hash: &str, room: &str, block: Option<&str>, written: &str| {
            let route = Route::parse(hash).unwrap();
            assert_eq!((route.room.as_str(), route.block.as_deref()), (room, block), "{hash:?}");
            assert_eq!(route.to_string(), written);
        };
        for bare in ["", "#", "#/", "#/room", "#/room/", "#/elsewhere/x"] {
            check(bare, "lobby", None, "#/room/lobby");
        }
        check("#/room/class-7b", "class-7b", None, "#/room/class-7b");
        check("#/room/a/block/00ff", "a", Some("00ff"), "#/room/a/block/00ff");
        check("#/room/a/block/12", "a", Some("12"), "#/room/a/block/12");
    }

    #[test]
    fn what_is_no_block_opens_none() {
        let long = "0".repeat(BLOCK_LENGTH_MAX + 1);
        for block in ["", "xyz", "%20", long.as_str()] {
            assert_eq!(Route::parse(&format!("#/room/a/block/{block}")).unwrap().block, None, "{block:?}");
        }
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
