//! What carries frames: how long they take, and which do not arrive. All of it drawn from the seed.
//!
//! Between the tabs of a browser, or of a network without a relay, each frame travels on its own: it may be lost, doubled or
//! overtaken. To and from a relay it travels in a stream, which is late but whole and in order, or broken for good,
//! as TCP is. What waits for a slow reader waits at the relay, whose host ends the connection when it is too much.

use std::collections::BTreeMap;

use super::random::{Purpose, Random};
use crate::units::Timestamp;

/// How good the lines are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quality {
    /// How many of a thousand frames are lost, ...
    pub(super) loss: u64,
    /// ... and how many come twice.
    pub(super) doubled: u64,
    /// How long a frame takes between two players in the mean.
    pub(super) latency_ms: u64,
    /// By how much that differs from frame to frame.
    pub(super) jitter_ms: u64,
    /// Whether a frame never overtakes another.
    pub(super) ordered: bool,
}

impl Quality {
    pub(super) fn draw(random: &mut Random) -> Self {
        Self {
            loss: [0, 0, 10, 100, 300][random.place(5)],
            doubled: [0, 0, 50][random.place(3)],
            latency_ms: [5, 50, 300, 1_500][random.place(4)],
            jitter_ms: [0, 20, 200, 1_000][random.place(4)],
            ordered: random.chance(500),
        }
    }

    /// The same lines with nothing wrong but their length.
    pub(super) fn mended(self) -> Self {
        Self {
            loss: 0,
            doubled: 0,
            latency_ms: self.latency_ms.min(300),
            jitter_ms: self.jitter_ms.min(20),
            ordered: true,
        }
    }
}

/// One direction of a line: its two ends, players by their places.
type Way = (usize, usize);

/// The relay's place on the network.
pub(super) const RELAY: usize = 1 << 16;

/// How long a frame waits for a clogged line, in milliseconds: then it is lost, or its stream with it, as a system's
/// own timeouts have it. Else a line would be clogged long after it was mended.
const WAITS_MS_MAX: u64 = 20_000;

/// The lines.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) quality: Quality,
    random: Random,
    /// Who hears whom: those with the same number.
    sides: Vec<u8>,
    /// Bytes per second of each player's line; 0 is as many as it wants.
    rates: Vec<u64>,
    /// Until when each player's line is busy, up and down.
    busy: Vec<[Timestamp; 2]>,
    /// When the last frame arrives that must not be overtaken.
    last: BTreeMap<Way, Timestamp>,
}

impl Network {
    pub(super) fn new(seed: u64, quality: Quality, players: usize) -> Self {
        Self {
            quality,
            random: Random::new(seed, Purpose::Network),
            sides: vec![0; players],
            rates: vec![0; players],
            busy: vec![[Timestamp(0); 2]; players],
            last: BTreeMap::new(),
        }
    }

    pub(super) fn split(&mut self, sides: Vec<u8>) {
        self.sides = sides;
    }

    pub(super) fn clog(&mut self, player: usize, rate: u64) {
        self.rates[player] = rate;
        self.busy[player] = [Timestamp(0); 2];
    }

    /// Everything works from here on.
    pub(super) fn mend(&mut self) {
        self.quality = self.quality.mended();
        for player in 0..self.sides.len() {
            self.sides[player] = 0;
            self.clog(player, 0);
        }
    }

    /// Whether anything gets from one end to the other.
    pub(super) fn connects(&self, from: usize, to: usize) -> bool {
        let side = |end: usize| self.sides.get(end).copied().unwrap_or_default();
        side(from) == side(to)
    }

    /// When a frame has left a player, or has come in from the relay; casts leave once.
    pub(super) fn pass_line(&mut self, now: Timestamp, player: usize, down: bool, bytes: usize) -> Timestamp {
        let rate = self.rates[player];
        if rate == 0 {
            return now;
        }
        let busy = &mut self.busy[player][usize::from(down)];
        *busy = now.max(*busy).plus_ms(bytes as u64 * 1000 / rate);
        *busy
    }

    /// How many bytes wait to leave a player, or to come in, and for how long.
    pub(super) fn waiting(&self, now: Timestamp, player: usize, down: bool) -> (usize, u64) {
        let ms = self.busy[player][usize::from(down)].ms_since(now);
        ((ms * self.rates[player] / 1000) as usize, ms)
    }

    /// Whether so much waits to leave a player that nothing more gets out.
    pub(super) fn is_stuck(&self, now: Timestamp, player: usize) -> bool {
        self.waiting(now, player, false).1 > WAITS_MS_MAX
    }

    /// What waits to come in is given up.
    pub(super) fn clear_down(&mut self, player: usize) {
        self.busy[player][1] = Timestamp(0);
    }

    /// When a frame that has left arrives: not at all, once or twice.
    pub(super) fn arrivals(&mut self, left: Timestamp, from: usize, to: usize) -> Vec<Timestamp> {
        if !self.connects(from, to) || self.random.chance(self.quality.loss) {
            return Vec::new();
        }
        let copies = 1 + u32::from(self.random.chance(self.quality.doubled));
        (0..copies).map(|_| self.arrival(left, (from, to), self.quality.ordered)).collect()
    }

    /// When the bytes of a stream arrive that have left.
    pub(super) fn stream_arrival(&mut self, left: Timestamp, from: usize, to: usize) -> Timestamp {
        self.arrival(left, (from, to), true)
    }

    fn arrival(&mut self, left: Timestamp, way: Way, ordered: bool) -> Timestamp {
        // From half the mean to one and a half of it: the same for every frame of the way.
        let latency = self.quality.latency_ms;
        let spread = (way.0.min(way.1) as u64 * 31 + (way.0.max(way.1) % 97) as u64 * 17) % 101;
        let travels = latency / 2 + latency * spread / 100 + self.random.below(self.quality.jitter_ms + 1);
        let arrives = left.plus_ms(travels);
        if !ordered {
            return arrives;
        }
        let last = self.last.entry(way).or_default();
        *last = arrives.max(*last);
        *last
    }
}
