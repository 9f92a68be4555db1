//! What a run consists of: who plays, over what, and what goes wrong when. A swarm draws all of it from its seed.
//!
//! Swarm testing: each kind of fault is on in some runs and off in others, because a fault that is always there
//! hides what others would show.

use super::conduct::{Conduct, Forger};
use super::disk::Storage;
use super::network::Quality;
use super::pace::ROOM_RATE;
use super::random::{Purpose, Random};

const MINUTE_MS: u64 = 60_000;

/// What a run consists of. Times are in milliseconds from the start.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where all chance comes from.
    pub(super) seed: u64,
    /// How long faults go on; after that everything has to come to rest.
    pub(super) ms: u64,
    /// Who plays.
    pub(super) players: Vec<Part>,
    /// What carries their frames.
    pub(super) quality: Quality,
    /// Payments per hour, of all players together.
    pub(super) payments_per_hour: u64,
    /// What goes wrong, and when.
    pub(super) faults: Vec<(u64, Fault)>,
}

/// A player.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// How it behaves.
    pub(super) conduct: Conduct,
    /// Its hash rate, in hashes per 1000 seconds.
    pub(super) rate: u64,
    /// How far its clock is ahead of the others'.
    pub(super) ahead_ms: u64,
    /// Which browser it is a tab of: those hear each other without a relay.
    pub(super) browser: Option<u32>,
    /// Whether it connects to the relay.
    pub(super) relay: bool,
    /// How its host stores.
    pub(super) storage: Storage,
    /// When it opens.
    pub(super) opens_ms: u64,
}

/// What goes wrong, or is mended. Players are named by their places.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// A player's machine dies.
    Crash(usize),
    /// It starts again, with what its disk kept.
    Open(usize),
    /// A player's machine sleeps: it hears nothing, and time stands still for it.
    Sleep(usize),
    /// It wakes.
    Wake(usize),
    /// The network falls apart: only players with the same number hear each other, and the relay has number 0. Who has
    /// another number and no browser in common with others is alone.
    Split(Vec<u8>),
    /// A player's line carries so many bytes per second; 0 is as many as it wants.
    Clog(usize, u64),
    /// A player's connection to the relay breaks.
    Cut(usize),
    /// The relay restarts: everyone is sent away.
    RelayRestart,
    /// A player's hash rate changes.
    Rate(usize, u64),
}

impl Plan {
    /// A plan in which nothing goes wrong: one honest part for each of `rates`, on the relay if there is one.
    pub(super) fn quiet(seed: u64, minutes: u64, rates: &[u64], relay: bool) -> Self {
        let part =
            |rate: &u64| Part { rate: *rate, relay, browser: (!relay).then_some(0), ..Part::default() };
        Self {
            seed,
            ms: minutes * MINUTE_MS,
            players: rates.iter().map(part).collect(),
            quality: Quality { latency_ms: 60, jitter_ms: 20, ordered: true, ..Quality::default() },
            payments_per_hour: 60,
            faults: Vec::new(),
        }
    }

    /// A plan drawn from the seed. `nodes` and `minutes` are drawn, too, where they are not given.
    pub(super) fn swarm(seed: u64, nodes: Option<usize>, minutes: Option<u64>, relay: bool) -> Self {
        let mut random = Random::new(seed, Purpose::Plan);
        let drawn = (random.between(2, 7), random.between(4, 9));
        let nodes = nodes.unwrap_or(drawn.0 as usize).max(1);
        let shares: Vec<u64> = (0..nodes).map(|_| random.below(4)).collect();
        let all = shares.iter().sum::<u64>();
        // Somebody has to mine.
        let rate = |place: usize, share: u64| match all {
            0 if place == 0 => ROOM_RATE,
            _ => ROOM_RATE * share / all.max(1),
        };
        let rates: Vec<u64> = shares.iter().enumerate().map(|(place, share)| rate(place, *share)).collect();
        let mut plan = Self::quiet(seed, minutes.unwrap_or(drawn.1), &rates, relay);
        plan.quality = Quality::draw(&mut random);
        plan.payments_per_hour = [0, 60, 600][random.place(3)];
        plan.draw_parts(&mut random, relay);
        if random.chance(500) {
            plan.draw_crashes(&mut random);
        }
        plan.draw_faults(&mut random, relay);
        plan
    }

    fn draw_parts(&mut self, random: &mut Random, relay: bool) {
        // Relay alone, browsers that also hear each other, or no relay at all.
        let topology = if relay { random.below(3) } else { 2 };
        let (skewed, late, storage) = (random.chance(500), random.chance(300), Storage::draw(random));
        let half = self.ms / 2;
        for (place, part) in (0_u32..).zip(&mut self.players) {
            part.relay = topology < 2;
            part.browser = match topology {
                0 => None,
                1 => Some(place / 3),
                _ => Some(0),
            };
            part.ahead_ms = if skewed { random.below(8_000) } else { 0 };
            part.storage = storage;
            part.opens_ms = if late && place > 0 { random.below(half) } else { 0 };
        }
        if random.chance(100) {
            // Its blocks are early for everyone else.
            self.players[0].ahead_ms = 14_000;
        }
        if random.chance(150)
            && let [_, _, .., last] = &mut self.players[..]
        {
            last.conduct = Conduct::Forger(Forger::default());
        }
    }

    fn draw_faults(&mut self, random: &mut Random, relay: bool) {
        let nodes = self.players.len();
        let kinds: Vec<u64> =
            (0..6).filter(|kind| random.chance(400) && (relay || !matches!(kind, 3 | 4))).collect();
        if kinds.is_empty() {
            return;
        }
        let mut at = random.wait(MINUTE_MS);
        while at < self.ms {
            let (player, back) = (random.place(nodes), at + random.wait(MINUTE_MS));
            let (fault, mended) = match kinds[random.place(kinds.len())] {
                0 => (Fault::Sleep(player), Some(Fault::Wake(player))),
                1 => {
                    let sides = (0..nodes).map(|_| u8::from(random.chance(500))).collect();
                    (Fault::Split(sides), Some(Fault::Split(vec![0; nodes])))
                }
                2 => {
                    let rate = [40, 400, 4_000, 20_000][random.place(4)];
                    (Fault::Clog(player, rate), Some(Fault::Clog(player, 0)))
                }
                3 => (Fault::Cut(player), None),
                4 => (Fault::RelayRestart, None),
                _ => {
                    let rate = self.players[player].rate;
                    (Fault::Rate(player, rate * random.between(1, 20)), Some(Fault::Rate(player, rate)))
                }
            };
            self.faults.push((at, fault));
            self.faults.extend(mended.map(|mended| (back, mended)));
            at += random.wait(MINUTE_MS);
        }
    }

    /// Machines die and start again, at once or after a while, and perhaps die again soon after that: while they still load.
    fn draw_crashes(&mut self, random: &mut Random) {
        let mut at = random.wait(MINUTE_MS);
        while at < self.ms {
            let (player, back) = (random.place(self.players.len()), [2_000, MINUTE_MS][random.place(2)]);
            let mut dies = at;
            for _ in 0..random.between(1, 3) {
                let opens = dies + random.wait(back);
                self.faults.extend([(dies, Fault::Crash(player)), (opens, Fault::Open(player))]);
                dies = opens + random.wait(20_000);
                if dies >= self.ms {
                    break;
                }
            }
            at += random.wait(MINUTE_MS);
        }
    }
}
