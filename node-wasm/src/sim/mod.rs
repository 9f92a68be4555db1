//! The simulator: many real nodes, and a real relay, on one virtual clock, from one seed.
//!
//! [`run`] plays a [`Scenario`]: it drives [`crate::node::Node`] and [`crate::host::relay_client::RelayClient`] as a
//! host does, over lines that lose, double, delay and reorder, with machines that crash, sleep and start again from
//! snapshots on torn and rotten disks. After every event it checks what must hold then; at the end everything is mended,
//! and within a bounded time all nodes must have one tip and no acknowledged payment may be lost. One seed is one run,
//! natively and in wasm: the audit of a report, a hash of every output of every node, is the same.
//!
//! ```text
//! scenario  what is played, and what is measured     plan     who plays, and what goes wrong when
//! world     the clock, the queue, the checks' calls  life     opening, crashing, sleeping, paying
//! relay     streams to the relay (`switch`)          network  frames on their way
//! player    a node and its host's memory             conduct  selfish miners, liars, forgers
//! store     what hosts write, start from and load     disk     what a crash leaves of it
//! check     what must hold at every moment           rest     what must hold in the end
//! pace      when a block is found                    random   chance
//! report    what a run came to, and what it found (`finding`)
//! ```
//!
//! Left out: browsers, sockets and real time, which the tests in tabs have; forged frames and a relay that lies, which
//! have tests of their own; a user who resets the node or has its chain verified.

mod check;
mod conduct;
mod disk;
mod finding;
mod life;
mod network;
mod pace;
mod plan;
mod player;
mod random;
mod relay;
mod report;
mod rest;
mod scenario;
mod store;
mod switch;
#[cfg(test)]
mod tests;
mod world;

pub use finding::{Finding, selfish_share};
pub use pace::{ROOM_RATE, params};
pub use report::Report;
pub use scenario::{Options, Scenario, UnknownScenario, run};
pub use switch::{FromSwitch, NewSwitch, Patience, Switch, ToSwitch};
pub use world::Failure;
