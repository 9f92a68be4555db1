//! The relay's client against a relay that the test plays.

use super::*;
use crate::test;

const URL: &str = "wss://relay.example/ws";
const LIMITS: RelayLimits = RelayLimits { frame_bytes_max: 1 << 20, members_max: 9, idle_ms_max: 60_000 };

struct World {
    now: Timestamp,
    client: RelayClient,
    links: u32,
}

impl World {
    fn new() -> Self {
        let now = Timestamp(1_000_000);
        let client = RelayClient::new(URL.to_owned(), RoomName::default(), PeerId([1; 20]), 7, now);
        Self { now, client, links: 0 }
    }

    fn feed(&mut self, input: Input) -> Vec<Output> {
        self.client.handle(self.now, input);
        let mut outputs = Vec::new();
        while let Some(output) = self.client.poll() {
            outputs.push(output);
        }
        outputs
    }

    /// Lets time pass to the next timeout.
    fn wait(&mut self) -> Vec<Output> {
        self.now = self.client.next_timeout().expect("something to wait for").max(self.now);
        self.feed(Input::Tick)
    }

    fn socket(&mut self, event: SocketEvent) -> Vec<Output> {
        let attempt = self.client.attempt;
        self.feed(Input::Socket { attempt, event })
    }

    fn says(&mut self, message: &FromRelay) -> Vec<Output> {
        self.socket(SocketEvent::Message(encode(message)))
    }

    fn open(&mut self) -> Vec<Output> {
        self.links += 1;
        let link = LinkId(self.links);
        self.socket(SocketEvent::Opened { link, session: SessionId([9; 16]) })
    }

    fn join(&mut self, peers: &[PeerId]) -> Vec<Output> {
        if matches!(self.client.state, State::Waiting { .. }) {
            self.wait();
        }
        self.open();
        self.says(&FromRelay::Welcome { peers: peers.to_vec(), limits: LIMITS, resume: ResumeToken([3; 16]) })
    }

    fn close(&mut self, code: u16) -> Vec<Output> {
        self.socket(SocketEvent::Closed { code })
    }

    fn connection(&self) -> Connection {
        self.client.view().state
    }
}

fn joins(outputs: &[Output]) -> Vec<Option<ResumeToken>> {
    let resume = |output: &Output| {
        let Output::Transmit(bytes) = output else { return None };
        let Ok(ToRelay::Join { resume, .. }) = decode(bytes) else { return None };
        Some(resume)
    };
    outputs.iter().filter_map(resume).collect()
}

#[test]
fn a_welcome_brings_up_the_link_and_lists_its_peers() {
    let mut world = World::new();
    assert_eq!(world.connection(), Connection::Connecting);
    assert!(matches!(world.wait().as_slice(), [Output::Open { .. }, Output::Changed]));
    assert_eq!(joins(&world.open()), [None]);
    let peers = vec![PeerId([5; 20]), PeerId([6; 20])];
    let outputs = world.says(&FromRelay::Welcome {
        peers: peers.clone(),
        limits: LIMITS,
        resume: ResumeToken([3; 16]),
    });
    let link = LinkId(1);
    let expect = [
        Output::LinkUp { link, session: SessionId([9; 16]) },
        Output::PeerJoined(link, peers[0]),
        Output::PeerJoined(link, peers[1]),
        Output::Changed,
    ];
    assert_eq!(outputs, expect);
    assert_eq!(world.connection(), Connection::Online);
}

#[test]
fn a_lost_connection_is_tried_again_with_the_resume_token() {
    let mut world = World::new();
    world.join(&[]);
    let outputs = world.close(1006);
    assert!(outputs.contains(&Output::LinkDown(LinkId(1))) && outputs.contains(&Output::Close));
    assert_eq!(world.connection(), Connection::Offline);
    let start = world.now;
    world.wait();
    assert!(world.now.ms_since(start) <= Backoff::FIRST_MS);
    assert_eq!(joins(&world.open()), [Some(ResumeToken([3; 16]))]);
}

#[test]
fn a_restarted_relay_is_rejoined_soon_however_long_it_was_gone() {
    let mut world = World::new();
    world.join(&[]);
    world.close(4000);
    let end = world.now.plus_ms(3_600_000);
    while world.now < end {
        let before = world.now;
        world.wait();
        assert!(world.now.ms_since(before) <= Backoff::CAP_MS);
        world.close(1006);
    }
}

#[test]
fn silence_is_answered_by_pings_and_then_by_leaving() {
    let mut world = World::new();
    world.join(&[]);
    let start = world.now;
    let mut pings = 0;
    while world.connection() == Connection::Online {
        pings += world.wait().iter().filter(|output| matches!(output, Output::Transmit(_))).count();
    }
    assert_eq!(world.now.ms_since(start), SILENCE_MS_MAX);
    assert_eq!(pings, 2);
    assert_eq!(world.client.view().reason, "the relay fell silent");
}

#[test]
fn waking_tests_the_connection_at_once() {
    let mut world = World::new();
    world.join(&[]);
    world.now = world.now.plus_ms(3_600_000);
    let outputs = world.feed(Input::Woke);
    assert!(matches!(outputs.as_slice(), [Output::Transmit(_)]));
    world.says(&FromRelay::Pong { token: 0 });
    world.now = world.now.plus_ms(SILENCE_MS_MAX_WOKEN);
    world.feed(Input::Tick);
    assert_eq!(world.connection(), Connection::Online);

    world.feed(Input::Woke);
    world.now = world.now.plus_ms(SILENCE_MS_MAX_WOKEN);
    world.feed(Input::Tick);
    assert_eq!(world.connection(), Connection::Offline);
}

