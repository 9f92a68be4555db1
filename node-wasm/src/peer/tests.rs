//! Tests of the handshake and of the ways to a peer.

use super::*;
use crate::crypto::SecretKey;
use crate::primitives::{BlockHash, Work};
use crate::test;
use crate::testing::{START, key};
use crate::units::Height;
use crate::wire::{Frame, Message, Tip};

const GENESIS: BlockHash = BlockHash([3; 32]);
const LINK: LinkId = LinkId(1);

fn status() -> Status {
    Status { tip: Tip { hash: GENESIS, height: Height(0), work: Work::ZERO }, mempool: 0 }
}

/// Someone's table, key and session on the one link.
struct Side {
    key: SecretKey,
    table: Peers,
}

impl Side {
    fn new(number: u8, session: u8) -> Self {
        let key = key(number);
        let mut table = Peers::new(PeerId::of(&key.public()), GENESIS);
        table.link_up(LINK, Medium::Relay, SessionId([session; 16]));
        Self { key, table }
    }

    fn id(&self) -> PeerId {
        PeerId::of(&self.key.public())
    }

    fn hello(&mut self, echo: Option<SessionId>) -> Vec<u8> {
        let message = Peers::hello(self.key.public(), echo, status());
        self.say(&message)
    }

    fn say(&mut self, message: &Message) -> Vec<u8> {
        self.table.frame(LINK, None, message).expect("the link is open").seal(&self.key)
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<Option<Accepted>, Refusal> {
        self.table.accept(START, LINK, bytes)
    }
}

fn session(number: u8) -> SessionId {
    SessionId([number; 16])
}

#[test]
fn a_greeting_proves_nothing_until_it_echoes_this_session() {
    let (mut a, mut b) = (Side::new(1, 11), Side::new(2, 22));
    let (a_id, b_id) = (a.id(), b.id());
    let hello = a.hello(None);
    let expect = Accepted::Hello { from: a_id, echo: Some(session(11)), new: false, again: false };
    assert_eq!(b.hear(&hello), Ok(Some(expect)));
    assert!(b.table.is_empty(), "it may be a recording");
    let answer = b.hello(Some(session(11)));
    let expect = Accepted::Hello { from: b_id, echo: Some(session(22)), new: true, again: false };
    assert_eq!(a.hear(&answer), Ok(Some(expect)));
    let last = a.hello(Some(session(22)));
    assert_eq!(b.hear(&last), Ok(Some(Accepted::Hello { from: a_id, echo: None, new: true, again: false })));
    let status = b.say(&Message::Status(status()));
    assert!(matches!(a.hear(&status), Ok(Some(Accepted::Message(from, Message::Status(_)))) if from == b_id));
    assert_eq!(a.hear(&status), Err(Refusal::Replayed));
    assert_eq!(a.hear(&answer), Err(Refusal::Replayed));
}

#[test]
fn an_answer_that_got_lost_is_given_again() {
    let (mut a, mut b) = (Side::new(1, 11), Side::new(2, 22));
    let echoed = |heard| match heard {
        Ok(Some(Accepted::Hello { echo, .. })) => echo,
        other => panic!("not a greeting: {other:?}"),
    };
    // Each greets the other, and neither hears the other's answer.
    let (from_a, from_b) = (a.hello(None), b.hello(None));
    assert_eq!((echoed(b.hear(&from_a)), echoed(a.hear(&from_b))), (Some(session(11)), Some(session(22))));
    let again = a.hello(None);
    let echo = echoed(b.hear(&again));
    assert_eq!(echo, Some(session(11)));
    let answer = b.hello(echo);
    assert_eq!((echoed(a.hear(&answer)), a.table.len()), (None, 1), "there is an end to it");
    // The other half comes with the next sign of life.
    let status = a.say(&Message::Status(status()));
    let later = b.table.accept(START.plus_ms(5_000), LINK, &status);
    assert_eq!(later, Ok(Some(Accepted::Stranger(a.id()))));
    let greeting = b.hello(None);
    let echo = echoed(a.hear(&greeting));
    let answer = a.hello(echo);
    assert_eq!((echoed(b.hear(&answer)), b.table.len()), (None, 1));
}

#[test]
fn a_greeting_for_an_older_session_of_mine_proves_nothing() {
    let mut b = Side::new(2, 22);
    let stale = b.hello(Some(session(10)));
    let mut a = Side::new(1, 11);
    assert!(matches!(a.hear(&stale), Ok(Some(Accepted::Hello { new: false, .. }))));
    assert!(a.table.is_empty());
}

#[test]
fn a_frame_outside_a_proved_session_is_refused_and_its_origin_greeted_once() {
    let (mut a, mut b) = (Side::new(1, 11), Side::new(2, 22));
    let b_id = b.id();
    let early = b.say(&Message::Ping(1));
    assert_eq!(a.hear(&early), Err(Refusal::Session), "not even a contact");
    a.table.joined(START, LINK, b_id);
    let again = b.say(&Message::Ping(2));
    assert_eq!(a.hear(&again), Err(Refusal::Session), "it was greeted a moment ago");
    let later = START.plus_ms(10_000);
    assert_eq!(a.table.accept(later, LINK, &again), Ok(Some(Accepted::Stranger(b_id))));
    assert_eq!(a.table.accept(later, LINK, &again), Err(Refusal::Session));
}

#[test]
fn each_lie_has_its_refusal() {
    let mut a = Side::new(1, 11);
    let a_id = a.id();
    let mut liar = Side::new(2, 22);
    let thief = key(3);
    let hello = Peers::hello(liar.key.public(), None, status());
    let frame = |side: &mut Side| side.table.frame(LINK, None, &hello).expect("open");
    assert_eq!(a.hear(&frame(&mut liar).seal(&thief)), Err(Refusal::Signature));
    let mut other_room = frame(&mut liar);
    other_room.genesis = BlockHash([4; 32]);
    assert_eq!(a.hear(&other_room.seal(&liar.key)), Err(Refusal::OtherGenesis));
    let mut for_another = frame(&mut liar);
    for_another.recipient = Some(PeerId([9; 20]));
    assert_eq!(a.hear(&for_another.seal(&liar.key)), Err(Refusal::Misdelivered));
    let mut in_my_name = frame(&mut liar);
    in_my_name.origin = a_id;
    assert_eq!(a.hear(&in_my_name.seal(&liar.key)), Ok(None));
    let Message::Hello(mut newer) = hello else { panic!("a hello") };
    newer.version = 99;
    assert_eq!(a.hear(&liar.say(&Message::Hello(newer))), Err(Refusal::OtherVersion));
    assert_eq!(a.hear(&[1, 2, 3]), Err(Refusal::Malformed));
    // Of whoever is no peer nothing but a greeting is read.
    for (kind, refusal) in [(1, Refusal::Malformed), (8, Refusal::Session), (10, Refusal::Session)] {
        let mut garbage = liar.table.frame(LINK, None, &Message::Ping(1)).expect("open");
        garbage.payload = vec![kind; 1_000];
        assert_eq!(a.hear(&garbage.seal(&liar.key)), Err(refusal), "{kind}");
    }
    assert!(a.table.is_empty());
}

#[test]
fn a_flood_of_greetings_is_not_answered() {
    let mut a = Side::new(1, 11);
    let mut answered = 0;
    for number in 0..100 {
        let mut flooder = Side::new(2, number);
        let hello = flooder.hello(None);
        answered += usize::from(matches!(a.hear(&hello), Ok(Some(Accepted::Hello { echo: Some(_), .. }))));
    }
    assert_eq!(answered, 8);
}

#[test]
fn free_keys_do_not_crowd_out_those_whom_the_link_names() {
    let mut a = Side::new(1, 11);
    let stranger = |number: u64| SecretKey::derive(&number.to_le_bytes(), "stranger");
    for number in 0..CONTACTS_MAX as u64 {
        let key = stranger(number);
        let mut table = Peers::new(PeerId::of(&key.public()), GENESIS);
        table.link_up(LINK, Medium::Relay, session(1));
        let hello = Peers::hello(key.public(), None, status());
        let bytes = table.frame(LINK, None, &hello).expect("open").seal(&key);
        let expect_in = number < CONTACTS_MAX as u64 / 2;
        assert_eq!(a.hear(&bytes).is_ok(), expect_in, "stranger {number}");
    }
    assert!(a.table.joined(START, LINK, PeerId([1; 20])));
}

#[test]
fn a_silent_peer_is_dropped_and_may_come_back() {
    let (mut a, mut b) = (Side::new(1, 11), Side::new(2, 22));
    let answer = b.hello(Some(session(11)));
    a.hear(&answer).expect("a greeting");
    assert_eq!(a.table.len(), 1);
    assert!(a.table.drop_silent(START.plus_ms(SILENCE_MS_MAX)).is_empty());
    let late = START.plus_ms(SILENCE_MS_MAX + 1);
    assert_eq!(a.table.drop_silent(late), [b.id()]);
    let ping = b.say(&Message::Ping(1));
    assert_eq!(a.table.accept(late, LINK, &ping), Ok(Some(Accepted::Stranger(b.id()))));
}

#[test]
fn casts_cover_everyone_once_and_skip_who_heard() {
    let (broadcast, relay) = (LinkId(1), LinkId(2));
    let mut table = Peers::new(PeerId([0; 20]), GENESIS);
    let own = session(11);
    let meet = |table: &mut Peers, link: LinkId, number: u8| {
        let mut side = Side::new(number, number);
        let bytes = side.hello(Some(own));
        table.accept(START, link, &bytes).expect("a greeting");
    };
    table.link_up(broadcast, Medium::Broadcast, own);
    table.link_up(relay, Medium::Relay, own);
    assert_eq!(table.cast_links(None), [], "nobody is there");
    meet(&mut table, broadcast, 1);
    meet(&mut table, relay, 1);
    assert_eq!(table.cast_links(None), [broadcast], "the shorter way where both reach the same");
    assert_eq!(table.cast_links(Some(relay)), [], "it heard already");
    meet(&mut table, relay, 2);
    assert_eq!(table.cast_links(None), [relay]);
    assert_eq!(table.cast_links(Some(broadcast)), [relay]);
    meet(&mut table, broadcast, 3);
    assert_eq!(table.cast_links(None), [broadcast, relay]);
    assert_eq!(table.cast_links(Some(relay)), [broadcast]);
    let id = |number: u8| PeerId::of(&key(number).public());
    assert_eq!(table.path(&id(1)), Some(broadcast));
    assert_eq!(table.link_down(broadcast), [id(3)], "the others are still reached");
}

#[test]
fn a_session_that_is_over_cannot_be_played_again() {
    let (mut a, mut b) = (Side::new(1, 11), Side::new(2, 22));
    let old = [b.hello(Some(session(11))), b.say(&Message::Status(status()))];
    for frame in &old {
        assert!(matches!(a.hear(frame), Ok(Some(_))));
    }
    // The other reloads.
    let mut b = Side::new(2, 23);
    let new = [b.hello(Some(session(11))), b.say(&Message::Status(status()))];
    for frame in &new {
        assert!(matches!(a.hear(frame), Ok(Some(_))));
    }
    assert_eq!(a.hear(&old[0]), Err(Refusal::Replayed));
    // It falls silent, and is forgotten; only itself can end that.
    assert_eq!(a.table.drop_silent(START.plus_ms(SILENCE_MS_MAX + 1)), [b.id()]);
    for frame in old.iter().chain(&new) {
        let heard = a.hear(frame);
        assert!(a.table.is_empty(), "{heard:?}");
    }
    assert!(a.hear(&b.hello(Some(session(11)))).is_ok());
    assert_eq!(a.table.len(), 1);
}

#[test]
fn a_false_word_that_someone_left_makes_no_recording_worth_anything() {
    let (mut a, mut b) = (Side::new(1, 11), Side::new(2, 22));
    let recorded = [b.hello(Some(session(11))), b.say(&Message::Status(status()))];
    recorded.iter().for_each(|frame| assert!(matches!(a.hear(frame), Ok(Some(_)))));
    for _ in 0..3 {
        assert!(a.table.left(LINK, b.id()) || a.table.is_empty());
        for frame in &recorded {
            let heard = a.hear(frame);
            assert!(a.table.is_empty(), "{heard:?}");
        }
        a.table.joined(START, LINK, b.id());
        assert_eq!(a.hear(&recorded[0]), Err(Refusal::Replayed));
    }
    // It is still there, and says so: its next word has it greeted, and its answer proves it.
    a.table.left(LINK, b.id());
    let ping = b.say(&Message::Ping(1));
    assert_eq!(a.hear(&ping), Ok(Some(Accepted::Stranger(b.id()))));
    assert!(a.hear(&b.hello(Some(session(11)))).is_ok());
    assert_eq!(a.table.len(), 1);
}

#[test]
fn whoever_left_a_link_and_is_silent_on_another_does_not_come_back_by_it() {
    const OTHER: LinkId = LinkId(2);
    let (mut a, mut b) = (Side::new(1, 11), Side::new(2, 22));
    a.table.link_up(OTHER, Medium::Broadcast, session(12));
    b.table.link_up(OTHER, Medium::Broadcast, session(23));
    for (link, echo) in [(LINK, 11), (OTHER, 12)] {
        let hello = Peers::hello(b.key.public(), Some(session(echo)), status());
        let bytes = b.table.frame(link, None, &hello).expect("open").seal(&b.key);
        assert!(a.table.accept(START, link, &bytes).is_ok());
    }
    assert!(!a.table.left(LINK, b.id()), "the other link still leads there");
    assert_eq!(a.table.drop_silent(START.plus_ms(SILENCE_MS_MAX + 1)), [b.id()]);
    assert_eq!(a.table.links_with_members(), [OTHER]);
}

/// Someone comes with a session, proves itself, says something and is cut off; gives what a relay recorded of it.
fn visit(a: &mut Side, now: Timestamp, number: u64, own: u8) -> Result<[Vec<u8>; 2], Refusal> {
    let key = SecretKey::derive(&number.to_le_bytes(), "visitor");
    let mut visitor = Side { table: Peers::new(PeerId::of(&key.public()), GENESIS), key };
    visitor.table.link_up(LINK, Medium::Relay, session(own));
    let recorded = [visitor.hello(Some(session(11))), visitor.say(&Message::Status(status()))];
    for frame in &recorded {
        a.table.accept(now, LINK, frame)?;
    }
    let known = a.table.get(&visitor.id()).is_some();
    a.table.left(LINK, visitor.id());
    if known { Ok(recorded) } else { Err(Refusal::Session) }
}

#[test]
fn r05_no_recording_is_believed_however_many_sessions_are_over() {
    // Of one peer as many as are remembered, and of as many peers as are.
    let one = |number: usize| (0, u8::try_from(number).expect("few"));
    let many = |number: usize| (number as u64, 1);
    check_recordings(SESSIONS_OVER_MAX, SESSIONS_OVER_MAX, one);
    check_recordings(CONTACTS_MAX, 1, many);
}

fn check_recordings(remembered: usize, of_each: usize, who: fn(usize) -> (u64, u8)) {
    let mut a = Side::new(1, 11);
    let mut recorded = Vec::new();
    let visit = |a: &mut Side, now: Timestamp, number: usize| {
        let (visitor, own) = who(number);
        visit(a, now, visitor, own)
    };
    for number in 0..remembered {
        recorded.push(visit(&mut a, START, number).expect("all are remembered"));
    }
    assert_eq!(a.table.sessions_over_max(), of_each);
    let assert_worthless = |a: &mut Side, now: Timestamp| {
        for frame in recorded.iter().flatten() {
            let heard = a.table.accept(now, LINK, frame);
            assert!(a.table.is_empty(), "{heard:?}");
        }
    };
    let later = START.plus_ms(20_000);
    assert_worthless(&mut a, later);
    // The next finds a session that is fresh, of which no recording knows, ...
    assert_eq!(visit(&mut a, later, remembered), Err(Refusal::Session));
    assert_worthless(&mut a, later);
    let mut b = Side::new(2, 22);
    a.table.joined(later, LINK, b.id());
    let hello = a.hello(None);
    let fresh = match b.hear(&hello) {
        Ok(Some(Accepted::Hello { echo: Some(echo), .. })) => echo,
        other => panic!("not a greeting: {other:?}"),
    };
    assert_ne!(fresh, session(11));
    // ... and proves itself in it.
    let answer = b.hello(Some(fresh));
    assert!(matches!(a.hear(&answer), Ok(Some(Accepted::Hello { new: true, .. }))));
}

#[test]
fn a_session_is_not_renewed_twice_in_a_minute() {
    let mut a = Side::new(1, 11);
    let mut fresh = session(11);
    let mut flood = |now: Timestamp, first: u8| {
        for number in 0..50 {
            let mut b = Side::new(2, first + number);
            let hello = b.hello(Some(fresh));
            let heard = a.table.accept(now, LINK, &hello);
            let bytes = a.say(&Message::Ping(1));
            let said = Frame::decode(&bytes).expect("a frame").unsealed.session;
            if std::mem::replace(&mut fresh, said) != said || heard == Err(Refusal::TooMany) {
                return (number, heard.is_ok());
            }
        }
        panic!("a peer that comes fifty times is remembered for all of them");
    };
    assert_eq!(flood(START, 0), (32, true));
    assert_eq!(flood(START.plus_ms(59_000), 100), (31, false));
    assert_eq!(flood(START.plus_ms(60_000), 200), (0, true));
}

#[test]
fn peers_meet_again_in_a_renewed_session() {
    let (mut a, mut b) = (Side::new(1, 11), Side::new(2, 22));
    let answer = b.hello(Some(session(11)));
    a.hear(&answer).expect("a greeting");
    let greeting = a.hello(Some(session(22)));
    b.hear(&greeting).expect("a greeting");
    for own in 0..33 {
        assert_eq!(visit(&mut a, START, 0, own).is_ok(), own < 32);
    }
    // What it says is not of the session that the other knows, who greets and is answered.
    let later = START.plus_ms(10_000);
    let word = a.say(&Message::Status(status()));
    assert_eq!(b.table.accept(later, LINK, &word), Ok(Some(Accepted::Stranger(a.id()))));
    let hello = b.hello(None);
    let expect = Accepted::Hello { from: b.id(), echo: Some(session(22)), new: false, again: true };
    assert_eq!(a.table.accept(later, LINK, &hello), Ok(Some(expect)));
    let answer = a.hello(Some(session(22)));
    let heard = b.table.accept(later, LINK, &answer);
    let Ok(Some(Accepted::Hello { echo: Some(fresh), new: false, .. })) = heard else { panic!("{heard:?}") };
    let last = b.hello(Some(fresh));
    let expect = Accepted::Hello { from: b.id(), echo: None, new: false, again: false };
    assert_eq!(a.table.accept(later, LINK, &last), Ok(Some(expect)));
    let word = a.say(&Message::Status(status()));
    let heard = b.table.accept(later, LINK, &word);
    assert!(matches!(heard, Ok(Some(Accepted::Message(..)))), "{heard:?}");
    assert_eq!((a.table.len(), b.table.len()), (1, 1));
}
