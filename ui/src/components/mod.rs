//! The parts of the page, in the order of the page; the small ones that all use stand last.

mod actions;
mod arrows;
mod block_dialog;
mod chain_list;
mod header;
mod log;
mod mempool;
mod miner;
mod news;
mod node_panel;
mod notices;
mod payments;
mod peers;
mod room_dialog;
mod send_form;
pub mod strip;
mod wallet;
mod wrong_room;

mod clock;
mod copy;
mod field;
mod hash;
mod mark;
mod modal;
mod panel;
mod windowed;

pub use block_dialog::BlockDialog;
pub use chain_list::ChainList;
pub use clock::ClockProvider;
pub use header::header;
pub use log::Log;
pub use mempool::mempool;
pub use miner::Miner;
pub use news::news_line;
pub use node_panel::node_panel;
pub use notices::notices;
pub use peers::Peers;
pub use strip::Strip;
pub use wallet::wallet;
pub use wrong_room::wrong_room;
