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

/// A count with its noun, as every sentence has it: `1 payment`, `2 payments`.
#[must_use]
pub fn count(number: impl ToString, noun: &str) -> String {
    counted(&number.to_string(), noun)
}

fn counted(number: &str, noun: &str) -> String {
    format!("{number} {}", plural(number, noun))
}

/// The noun to a count in digits: `payment` to `1`, `payments` to any other.
#[must_use]
pub fn plural(number: &str, noun: &str) -> String {
    let end = if number == "1" { "" } else { "s" };
    format!("{noun}{end}")
}
