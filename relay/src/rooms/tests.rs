//! The behaviour of the rooms, told through one harness on virtual time.

use super::*;

const WELCOMED: &str = "welcome";

/// The rooms, a clock, and what each socket was sent.
#[derive(Default)]
struct World {
    rooms: Rooms,
    now: Timestamp,
    sent: BTreeMap<u64, Vec<String>>,
    sockets_ever: u64,
}

impl World {
    /// Feeds one input, and files what comes out under its socket, in words.
    fn feed(&mut self, input: Input) {
        self.rooms.handle(self.now, input);
        while let Some(output) = self.rooms.poll() {
            let (socket, words) = match output {
                Output::Send { socket, bytes } => {
                    (socket, words(decode(&bytes).expect("the relay speaks its own language")))
                }
                Output::Close { socket, code, bye } => {
                    let bye = decode::<FromRelay>(&bye).expect("a bye");
                    assert!(matches!(bye, FromRelay::Bye { code: said, .. } if said == code));
                    (socket, words(bye))
                }
            };
            self.sent.entry(socket.0).or_default().push(words);
        }
    }

    fn open(&mut self) -> u64 {
        self.sockets_ever += 1;
        let socket = SocketId(self.sockets_ever);
        self.feed(Input::Opened { socket, resume: resume(socket.0) });
        socket.0
    }

    fn say(&mut self, socket: u64, message: &ToRelay) {
        let bytes = encode(message).into();
        self.feed(Input::Received { socket: SocketId(socket), bytes });
    }

    /// Opens a socket and joins.
    fn join(&mut self, room: &str, peer: u8, resume: Option<ResumeToken>) -> u64 {
        let socket = self.open();
        self.say(socket, &join(room, peer, resume));
        socket
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        while self.rooms.next_timeout().is_some_and(|at| at <= self.now) {
            self.feed(Input::Tick);
        }
    }

    /// What the socket was sent since the last look, and nothing else.
    #[track_caller]
    fn expect(&mut self, socket: u64, expect: &[&str]) {
        assert_eq!(self.sent.remove(&socket).unwrap_or_default(), expect, "socket {socket}");
    }
}

fn words(message: FromRelay) -> String {
    match message {
        FromRelay::Welcome { peers, .. } => {
            peers.iter().fold(WELCOMED.to_owned(), |words, peer| format!("{words} {}", peer.0[0]))
        }
        FromRelay::PeerJoined { peer } => format!("+{}", peer.0[0]),
        FromRelay::PeerLeft { peer } => format!("-{}", peer.0[0]),
        FromRelay::Deliver { from, bytes } => format!("{}: {}", from.0[0], String::from_utf8_lossy(&bytes)),
        FromRelay::Pong { token } => format!("pong {token}"),
        FromRelay::Bye { code, retry_after_ms } => format!("bye {code:?} {retry_after_ms}"),
    }
}

fn peer(number: u8) -> PeerId {
    PeerId([number; 20])
}

fn resume(socket: u64) -> ResumeToken {
    let mut token = [0; 16];
    token[..8].copy_from_slice(&socket.to_le_bytes());
    ResumeToken(token)
}

fn join(room: &str, number: u8, resume: Option<ResumeToken>) -> ToRelay {
    let room = room.parse().expect("a room's name");
    ToRelay::Join { version: RELAY_VERSION, room, peer: peer(number), resume }
}

fn cast(text: &str) -> ToRelay {
    ToRelay::Cast { bytes: text.as_bytes().to_vec() }
}

fn to(number: u8, text: &str) -> ToRelay {
    ToRelay::To { peer: peer(number), bytes: text.as_bytes().to_vec() }
}

#[test]
fn members_hear_of_each_other_and_from_each_other_and_nobody_else_does() {
    let mut world = World::default();
    let (a, b, c) = (world.join("x", 1, None), world.join("x", 2, None), world.join("x", 3, None));
    let stranger = world.join("y", 1, None);
    world.expect(a, &[WELCOMED, "+2", "+3"]);
    world.expect(b, &["welcome 1", "+3"]);
    world.expect(c, &["welcome 1 2"]);
    world.expect(stranger, &[WELCOMED]);

    world.say(a, &cast("hi"));
    world.say(b, &to(3, "psst"));
    world.say(b, &to(9, "nobody"));
    world.expect(a, &[]);
    world.expect(b, &["1: hi"]);
    world.expect(c, &["1: hi", "2: psst"]);

    world.feed(Input::Closed { socket: SocketId(b) });
    world.expect(a, &["-2"]);
    world.expect(c, &["-2"]);
    world.expect(stranger, &[]);
    world.expect(b, &[]);
}