#[test]
fn offline_pauses_and_online_tries_at_once() {
    let mut world = World::new();
    world.join(&[]);
    world.feed(Input::Offline);
    assert_eq!(world.connection(), Connection::Online, "a connection that works is kept");
    world.close(1006);
    assert_eq!(world.client.next_timeout(), None);
    let outputs = world.feed(Input::Online);
    assert!(matches!(outputs[0], Output::Open { .. }));
}

#[test]
fn a_relay_on_this_machine_needs_no_network() {
    let mut world = World::new();
    world.feed(Input::Connect("ws://127.0.0.1:8080/ws".to_owned()));
    world.feed(Input::Offline);
    world.close(1006);
    assert!(world.client.next_timeout().is_some());
}

#[test]
fn the_user_decides() {
    let mut world = World::new();
    world.join(&[]);
    let outputs = world.feed(Input::Disconnect);
    assert_eq!(outputs, [Output::LinkDown(LinkId(1)), Output::Close, Output::Changed]);
    assert_eq!((world.connection(), world.client.next_timeout()), (Connection::Off, None));
    for input in [Input::Online, Input::Woke, Input::Tick] {
        assert_eq!(world.feed(input), []);
    }
    let outputs = world.feed(Input::Connect("ws://elsewhere/ws".to_owned()));
    let elsewhere =
        |output: &Output| matches!(output, Output::Open { url, .. } if url == "ws://elsewhere/ws");
    assert!(outputs.iter().any(elsewhere), "{outputs:?}");
    assert_eq!(joins(&world.open()), [None], "a token of one relay means nothing to another");
}

#[test]
fn a_bye_becomes_a_sentence_and_keeps_nobody_away_for_longer_than_minutes() {
    let check = |code: ByeCode, retry_after_ms: u32, away_ms: u64| {
        let mut world = World::new();
        world.join(&[]);
        world.says(&FromRelay::Bye { code, retry_after_ms });
        let view = world.client.view();
        assert_eq!((view.state, view.reason.as_str()), (Connection::Offline, code.sentence()));
        let due = world.client.next_timeout().expect("it comes back").ms_since(world.now);
        assert!((Backoff::FIRST_MS / 2..=Backoff::FIRST_MS).contains(&(due - away_ms)), "{code:?}: {due} ms");
        assert_eq!(view.retry_at, Some(world.now.0 + due), "the page says when");
        let outputs = world.wait();
        assert!(matches!(outputs[0], Output::Open { .. }), "{outputs:?}");
    };
    check(ByeCode::Full, 5_000, 5_000);
    check(ByeCode::Idle, u32::MAX, AWAY_MS_MAX);
    for code in ByeCode::ALL.into_iter().filter(|code| !code.may_return()) {
        check(code, 0, AWAY_MS_MAX);
        check(code, u32::MAX, AWAY_MS_MAX);
    }
    // A close frame alone says the same.
    let mut world = World::new();
    world.join(&[]);
    world.close(ByeCode::Replaced.number());
    assert!(world.client.next_timeout().expect("it comes back").ms_since(world.now) >= AWAY_MS_MAX);
}

#[test]
fn news_of_an_old_socket_changes_nothing() {
    let mut world = World::new();
    world.wait();
    let old = world.client.attempt;
    world.close(1006);
    world.wait();
    assert_eq!(world.feed(Input::Socket { attempt: old, event: SocketEvent::Closed { code: 1006 } }), []);
    assert_eq!(world.connection(), Connection::Offline);
    assert!(matches!(world.client.state, State::Joining { .. }));
}

#[test]
fn a_member_speaks_for_itself_only() {
    let key = crate::testing::key(7);
    let (member, other) = (PeerId::of(&key.public()), PeerId([8; 20]));
    let frame = crate::wire::UnsealedFrame {
        genesis: crate::primitives::BlockHash([1; 32]),
        origin: member,
        session: SessionId([2; 16]),
        sequence: 1,
        recipient: None,
        payload: vec![3],
    };
    let bytes = frame.seal(&key);
    let mut world = World::new();
    world.join(&[member, other]);
    assert_eq!(world.says(&FromRelay::Deliver { from: other, bytes: bytes.clone() }), []);
    let heard = world.says(&FromRelay::Deliver { from: member, bytes: bytes.clone() });
    assert_eq!(heard, [Output::Received(LinkId(1), bytes)]);
}

#[test]
fn a_relay_that_talks_nonsense_is_left() {
    let deliver = encode(&FromRelay::Deliver { from: PeerId::default(), bytes: vec![1] });
    for bytes in [vec![], vec![255; 40], deliver] {
        let mut world = World::new();
        world.wait();
        world.open();
        world.socket(SocketEvent::Message(bytes));
        assert_eq!(world.connection(), Connection::Offline);
    }
}

#[test]
fn sending_is_bounded() {
    let mut world = World::new();
    assert!(!world.client.send(vec![1], None, 0), "nobody is there before the welcome");
    world.join(&[]);
    assert!(world.client.send(vec![1], None, 0));
    assert!(world.client.send(vec![1], Some(PeerId([2; 20])), 0));
    assert!(!world.client.send(vec![1], None, SEND_BYTES_MAX), "a full buffer");
    assert!(!world.client.send(vec![0; LIMITS.frame_bytes_max as usize], None, 0), "too large a frame");
}
