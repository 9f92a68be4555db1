//! What waits to be sent to one socket, bounded in bytes: the two ends of a queue between hub and writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use node_wasm::wire::relay::ByeCode;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::limits::{QUEUED_BYTES_MAX, QUEUED_MESSAGE_BYTES};

/// One thing for the writer to send.
#[derive(Debug)]
pub(crate) enum Item {
    /// A binary message.
    Message(Bytes),
    /// The last binary message, and the close code after it.
    Last { code: ByeCode, bye: Bytes },
}

/// The end that fills the queue; dropping it lets the writer finish what is queued and stop.
#[derive(Debug)]
pub(crate) struct Outbox {
    // Unbounded in items, because `queued` bounds what is in it and the lock around the hub must not wait.
    sender: UnboundedSender<(Instant, Item)>,
    queued: Arc<AtomicUsize>,
}

/// The end that empties the queue.
#[derive(Debug)]
pub(crate) struct Inbox {
    receiver: UnboundedReceiver<(Instant, Item)>,
    queued: Arc<AtomicUsize>,
}

/// More waits than [`QUEUED_BYTES_MAX`].
#[derive(Debug)]
pub(crate) struct Overrun;

pub(crate) fn queue() -> (Outbox, Inbox) {
    let (sender, receiver) = unbounded_channel();
    let queued = Arc::new(AtomicUsize::new(0));
    (Outbox { sender, queued: Arc::clone(&queued) }, Inbox { receiver, queued })
}

impl Outbox {
    /// Queues a message, unless too much is waiting already.
    pub(crate) fn push(&self, bytes: Bytes) -> Result<(), Overrun> {
        if self.queued.load(Ordering::Relaxed) > QUEUED_BYTES_MAX {
            return Err(Overrun);
        }
        self.queued.fetch_add(bytes.len() + QUEUED_MESSAGE_BYTES, Ordering::Relaxed);
        self.put(Item::Message(bytes));
        Ok(())
    }

    /// Queues the end of the connection, behind all that waits.
    pub(crate) fn close(self, code: ByeCode, bye: Bytes) {
        self.put(Item::Last { code, bye });
    }

    fn put(&self, item: Item) {
        // A writer that is gone takes nothing: its reader is about to say that the socket is closed.
        let _ = self.sender.send((Instant::now(), item));
    }
}

impl Inbox {
    /// The next item and when it was queued; `None` once the outbox is dropped and nothing is left.
    pub(crate) async fn next(&mut self) -> Option<(Instant, Item)> {
        let (queued_at, item) = self.receiver.recv().await?;
        if let Item::Message(bytes) = &item {
            self.queued.fetch_sub(bytes.len() + QUEUED_MESSAGE_BYTES, Ordering::Relaxed);
        }
        Some((queued_at, item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_message_that_crosses_the_bound_is_the_last() {
        let (outbox, mut inbox) = queue();
        let message = Bytes::from(vec![0; QUEUED_BYTES_MAX - QUEUED_MESSAGE_BYTES]);
        outbox.push(message).expect("empty");
        outbox.push(Bytes::new()).expect("exactly at the bound");
        assert!(outbox.push(Bytes::new()).is_err());
        assert!(inbox.next().await.is_some());
        outbox.push(Bytes::new()).expect("read, so there is room");
    }

    #[tokio::test]
    async fn what_was_queued_survives_the_outbox() {
        let (outbox, mut inbox) = queue();
        outbox.push(Bytes::from_static(b"x")).expect("empty");
        outbox.close(ByeCode::Idle, Bytes::new());
        assert!(matches!(inbox.next().await, Some((_, Item::Message(_)))));
        assert!(matches!(inbox.next().await, Some((_, Item::Last { code: ByeCode::Idle, .. }))));
        assert!(inbox.next().await.is_none());
    }
}