#[test]
fn a_cast_is_encoded_once_for_all() {
    let mut world = World::default();
    let a = world.join("x", 1, None);
    world.join("x", 2, None);
    world.join("x", 3, None);
    let bytes = encode(&cast("shared")).into();
    world.rooms.handle(world.now, Input::Received { socket: SocketId(a), bytes });
    let sent: Vec<_> = std::iter::from_fn(|| world.rooms.poll())
        .filter_map(|output| match output {
            Output::Send { bytes, .. } => Some(bytes.as_ptr()),
            Output::Close { .. } => None,
        })
        .collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
}

#[test]
fn join_comes_first_and_once() {
    let mut world = World::default();
    let member = world.join("x", 1, None);
    for message in [cast("hi"), to(1, "hi"), ToRelay::Ping { token: 1 }] {
        let early = world.open();
        world.say(early, &message);
        world.expect(early, &["bye Malformed 0"]);
    }
    world.expect(member, &[WELCOMED]);
    world.say(member, &ToRelay::Ping { token: 7 });
    world.say(member, &join("y", 1, None));
    world.expect(member, &["pong 7", "bye Malformed 0"]);
    assert_eq!(world.rooms.room_count(), 0);
}

#[test]
fn another_version_is_named() {
    let mut world = World::default();
    let socket = world.open();
    let room = RoomName::default();
    world.say(socket, &ToRelay::Join { version: RELAY_VERSION + 1, room, peer: peer(1), resume: None });
    world.expect(socket, &["bye Version 0"]);
}

#[test]
fn the_resume_token_takes_the_id_over_at_once() {
    let mut world = World::default();
    let other = world.join("x", 9, None);
    let old = world.join("x", 1, None);
    let new = world.join("x", 1, Some(resume(old)));
    world.expect(old, &["welcome 9", "bye Replaced 0"]);
    world.expect(new, &["welcome 9"]);
    world.expect(other, &[WELCOMED, "+1", "-1", "+1"]);
    // The end of the old connection comes in late, and is not the new one's.
    world.say(old, &cast("ghost"));
    world.feed(Input::Closed { socket: SocketId(old) });
    world.expect(other, &[]);
    // A token is good for the connection that it was given to, not for ever.
    let thief = world.join("x", 1, Some(resume(old)));
    world.expect(thief, &["bye IdInUse 20000"]);
    world.say(other, &to(1, "still you?"));
    world.expect(new, &["9: still you?"]);
}

#[test]
fn without_the_token_an_id_is_freed_by_silence() {
    let mut world = World::default();
    let old = world.join("x", 1, None);
    world.wait(TAKEOVER_SILENCE_MS - 1);
    let early = world.join("x", 1, None);
    world.expect(early, &["bye IdInUse 1"]);
    world.wait(1);
    let new = world.join("x", 1, None);
    world.expect(new, &[WELCOMED]);
    world.expect(old, &[WELCOMED, "bye Replaced 0"]);
}

#[test]
fn silence_ends_a_connection_and_a_ping_keeps_it() {
    let mut world = World::default();
    let (talks, silent) = (world.join("x", 1, None), world.join("x", 2, None));
    let waits = world.open();
    world.wait(JOIN_MS_MAX - 1);
    world.expect(waits, &[]);
    world.wait(1);
    world.expect(waits, &["bye Idle 0"]);
    world.wait(u64::from(IDLE_MS_MAX) - JOIN_MS_MAX - 1);
    world.say(talks, &ToRelay::Ping { token: 1 });
    world.expect(silent, &["welcome 1"]);
    world.wait(1);
    world.expect(silent, &["bye Idle 0"]);
    world.expect(talks, &[WELCOMED, "+2", "pong 1", "-2"]);
}

#[test]
fn nothing_is_left_of_a_room_that_is_empty() {
    let mut world = World::default();
    for round in 0..3 {
        let sockets = [world.join("x", 1, None), world.join("y", 1, None), world.open()];
        assert_eq!((world.rooms.room_count(), world.rooms.socket_count()), (2, 3), "round {round}");
        for socket in sockets {
            world.feed(Input::Closed { socket: SocketId(socket) });
        }
        let Rooms { sockets, rooms, deadlines, outputs, .. } = &world.rooms;
        assert!(sockets.is_empty() && rooms.is_empty() && deadlines.is_empty() && outputs.is_empty());
        assert_eq!(world.rooms.next_timeout(), None);
    }
}

