//! The relay as an adversary: every way to lie that THREATS.md knows, each in a room of real nodes, through one check.
//!
//! A relay that has been honest turns on two members: one that is there, and one that comes later and knows nothing.
//! While it lies, nobody may believe what nobody said ([`World`] looks every second), and each of the two either keeps
//! up with the room all the same or says that it is possibly isolated. Then the relay turns honest, or a second medium
//! opens beside it, and both must be at the room's tip and know everyone, without a warning, within [`HEALED_S`].

mod double;
mod ghost;
mod world;

use double::{Field, Lie};
use ghost::{Ghost, Habit};
use world::{JOINER, MINER, VICTIM, World};

/// How long the relay lies, in seconds.
const ATTACK_S: u64 = 300;
/// How long it may take until all is well once there is an honest path, in seconds.
const HEALED_S: u64 = 60;
/// How many blocks one who keeps up may miss: it hears of the last a few seconds late.
const LAG_MAX: u32 = 2;
/// What one misses who gets everything in the end, only late: a minute, which the age of the last block shows.
const LATE_MAX: u32 = 6;

/// What the two can do while the relay lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// They keep up with the room.
    KeepsUp,
    /// They keep up, and miss a little more.
    IsLate,
    /// They are cut off, and say so.
    Tells,
    /// They are shown a room that could be: nothing in it contradicts itself, and no node could tell.
    Looks,
}

/// The honest path that comes in the end.
#[derive(Clone, Copy, Debug)]
enum Path {
    Relay,
    SecondMedium,
}

fn check(lie: Lie, habit: Option<Habit>, expect: Expect) {
    for path in [Path::Relay, Path::SecondMedium] {
        check_by(lie, habit, expect, path);
    }
}

fn check_by(lie: Lie, habit: Option<Habit>, expect: Expect, path: Path) {
    let what = format!("{lie:?}, {habit:?}, {path:?}");
    let mut world = World::new();
    assert!([1, VICTIM].iter().all(|index| world.lag(*index) == 0), "{what}: the room begins well");
    if let Some(habit) = habit {
        let ghost = Ghost::new(habit);
        world.double.ghost = Some(ghost.id());
        world.haunt(ghost);
    }
    world.double.lie = lie;
    world.run(30, true);
    world.connect(JOINER);
    world.pay(MINER, 0);
    world.run(ATTACK_S - 30, true);
    for index in [VICTIM, JOINER] {
        let (lag, told) = (world.lag(index), world.warned[index]);
        match expect {
            Expect::KeepsUp => assert!(lag <= LAG_MAX && !told, "{what}: {index} misses {lag}, told {told}"),
            Expect::IsLate => assert!(lag <= LATE_MAX, "{what}: {index} misses {lag}, told {told}"),
            Expect::Tells => assert!(told, "{what}: {index} misses {lag} and says nothing"),
            Expect::Looks => assert!(lag > LAG_MAX && !told, "{what}: {index} misses {lag}, told {told}"),
        }
    }
    assert_eq!(world.warned[..VICTIM], [false; 2], "{what}: the others have no reason to worry");
    match path {
        Path::Relay => world.double.lie = Lie::Honest,
        Path::SecondMedium => world.open_channel(),
    }
    if matches!(path, Path::Relay) && matches!(expect, Expect::Looks) {
        world.reconnect_targets();
    }
    world.run(HEALED_S, true);
    world.run(5, false);
    for index in 0..4 {
        assert_eq!(world.lag(index), 0, "{what}: {index} is not at the tip");
        assert!(world.knows_everyone(index), "{what}: {index} lost somebody");
        assert!(!world.is_isolated(index), "{what}: {index} is told that it is isolated");
        world.check_replay(index);
    }
    // Words go the other way too: a payment of the newcomer is mined.
    world.pay(JOINER, 1);
    world.run(15, true);
    world.run(5, false);
    assert!((0..4).all(|index| world.paid(index) == 2), "{what}: a payment is lost");
}

