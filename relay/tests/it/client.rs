//! A node's connection to the relay, as far as the envelope goes.

use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use node_wasm::codec::{decode, encode};
use node_wasm::primitives::PeerId;
use node_wasm::wire::relay::{ByeCode, FromRelay, RELAY_VERSION, ResumeToken, ToRelay};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::server::PATIENCE;

pub(crate) struct Client(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let (socket, _) = connect_async(format!("ws://{address}/ws")).await.expect("the relay answers");
        Self(socket)
    }

    /// Connects and joins; returns the others in the room and the resume token too.
    pub(crate) async fn join(
        address: SocketAddr,
        room: &str,
        peer: PeerId,
        resume: Option<ResumeToken>,
    ) -> (Self, Vec<PeerId>, ResumeToken) {
        let mut client = Self::connect(address).await;
        client.say(&join(room, peer, resume)).await;
        match client.hear().await {
            FromRelay::Welcome { peers, resume, .. } => (client, peers, resume),
            other => panic!("expected a welcome, got {other:?}"),
        }
    }

    /// Connects and joins.
    pub(crate) async fn member(address: SocketAddr, room: &str, number: u8) -> Self {
        Self::join(address, room, peer(number), None).await.0
    }

    pub(crate) async fn say(&mut self, message: &ToRelay) {
        self.send(Message::Binary(encode(message).into())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        timeout(PATIENCE, self.0.send(message)).await.expect("the relay reads").expect("the relay is there");
    }

    /// The next envelope.
    pub(crate) async fn hear(&mut self) -> FromRelay {
        match self.next().await {
            Message::Binary(bytes) => decode(&bytes).expect("an envelope"),
            other => panic!("expected an envelope, got {other:?}"),
        }
    }

    /// The next envelope that is a payload.
    pub(crate) async fn hear_payload(&mut self) -> (PeerId, Vec<u8>) {
        loop {
            match self.hear().await {
                FromRelay::Deliver { from, bytes } => return (from, bytes),
                FromRelay::Bye { code, .. } => panic!("sent away: {code:?}"),
                FromRelay::Welcome { .. }
                | FromRelay::PeerJoined { .. }
                | FromRelay::PeerLeft { .. }
                | FromRelay::Pong { .. } => {}
            }
        }
    }

    /// Reads to the end of the connection, which has to come with this code and in good order.
    pub(crate) async fn expect_bye(&mut self, expect: ByeCode) {
        let mut said = None;
        loop {
            match self.next().await {
                Message::Binary(bytes) => said = Some(decode::<FromRelay>(&bytes).expect("an envelope")),
                Message::Close(frame) => {
                    assert!(matches!(said, Some(FromRelay::Bye { code, .. }) if code == expect), "{said:?}");
                    assert_eq!(frame.map(|frame| u16::from(frame.code)), Some(expect.number()));
                    return;
                }
                other => panic!("expected {expect:?}, got {other:?}"),
            }
        }
    }

    async fn next(&mut self) -> Message {
        let next = timeout(PATIENCE, self.0.next()).await.expect("the relay says something");
        next.expect("the connection is up").expect("the connection is in order")
    }
}

pub(crate) fn peer(number: u8) -> PeerId {
    PeerId([number; 20])
}

pub(crate) fn join(room: &str, peer: PeerId, resume: Option<ResumeToken>) -> ToRelay {
    ToRelay::Join { version: RELAY_VERSION, room: room.parse().expect("a room's name"), peer, resume }
}

pub(crate) fn to(number: u8, bytes: impl Into<Vec<u8>>) -> ToRelay {
    ToRelay::To { peer: peer(number), bytes: bytes.into() }
}

pub(crate) fn cast(bytes: impl Into<Vec<u8>>) -> ToRelay {
    ToRelay::Cast { bytes: bytes.into() }
}