#[test]
fn the_size_limit_is_exact_in_both_directions() {
    let mut world = World::default();
    let (a, b) = (world.join("x", 1, None), world.join("x", 2, None));
    world.expect(b, &["welcome 1"]);
    let overhead = encode(&to(2, "")).len();
    let largest = "x".repeat(RELAY_FRAME_BYTES_MAX - overhead);
    world.say(a, &to(2, &largest));
    world.expect(b, &[&format!("1: {largest}")]);
    world.say(a, &to(2, &format!("{largest}x")));
    world.expect(a, &[WELCOMED, "+2", "bye TooLarge 0"]);
    world.expect(b, &["-1"]);
    // A cast has the shorter envelope, but what it becomes has not.
    let c = world.join("x", 3, None);
    world.say(c, &cast(&format!("{largest}x")));
    world.expect(c, &["welcome 2", "bye TooLarge 0"]);
}

#[test]
fn whoever_sends_too_fast_is_sent_away() {
    let mut world = World::default();
    let ping = ToRelay::Ping { token: 0 };
    let socket = world.join("x", 1, None);
    for _ in 1..MESSAGES_BURST {
        world.say(socket, &ping);
    }
    assert_eq!(world.sent.remove(&socket).map(|sent| sent.len() as u64), Some(MESSAGES_BURST));
    world.say(socket, &ping);
    world.expect(socket, &["bye TooFast 5000"]);

    let caster = world.join("x", 1, None);
    for _ in 0..4 {
        world.say(caster, &cast(&"x".repeat(CAST_BYTES_BURST as usize / 4)));
    }
    world.expect(caster, &[WELCOMED]);
    world.wait(1000);
    world.say(caster, &cast(&"x".repeat(CAST_BYTES_PER_SECOND as usize)));
    world.expect(caster, &[]);
    world.say(caster, &cast("x"));
    world.expect(caster, &["bye TooFast 5000"]);
}

#[test]
fn a_full_room_takes_back_its_own_and_nobody_new() {
    let mut world = World::default();
    let room: RoomName = "x".parse().expect("a name");
    let wide = |number: usize| {
        let mut id = [0; 20];
        id[..8].copy_from_slice(&(number as u64).to_le_bytes());
        PeerId(id)
    };
    let enter = |world: &mut World, number: usize, resume| {
        let socket = world.open();
        let room = room.clone();
        world.say(socket, &ToRelay::Join { version: RELAY_VERSION, room, peer: wide(number), resume });
        socket
    };
    let first = enter(&mut world, 0, None);
    for number in 1..MEMBERS_MAX {
        enter(&mut world, number, None);
    }
    world.sent.clear();
    let late = enter(&mut world, MEMBERS_MAX, None);
    world.expect(late, &["bye Full 10000"]);
    let back = enter(&mut world, 0, Some(resume(first)));
    assert!(world.sent[&back][0].starts_with(WELCOMED));
}

#[test]
fn a_full_relay_says_so() {
    let mut world = World::default();
    let first = world.open();
    for _ in 1..SOCKETS_MAX {
        world.open();
    }
    let late = world.open();
    world.expect(late, &["bye Full 10000"]);
    world.feed(Input::Closed { socket: SocketId(first) });
    let next = world.open();
    world.expect(next, &[]);
}

#[test]
fn a_stop_sends_everyone_away_and_lets_nobody_in() {
    let mut world = World::default();
    let (a, b) = (world.join("x", 1, None), world.open());
    world.feed(Input::Shutdown);
    let late = world.open();
    world.expect(a, &[WELCOMED, "bye Shutdown 1000"]);
    world.expect(b, &["bye Shutdown 1000"]);
    world.expect(late, &["bye Shutdown 1000"]);
    assert_eq!((world.rooms.room_count(), world.rooms.socket_count()), (0, 0));
}

#[test]
fn garbage_ends_its_own_connection_only() {
    let mut world = World::default();
    let (a, b) = (world.join("x", 1, None), world.join("x", 2, None));
    let valid = [encode(&join("x", 3, None)), encode(&cast("hello")), encode(&to(2, "hello"))];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..10_000_usize {
        // xorshift64, so that a failing round can be found again.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut bytes = valid[round % valid.len()].clone();
        let bit = random as usize % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes.truncate(1 + (random >> 32) as usize % (2 * bytes.len()));
        let socket = if round % 2 == 0 { world.open() } else { world.join("garbage", 3, None) };
        world.feed(Input::Received { socket: SocketId(socket), bytes: bytes.into() });
        world.feed(Input::Closed { socket: SocketId(socket) });
    }
    let refused = world.rooms.ended().get(&ByeCode::Malformed).copied().unwrap_or_default();
    assert!(refused > 5_000, "{refused}");
    world.sent.clear();
    world.say(a, &cast("well?"));
    world.say(b, &cast("well."));
    world.expect(b, &["1: well?"]);
    world.expect(a, &["2: well."]);
}
