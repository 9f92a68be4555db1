//! The relay as its clients meet it: real sockets on loopback, real files, the real command.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the one variant that it expects")]

mod client;
mod command;
mod hostile;
mod http;
mod page;
mod rooms;
mod server;
