//! What travels: frames that prove their origin, the messages in them, and the envelopes around them.

pub mod channel;
mod compact;
mod frame;
mod message;
pub mod relay;

pub use compact::{CompactBlock, Rebuild, ShortId};
pub use frame::{Frame, FrameError, SessionId, UnsealedFrame};
pub use message::{Hello, Message, MessageError, Status, Tip};
