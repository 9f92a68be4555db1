//! Rooms through real sockets.

use node_wasm::codec::encode;
use node_wasm::wire::relay::{ByeCode, FromRelay, RELAY_FRAME_BYTES_MAX, ToRelay};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, cast, peer, to};
use crate::server::Server;

#[tokio::test]
async fn a_cast_reaches_the_others_of_its_room_only() {
    let server = Server::start().await;
    let (mut a, peers, _) = Client::join(server.address, "x", peer(1), None).await;
    assert_eq!(peers, []);
    let (mut b, peers, _) = Client::join(server.address, "x", peer(2), None).await;
    assert_eq!(peers, [peer(1)]);
    let mut stranger = Client::member(server.address, "y", 3).await;
    assert_eq!(a.hear().await, FromRelay::PeerJoined { peer: peer(2) });

    a.say(&cast("hi")).await;
    a.say(&to(3, "across")).await;
    a.say(&ToRelay::Ping { token: 5 }).await;
    assert_eq!(b.hear().await, FromRelay::Deliver { from: peer(1), bytes: b"hi".to_vec() });
    assert_eq!(a.hear().await, FromRelay::Pong { token: 5 });
    // The pong comes after all that could have come before it.
    stranger.say(&ToRelay::Ping { token: 6 }).await;
    assert_eq!(stranger.hear().await, FromRelay::Pong { token: 6 });
    drop(b);
    assert_eq!(a.hear().await, FromRelay::PeerLeft { peer: peer(2) });
}

#[tokio::test]
async fn publishing_needs_membership() {
    let server = Server::start().await;
    let mut member = Client::member(server.address, "x", 1).await;
    let mut outsider = Client::connect(server.address).await;
    outsider.say(&cast("let me in")).await;
    outsider.expect_bye(ByeCode::Malformed).await;
    member.say(&ToRelay::Ping { token: 1 }).await;
    assert_eq!(member.hear().await, FromRelay::Pong { token: 1 });
}

#[tokio::test]
async fn an_id_is_resumed_by_its_token_and_by_nothing_else() {
    let server = Server::start().await;
    let mut other = Client::member(server.address, "x", 9).await;
    let (mut old, _, token) = Client::join(server.address, "x", peer(1), None).await;
    let mut thief = Client::connect(server.address).await;
    thief.say(&crate::client::join("x", peer(1), None)).await;
    thief.expect_bye(ByeCode::IdInUse).await;

    let (_new, peers, _) = Client::join(server.address, "x", peer(1), Some(token)).await;
    assert_eq!(peers, [peer(9)]);
    old.expect_bye(ByeCode::Replaced).await;
    let seen = [other.hear().await, other.hear().await, other.hear().await];
    let (joined, left) = (FromRelay::PeerJoined { peer: peer(1) }, FromRelay::PeerLeft { peer: peer(1) });
    assert_eq!(seen, [joined.clone(), left, joined]);
}

#[tokio::test]
async fn the_largest_message_passes_and_one_byte_more_does_not() {
    let server = Server::start().await;
    let mut a = Client::member(server.address, "x", 1).await;
    let mut b = Client::member(server.address, "x", 2).await;
    let largest = RELAY_FRAME_BYTES_MAX - encode(&to(2, "")).len();
    b.say(&to(1, vec![7; largest])).await;
    assert_eq!(a.hear_payload().await, (peer(2), vec![7; largest]));

    b.say(&to(1, vec![7; largest + 1])).await;
    b.expect_bye(ByeCode::TooLarge).await;
    assert_eq!(a.hear().await, FromRelay::PeerLeft { peer: peer(2) });
    a.say(&ToRelay::Ping { token: 1 }).await;
    assert_eq!(a.hear().await, FromRelay::Pong { token: 1 });
}

#[tokio::test]
async fn a_message_far_above_the_limit_is_not_even_read() {
    let server = Server::start().await;
    let mut a = Client::member(server.address, "x", 1).await;
    // Only the head of a message of a gigabyte: the relay must not wait for the rest.
    let head = [0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0];
    tokio::io::AsyncWriteExt::write_all(a.0.get_mut(), &head).await.expect("the relay reads");
    a.expect_bye(ByeCode::TooLarge).await;
}

#[tokio::test]
async fn text_is_no_envelope() {
    let server = Server::start().await;
    let mut client = Client::connect(server.address).await;
    client.send(Message::Text("hello?".into())).await;
    client.expect_bye(ByeCode::Malformed).await;
}

#[tokio::test]
async fn a_clients_close_is_answered() {
    let server = Server::start().await;
    let mut a = Client::member(server.address, "x", 1).await;
    let mut b = Client::member(server.address, "x", 2).await;
    b.0.close(None).await.expect("the close goes out");
    let answer = futures::StreamExt::next(&mut b.0).await;
    assert!(matches!(answer, Some(Ok(Message::Close(_)))), "{answer:?}");
    assert_eq!(a.hear().await, FromRelay::PeerJoined { peer: peer(2) });
    assert_eq!(a.hear().await, FromRelay::PeerLeft { peer: peer(2) });
}

#[tokio::test]
async fn a_stop_says_when_to_come_back() {
    let server = Server::start().await;
    let mut member = Client::member(server.address, "x", 1).await;
    let mut waiting = Client::connect(server.address).await;
    waiting.say(&crate::client::join("y", peer(2), None)).await;
    waiting.hear().await;
    let listening = tokio::spawn(async move {
        assert_eq!(member.hear().await, FromRelay::Bye { code: ByeCode::Shutdown, retry_after_ms: 1000 });
        let close = futures::StreamExt::next(&mut member.0).await;
        assert!(matches!(close, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 4000));
        // Reading on is what answers the close.
        assert!(futures::StreamExt::next(&mut member.0).await.is_none());
    });
    // `waiting` never answers: it is not waited for in vain.
    server.stop().await;
    listening.await.expect("the member was told");
}
