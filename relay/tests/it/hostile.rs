//! Clients that mean harm, or cannot keep up, beside some that do neither.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use node_wasm::codec::encode;
use node_wasm::primitives::PeerId;
use node_wasm::wire::relay::{ByeCode, FromRelay, ToRelay};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, cast, join, peer, to};
use crate::server::{PATIENCE, Server};

const ABUSERS: u64 = 4;
const CONNECTIONS: u64 = 250;
const FRAMES: u64 = 10;

/// xorshift64: the same frames in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Noise, or an envelope with one bit flipped.
    fn frame(&mut self) -> Vec<u8> {
        let valid = [encode(&join("x", peer(1), None)), encode(&cast("spam")), encode(&to(1, "spam"))];
        let choice = self.next() as usize % (valid.len() + 1);
        let Some(envelope) = valid.get(choice) else {
            let length = self.next() as usize % 200;
            return (0..length).map(|_| self.next() as u8).collect();
        };
        let mut bytes = envelope.clone();
        let bit = self.next() as usize % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }
}

/// Joins the room of the healthy again and again, and sends garbage each time. Returns how many frames went out.
async fn abuse(address: SocketAddr, seed: u64) -> u64 {
    let mut random = Random(seed);
    let mut sent = 0;
    for connection in 0..CONNECTIONS {
        let mut client = Client::connect(address).await;
        let mut id = [0xff; 20];
        id[..8].copy_from_slice(&(seed << 32 | connection).to_le_bytes());
        client.say(&join("x", PeerId(id), None)).await;
        for _ in 0..FRAMES {
            client.send(Message::Binary(random.frame().into())).await;
            sent += 1;
        }
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_frames_of_garbage_disturb_nobody() {
    let server = Server::start().await;
    let mut a = Client::member(server.address, "x", 1).await;
    let mut b = Client::member(server.address, "x", 2).await;
    let abusers: Vec<_> = (1..=ABUSERS).map(|seed| tokio::spawn(abuse(server.address, seed))).collect();
    let over = Arc::new(AtomicBool::new(false));
    let exchanged = Arc::new(AtomicU64::new(0));
    let healthy = {
        let (over, exchanged) = (Arc::clone(&over), Arc::clone(&exchanged));
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let round = exchanged.fetch_add(1, Ordering::Relaxed).to_le_bytes().to_vec();
                a.say(&to(2, round.clone())).await;
                while b.hear_payload().await != (peer(1), round.clone()) {}
                b.say(&to(1, round.clone())).await;
                while a.hear_payload().await != (peer(2), round.clone()) {}
            }
        })
    };
    let mut sent = 0;
    for abuser in abusers {
        sent += abuser.await.expect("no panic");
    }
    over.store(true, Ordering::Relaxed);
    healthy.await.expect("the healthy members went on");
    assert_eq!(sent, ABUSERS * CONNECTIONS * FRAMES);
    assert!(exchanged.load(Ordering::Relaxed) > 100, "{exchanged:?}");
}

#[tokio::test]
async fn who_does_not_read_is_closed_and_holds_up_nobody() {
    let server = Server::start().await;
    let mut slow = Client::member(server.address, "x", 1).await;
    let mut fast = Client::member(server.address, "x", 2).await;
    let mut third = Client::member(server.address, "x", 3).await;
    assert_eq!(fast.hear().await, FromRelay::PeerJoined { peer: peer(3) });
    // The system's own buffers swallow some megabytes before the relay's queue begins to fill.
    let overrun = async {
        for token in 0..60 {
            fast.say(&to(1, vec![0; 1_000_000])).await;
            fast.say(&ToRelay::Ping { token }).await;
            match fast.hear().await {
                FromRelay::PeerLeft { peer } => return Some(peer),
                other => assert_eq!(other, FromRelay::Pong { token }),
            }
        }
        None
    };
    assert_eq!(overrun.await, Some(peer(1)));
    fast.say(&cast("still here")).await;
    assert_eq!(third.hear_payload().await, (peer(2), b"still here".to_vec()));
    // Having read at last what was under way, the slow one learns why.
    slow.expect_bye(ByeCode::TooSlow).await;
}

#[tokio::test]
async fn a_close_that_is_not_answered_is_not_waited_for() {
    let server = Server::start().await;
    let mut client = Client::connect(server.address).await;
    client.send(Message::Text("hello?".into())).await;
    // Below the WebSocket, so that nothing answers.
    let mut unread = Vec::new();
    let closed = client.0.get_mut().read_to_end(&mut unread);
    timeout(PATIENCE, closed).await.expect("the relay hangs up").expect("in good order");
    assert!(unread.len() > 2, "a bye and a close");
}
