//! What the generator of the kernels (`build/`) and their caller ([`super::kernel`]) agree on.

/// Which word about the header is the first of those that stand before the nonce: after the midstate.
pub(crate) const TAIL: u32 = 8;
/// Which word is the mask, the last: which bits of the hash's eighth word must be zero.
pub(crate) const MASK: u32 = TAIL + 3;
/// How many nonces a vector holds.
pub(crate) const LANES: u32 = 4;
/// What the module calls its function that takes a word, ...
pub const WRITE: &str = "write";
/// ... its search with vectors alone, ...
pub(crate) const VECTOR: &str = "vector";
/// ... and its search with plain words beside them, one nonce more in each group.
pub(crate) const MIXED: &str = "mixed";
