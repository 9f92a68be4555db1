//! One WebSocket to the relay: opens, reports, sends, closes. What any of it means is
//! [`crate::host::relay_client`]'s.

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use super::events::{Events, HostEvent};

/// A socket, closed when dropped.
pub(super) struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Starts to open a socket; what becomes of it is told as [`HostEvent`]s of `attempt`.
    pub(super) fn open(url: &str, attempt: u32, events: &Events) -> Result<Self, JsValue> {
        let socket = WebSocket::new(url)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let sender = events.clone();
        let on_open = Closure::new(move |_: Event| sender.post(HostEvent::SocketOpened { attempt }));
        let sender = events.clone();
        let on_message = Closure::new(move |event: MessageEvent| {
            // Text is no envelope: an empty message is as wrong, and is refused by the one reader.
            let bytes = event.data().dyn_into::<ArrayBuffer>();
            let bytes = bytes.map_or_else(|_| Vec::new(), |buffer| Uint8Array::new(&buffer).to_vec());
            sender.post(HostEvent::SocketMessage { attempt, bytes });
        });
        let sender = events.clone();
        let on_close = Closure::new(move |event: CloseEvent| {
            sender.post(HostEvent::SocketClosed { attempt, code: event.code() });
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// Sends a binary message. A socket that cannot is about to report its end.
    pub(super) fn send(&self, bytes: &[u8]) {
        if self.socket.ready_state() == WebSocket::OPEN {
            let _ = self.socket.send_with_u8_array(bytes);
        }
    }

    /// What waits to be sent, in bytes.
    pub(super) fn buffered(&self) -> usize {
        self.socket.buffered_amount() as usize
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Fails only for a bad code or reason, and there is none.
        let _ = self.socket.close();
    }
}
