//! The node's worker.
fn main() {}
