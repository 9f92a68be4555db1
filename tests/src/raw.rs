//! A member of a room that is no node: it says whatever bytes it likes, and keeps what it hears.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::{SinkExt as _, StreamExt as _};
use node_wasm::codec::{decode, encode};
use node_wasm::primitives::PeerId;
use node_wasm::spread::Spread;
use node_wasm::units::RoomName;
use node_wasm::wire::Frame;
use node_wasm::wire::relay::{FromRelay, RELAY_VERSION, ToRelay};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::clock::random;

/// Far above what the relay takes for anything; only a failing test meets it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Messages leave at once, as a browser's do.
pub(crate) const NO_DELAY: bool = true;

/// A connection to the relay.
#[derive(Debug)]
pub struct Raw {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The id under which it joins.
    peer: PeerId,
}

impl Raw {
    /// Connects.
    ///
    /// # Errors
    /// When the relay is not there.
    pub async fn connect(socket: &str) -> Result<Self> {
        let (stream, _) =
            connect_async_with_config(socket, None, NO_DELAY).await.context("connecting to the relay")?;
        Ok(Self { stream, peer: PeerId(random()) })
    }

    /// Connects and becomes a member of `room`, under a fresh id.
    ///
    /// # Errors
    /// When the relay does not welcome it.
    pub async fn join(socket: &str, room: &RoomName) -> Result<Self> {
        let mut raw = Self::connect(socket).await?;
        let peer = raw.peer;
        raw.say(&ToRelay::Join { version: RELAY_VERSION, room: room.clone(), peer, resume: None }).await?;
        match raw.hear().await? {
            Some(FromRelay::Welcome { .. }) => Ok(raw),
            other => bail!("expected a welcome, got {other:?}"),
        }
    }

    /// Sends an envelope.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn say(&mut self, envelope: &ToRelay) -> Result<()> {
        self.send(encode(envelope)).await
    }

    /// Sends bytes that may be no envelope.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, bytes: Vec<u8>) -> Result<()> {
        timeout(PATIENCE, self.stream.send(Message::Binary(bytes.into())))
            .await
            .context("the relay reads")??;
        Ok(())
    }

    /// The next envelope; `None` at the end of the connection.
    ///
    /// # Errors
    /// When the relay says nothing, or what is no envelope.
    pub async fn hear(&mut self) -> Result<Option<FromRelay>> {
        loop {
            match timeout(PATIENCE, self.stream.next()).await.context("the relay says something")? {
                Some(Ok(Message::Binary(bytes))) => return Ok(Some(decode(&bytes)?)),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(None),
                Some(Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            }
        }
    }

    /// Waits until everything said so far was read by the relay, and gives the payloads that came meanwhile.
    ///
    /// # Errors
    /// When the relay ends the connection.
    pub async fn settle(&mut self) -> Result<Vec<Vec<u8>>> {
        let token = u64::from_le_bytes(random());
        self.say(&ToRelay::Ping { token }).await?;
        let mut payloads = Vec::new();
        loop {
            match self.hear().await?.context("the relay ended the connection")? {
                FromRelay::Pong { token: answered } if answered == token => return Ok(payloads),
                FromRelay::Deliver { bytes, .. } => payloads.push(bytes),
                FromRelay::Bye { code, .. } => bail!("the relay ended the connection: {code:?}"),
                FromRelay::Welcome { .. }
                | FromRelay::PeerJoined { .. }
                | FromRelay::PeerLeft { .. }
                | FromRelay::Pong { .. } => {}
            }
        }
    }
}

/// Sends `count` messages to a room, none of which is in order: bytes that are no envelope, payloads that are no
/// frame, and real envelopes around real frames with one bit changed. Joins again whenever the relay has enough.
/// Gives how often that was.
///
/// # Errors
/// When the relay is gone.
pub async fn storm(socket: &str, room: &RoomName, count: u32, seed: u64) -> Result<u32> {
    let mut noise = Noise(Spread::new(seed));
    let mut raw = Raw::join(socket, room).await?;
    let (mut sent_away, mut genuine) = (0, Vec::new());
    for number in 0..count {
        let message = match number % 20 {
            0 => noise.bytes(),
            1..=6 => encode(&ToRelay::Cast { bytes: noise.bytes() }),
            _ => {
                // A member is heard under its own name only.
                let bytes = named(genuine.clone(), raw.peer);
                let mut message = encode(&ToRelay::Cast { bytes });
                noise.flip(&mut message);
                message
            }
        };
        // A relay that has had enough closes while this writes: the next line finds out.
        let _ = raw.send(message).await;
        match raw.settle().await {
            Ok(heard) => genuine = best_of(genuine, heard),
            Err(_) => {
                sent_away += 1;
                raw = Raw::join(socket, room).await?;
            }
        }
    }
    Ok(sent_away)
}

/// A frame with another origin than the one that signed it.
fn named(frame: Vec<u8>, origin: PeerId) -> Vec<u8> {
    let Ok(mut frame) = Frame::decode(&frame) else { return frame };
    frame.unsealed.origin = origin;
    encode(&frame)
}

/// A frame for everyone is looked at more closely than one for someone else.
fn best_of(known: Vec<u8>, heard: Vec<Vec<u8>>) -> Vec<u8> {
    let is_for_all =
        |bytes: &[u8]| Frame::decode(bytes).is_ok_and(|frame| frame.unsealed.recipient.is_none());
    heard.into_iter().fold(known, |best, other| if is_for_all(&best) { best } else { other })
}

/// A sequence of bytes that its seed alone decides.
struct Noise(Spread);

impl Noise {
    /// Up to 255 bytes.
    fn bytes(&mut self) -> Vec<u8> {
        let length = self.0.below(256);
        (0..length).map(|_| self.0.below(256).to_le_bytes()[0]).collect()
    }

    /// Changes one bit.
    fn flip(&mut self, bytes: &mut [u8]) {
        let bit = self.0.below(bytes.len() as u64 * 8);
        if let Some(byte) = usize::try_from(bit / 8).ok().and_then(|at| bytes.get_mut(at)) {
            *byte ^= 1 << (bit % 8);
        }
    }
}
