//! The relay as its clients meet it: real sockets on loopback, real files, the real command.

mod client;
mod command;
mod hostile;
mod http;
mod page;
mod rooms;
mod server;
