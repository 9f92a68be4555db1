//! What a page sees of a node: the typed protocol between the page and the node's worker.
//!
//! The same values are what `window.tabchain` resolves to, so their JSON shape is public: hashes and ids are
//! lower-case hex, addresses bech32m, amounts decimal strings of the smallest unit, times Unix milliseconds.
//! Pure data: native tests use it as the browser does.

mod command;
mod reply;
mod update;
pub mod view;

pub use command::*;
pub use reply::*;
pub use update::*;

/// Bytes as one `Uint8Array`, not as a list of numbers.
mod bytes {
    use serde::de::{Deserializer, Visitor};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