macro_rules! behaviours {
    ($($name:ident: $lie:expr, $habit:expr => $expect:expr;)*) => {
        $(#[test]
        fn $name() {
            check($lie, $habit, $expect);
        })*
    };
}

use Expect::{IsLate, KeepsUp, Looks, Tells};

behaviours! {
    relay_drops_everything: Lie::DropAll, None => Tells;
    relay_drops_every_other_frame: Lie::DropHalf, None => IsLate;
    relay_drops_the_chain_and_lets_signs_of_life_pass: Lie::DropChain, None => Tells;
    relay_lets_the_room_seem_to_stand_still: Lie::StaleTip, None => Tells;
    relay_delays_a_little: Lie::Delay(2_000), None => KeepsUp;
    relay_delays_beyond_every_patience: Lie::Delay(30_000), None => IsLate;
    relay_reorders: Lie::Reorder, None => KeepsUp;
    relay_duplicates: Lie::Duplicate, None => KeepsUp;
    relay_drips: Lie::Drip, None => Tells;
    relay_changes_the_genesis: Lie::Mutate(Field::Genesis), None => Tells;
    relay_changes_the_origin: Lie::Mutate(Field::Origin), None => Tells;
    relay_changes_the_session: Lie::Mutate(Field::Session), None => Tells;
    relay_changes_the_sequence_number: Lie::Mutate(Field::Sequence), None => Tells;
    relay_changes_the_recipient: Lie::Mutate(Field::Recipient), None => Tells;
    relay_changes_the_payload: Lie::Mutate(Field::Payload), None => Tells;
    relay_changes_the_signature: Lie::Mutate(Field::Signature), None => Tells;
    relay_changes_the_envelopes_sender: Lie::WrongSender, None => Tells;
    relay_adds_garbage: Lie::Garbage, None => KeepsUp;
    relay_injects_frames_in_open_sessions: Lie::Inject, None => KeepsUp;
    relay_impersonates_members: Lie::Impersonate, None => KeepsUp;
    relay_invents_members: Lie::InventPeers, None => KeepsUp;
    relay_says_that_everyone_left: Lie::FalseLeft, None => KeepsUp;
    relay_says_that_everyone_came: Lie::FalseJoined, None => KeepsUp;
    relay_replays_an_old_session: Lie::Replay, None => Tells;
    relay_shows_two_rooms: Lie::Split, None => Looks;
    relay_shows_an_empty_room: Lie::Empty, None => Looks;
    source_never_answers: Lie::Honest, Some(Habit::Silent) => KeepsUp;
    source_has_junk_for_headers: Lie::Honest, Some(Habit::JunkHeaders) => KeepsUp;
    source_withholds_bodies: Lie::Honest, Some(Habit::NoBodies) => KeepsUp;
    source_swaps_bodies: Lie::Honest, Some(Habit::SwappedBodies) => KeepsUp;
    source_has_a_chain_of_low_work: Lie::Honest, Some(Habit::LowWork) => KeepsUp;
    source_has_headers_without_end: Lie::Honest, Some(Habit::EndlessHeaders) => KeepsUp;
    source_gives_one_body_at_a_time: Lie::Honest, Some(Habit::OneBody) => KeepsUp;
    only_source_never_answers: Lie::DropHonest, Some(Habit::Silent) => Tells;
    only_source_has_junk_for_headers: Lie::DropHonest, Some(Habit::JunkHeaders) => Tells;
    only_source_withholds_bodies: Lie::DropHonest, Some(Habit::NoBodies) => Tells;
    only_source_swaps_bodies: Lie::DropHonest, Some(Habit::SwappedBodies) => Tells;
    only_source_has_a_chain_of_low_work: Lie::DropHonest, Some(Habit::LowWork) => Tells;
    only_source_has_headers_without_end: Lie::DropHonest, Some(Habit::EndlessHeaders) => Tells;
}

#[test]
fn a_room_that_sleeps_is_no_reason_to_worry() {
    let mut world = World::new();
    world.connect(JOINER);
    world.run(60 * 60, false);
    assert_eq!(world.warned, [false; 4]);
}
