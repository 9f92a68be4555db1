//! One WebSocket: a reader that feeds the hub, and a writer of its own that empties the queue.
//!
//! Whichever side ends the connection, the other one's close is waited for, but not for ever. No payload and no
//! error text of a stranger's making is logged.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures::stream::SplitStream;
use futures::{Sink, SinkExt, StreamExt};
use node_wasm::wire::relay::{ByeCode, RELAY_FRAME_BYTES_MAX};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout, timeout_at};
use tungstenite::Error as WsError;

use crate::hub::{Hub, Place};
use crate::limits::{BEHIND_MS_MAX, CLOSE_MS_MAX};
use crate::queue::{Inbox, Item};
use crate::rooms::{Input, SocketId};

/// What is read of a message before the connection is given up. Above the limit that clients are told, so that
/// whoever misses that one by little is told so on a connection in good order.
const READ_BYTES_MAX: usize = 2 * RELAY_FRAME_BYTES_MAX;

/// Keeps an idle connection small; larger messages grow it as they come.
const READ_BUFFER_BYTES: usize = 4 << 10;

/// Writing takes place at once: the queue is the only buffer.
const WRITE_BUFFER_BYTES: usize = 0;

const BEHIND_MAX: Duration = Duration::from_millis(BEHIND_MS_MAX);
const CLOSE_MAX: Duration = Duration::from_millis(CLOSE_MS_MAX);

/// Answers the upgrade, and serves the connection from then on.
pub(crate) fn upgrade(request: WebSocketUpgrade, hub: Arc<Hub>) -> Response {
    request
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(READ_BYTES_MAX)
        .max_frame_size(READ_BYTES_MAX)
        .on_upgrade(move |socket| serve(socket, hub))
}

async fn serve(socket: WebSocket, hub: Arc<Hub>) {
    let Place { socket: id, inbox, alive } = match hub.open() {
        Ok(place) => place,
        Err(error) => return tracing::error!(%error, "no entropy for a resume token"),
    };
    let (sink, stream) = socket.split();
    let mut writer = tokio::spawn(write(sink, inbox, Arc::clone(&hub), id));
    tokio::select! {
        () = read(stream, &hub, id) => {}
        () = linger(&mut writer) => {}
    }
    hub.handle(Input::Closed { socket: id });
    drop(alive);
}

/// Feeds the hub until the connection is at its end. A close frame is not that end: it is answered below, while the
/// reading goes on.
async fn read(mut stream: SplitStream<WebSocket>, hub: &Hub, socket: SocketId) {
    while let Some(message) = stream.next().await {
        match message {
            Ok(Message::Binary(bytes)) => hub.handle(Input::Received { socket, bytes }),
            Ok(Message::Text(_)) => hub.handle(Input::Failed { socket, code: ByeCode::Malformed }),
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_)) => {}
            Err(error) => {
                let Some(code) = fault(error) else { return };
                hub.handle(Input::Failed { socket, code });
                // Nothing more can be read, but the writer has a last word.
                return pending().await;
            }
        }
    }
}

/// What a client did to make reading fail; `None` when the connection is simply gone.
fn fault(error: axum::Error) -> Option<ByeCode> {
    match *error.into_inner().downcast::<WsError>().ok()? {
        WsError::Capacity(_) => Some(ByeCode::TooLarge),
        WsError::Protocol(_) | WsError::Utf8(_) => Some(ByeCode::Malformed),
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Io(_)
        | WsError::Tls(_)
        | WsError::WriteBufferFull(_)
        | WsError::AttackAttempt
        | WsError::Url(_)
        | WsError::Http(_)
        | WsError::HttpFormat(_) => None,
    }
}

/// Sends what is queued, up to the last word.
async fn write(mut sink: impl Sink<Message> + Unpin, mut inbox: Inbox, hub: Arc<Hub>, socket: SocketId) {
    let mut behind = false;
    while let Some((queued_at, item)) = inbox.next().await {
        match item {
            // Only the last word is of use to a client that is too far behind.
            Item::Message(_) if behind => {}
            Item::Message(bytes) => {
                match timeout_at(queued_at + BEHIND_MAX, sink.send(Message::Binary(bytes))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(_) => {
                        behind = true;
                        hub.handle(Input::Failed { socket, code: ByeCode::TooSlow });
                    }
                }
            }
            Item::Last { code, bye } => {
                let frame = CloseFrame { code: code.number(), reason: code.sentence().into() };
                let last = [Message::Binary(bye), Message::Close(Some(frame))];
                let mut last = futures::stream::iter(last.map(Ok));
                // Whether it arrives is up to the client: the connection ends either way.
                let _ = timeout(CLOSE_MAX, sink.send_all(&mut last)).await;
                return;
            }
        }
    }
}

/// Waits for the writer, and then for the client's part of the close.
async fn linger(writer: &mut JoinHandle<()>) {
    // A writer that panicked has no more to say either.
    let _ = writer.await;
    sleep(CLOSE_MAX).await;
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::channel::mpsc;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let hub = Arc::new(Hub::default());
        let Place { socket, inbox, .. } = hub.open().expect("entropy");
        let (full, _unread) = mpsc::channel(0);
        // A queue beside the hub's own, to be filled without a room.
        let (outbox, stuck) = crate::queue::queue();
        drop(inbox);
        for _ in 0..3 {
            outbox.push(Bytes::from_static(b"x")).expect("room for little");
        }
        outbox.close(ByeCode::Shutdown, Bytes::new());
        let started = Instant::now();
        write(full, stuck, Arc::clone(&hub), socket).await;
        assert_eq!(started.elapsed(), BEHIND_MAX + CLOSE_MAX);
        assert_eq!(hub.ended().get(&ByeCode::TooSlow), Some(&1));
    }
}
