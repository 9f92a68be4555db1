//! What stands in for `x86.rs` on other processors, which have no vectors that are used.

use crate::miner::Scan;

/// The scans that this processor has vectors for: none.
pub(crate) fn available() -> impl Iterator<Item = (&'static str, Scan)> {
    None.into_iter()
}
