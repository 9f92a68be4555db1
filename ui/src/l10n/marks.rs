//! How a text is written into the program: plain, with these characters where it varies. The build script writes it,
//! [`super::fill`] reads it. No text has such a character of its own.
//!
//! ```text
//! text      = of the first language, LANGUAGE, of the second, ...
//! argument  = ARGUMENT + its place in alphabetical order
//! choice    = SELECT argument (key KEY text END)* KEY text END     the last one, without a key, is for all other values
//! ```

/// Ends the text of one language.
pub(crate) const LANGUAGE: char = '\u{1}';
/// Begins a choice between texts.
pub(crate) const SELECT: char = '\u{2}';
/// Ends the value for which a text is chosen.
pub(crate) const KEY: char = '\u{3}';
/// Ends a text that may be chosen.
pub(crate) const END: char = '\u{4}';
/// Stands for the first argument, its successors for the others.
pub(crate) const ARGUMENT: char = '\u{10}';
