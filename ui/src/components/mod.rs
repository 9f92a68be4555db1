//! The parts of the shell and its home, in the order of the page, and the small ones that the pages use too.

mod header;
mod mempool;
mod miner;
mod news;
mod notices;
mod pages_frame;
pub(crate) mod payments;
mod peers;
mod room_dialog;
mod send_form;
mod steps;
pub mod strip;
mod wallet;
mod wrong_room;

mod arrows;
pub(crate) mod clock;
pub(crate) mod copy;
pub(crate) mod field;
pub(crate) mod hash;
pub(crate) mod mark;
pub(crate) mod modal;
pub(crate) mod panel;
pub(crate) mod qr;
pub(crate) mod windowed;

pub use clock::ClockProvider;
pub use header::header;
pub use mempool::mempool;
pub use miner::Miner;
pub use news::news_line;
pub use notices::notices;
pub use pages_frame::{PAGES_ID, PAGES_READY, PAGES_STALE, PagesFrame};
pub use peers::Peers;
pub use steps::{FirstSteps, Steps};
pub use strip::Strip;
pub use wallet::wallet;
pub use wrong_room::wrong_room;
