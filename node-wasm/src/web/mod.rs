//! The browser host (wasm32 only): the platform's side of the node.

pub mod kernel;
