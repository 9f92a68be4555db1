//! The difficulty rule in virtual time: rooms whose hash rate jumps, that sleep overnight, and whose miners lie
//! about the time. CONSENSUS.md, "Difficulty", quotes the figures that these tests print.
//!
//! Mining is a Poisson process; a miner stamps his block anew each second, so the easing of a long wait changes
//! his odds while he waits. Blocks reach everyone at once: delay and forks are left out.

use node_wasm::consensus::ChainParams;
use node_wasm::consensus::retarget::Pace;
use node_wasm::primitives::Target;
use node_wasm::units::BlockTime;

const SPACING: f64 = 10.0;
/// Blocks faster than this count as fast: half the target.
const FAST: f64 = SPACING / 2.0;
const SEEDS: u64 = 200;
/// Enough for the rule to forget the starting target.
const WARM_UP: usize = 80;
/// One core of a laptop, in hashes per second.
const CORE: f64 = 200_000.0;

/// SplitMix64: seeded, so that a run repeats.
struct Random(u64);

impl Random {
    /// Above 0 and below 1.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }
}

/// How a miner stamps his blocks.
#[derive(Clone, Copy, Debug)]
enum Stamp {
    Honest,
    /// As far ahead as the rules let him.
    Ahead,
    /// As far back as the rules let him: just after the median.
    Behind,
    /// Ahead where that eases his target, else behind.
    Both,
}

#[derive(Clone, Copy)]
struct Miner {
    rate: f64,
    stamp: Stamp,
}

/// A block's making.
struct Found {
    /// The first miner's hazard summed over the wait: as his wins, in the mean, with less noise.
    first_odds: f64,
    all_odds: f64,
    spacing: f64,
}

struct Room {
    params: ChainParams,
    pace: Pace,
    /// The times of the last 11 blocks.
    times: [u32; 11],
    now: f64,
    random: Random,
}

impl Room {
    /// A room that has mined at `rate` for a while.
    fn steady(rate: f64, seed: u64) -> Self {
        let params = ChainParams::room(Default::default());
        let start = 1_800_000_000;
        let pace = Pace::genesis(&params).child(BlockTime(start), params.starting_bits);
        let mut room = Self { params, pace, times: [start; 11], now: f64::from(start), random: Random(seed) };
        for _ in 0..WARM_UP {
            room.mine(rate);
        }
        room
    }

    /// The earliest time that the rules allow: after the median of the last 11.
    fn earliest(&self) -> u32 {
        let mut sorted = self.times;
        sorted.sort_unstable();
        sorted[5] + 1
    }

    fn stamp(&self, stamp: Stamp) -> u32 {
        let (clock, earliest) = (self.now as u32, self.earliest());
        let honest = clock.max(earliest);
        let ahead = (clock + self.params.future_max).max(earliest);
        match stamp {
            Stamp::Honest => honest,
            Stamp::Ahead => ahead,
            Stamp::Behind => earliest.min(honest),
            Stamp::Both if self.target(ahead) > self.target(honest) => ahead,
            Stamp::Both => earliest.min(honest),
        }
    }

    fn target(&self, time: u32) -> Target {
        self.pace.bits_at(&self.params, BlockTime(time)).expand().expect("the schedule's bits are valid")
    }

    /// The chance per second that this miner finds a block now.
    fn hazard(&self, miner: Miner) -> f64 {
        miner.rate / self.target(self.stamp(miner.stamp)).work().approximate()
    }

    /// Until the next block.
    fn race(&mut self, miners: &[Miner]) -> Found {
        let start = self.now;
        let mut luck = self.random.exponential();
        let (all_odds, mut first_odds) = (luck, 0.0);
        // A stamp further ahead than the others accept would have to wait.
        self.now = self.now.max(f64::from(self.earliest() - self.params.future_max));
        loop {
            let hazards: Vec<f64> = miners.iter().map(|miner| self.hazard(*miner)).collect();
            let sum: f64 = hazards.iter().sum();
            let rest = self.now.floor() + 1.0 - self.now;
            if luck >= rest * sum {
                luck -= rest * sum;
                first_odds += rest * hazards[0];
                self.now = self.now.floor() + 1.0;
                continue;
            }
            self.now += luck / sum;
            first_odds += luck / sum * hazards[0];
            let mut pick = self.random.uniform() * sum;
            let winner = hazards.iter().position(|hazard| {
                pick -= hazard;
                pick < 0.0
            });
            let winner = winner.unwrap_or(miners.len() - 1);
            let stamp = self.stamp(miners[winner].stamp);
            self.pace = self.pace.child(BlockTime(stamp), self.target(stamp).compact());
            self.times.rotate_left(1);
            self.times[10] = stamp;
            return Found { first_odds, all_odds, spacing: self.now - start };
        }
    }

    fn mine(&mut self, rate: f64) -> f64 {
        self.race(&[Miner { rate, stamp: Stamp::Honest }]).spacing
    }

    /// The spacing that the next block's target means at `rate`, its own wait left aside.
    fn expected_pace(&self, rate: f64) -> f64 {
        1.0 / self.hazard(Miner { rate, stamp: Stamp::Honest })
    }

    /// The expected wait for the next block at `rate`, its own easing included: the integral of the survival.
    fn expected_wait(&mut self, rate: f64) -> f64 {
        let (start, mut wait, mut survival) = (self.now, 0.0, 1.0);
        for _ in 0..600 {
            let hazard = self.hazard(Miner { rate, stamp: Stamp::Honest });
            let rest = self.now.floor() + 1.0 - self.now;
            let stays = (-hazard * rest).exp();
            wait += survival * (1.0 - stays) / hazard;
            survival *= stays;
            self.now += rest;
            if survival < 1e-4 {
                break;
            }
        }
        wait += survival / self.hazard(Miner { rate, stamp: Stamp::Honest });
        self.now = start;
        wait
    }
}

/// Many measurements of one thing.
struct Sample(Vec<f64>);

impl Sample {
    fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    fn quantile(&self, share: f64) -> f64 {
        self.0[((self.0.len() - 1) as f64 * share).round() as usize]
    }

    fn median(&self) -> f64 {
        let count = self.0.len();
        (self.0[(count - 1) / 2] + self.0[count / 2]) / 2.0
    }

    fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    fn share(&self, holds: impl Fn(f64) -> bool) -> f64 {
        self.0.iter().filter(|value| holds(**value)).count() as f64 / self.0.len() as f64
    }

    fn show(&self) -> String {
        let at = |share| format!("{:.1}", self.quantile(share));
        format!("1% {} 5% {} 50% {} 95% {} 99% {}", at(0.01), at(0.05), at(0.5), at(0.95), at(0.99))
    }
}

fn within_twice(spacing: f64) -> bool {
    (SPACING / 2.0..=SPACING * 2.0).contains(&spacing)
}

/// Of the rooms that an oracle gives a perfect constant target, how many have 30 blocks whose median is within
/// twice the spacing: chance alone takes the rest.
fn perfect_share() -> f64 {
    let mut random = Random(1);
    let median = |_| Sample::new((0..30).map(|_| SPACING * random.exponential())).median();
    Sample::new((0..20_000).map(median)).share(within_twice)
}

#[test]
fn thirty_blocks_after_a_hundredfold_step_the_spacing_is_back() {
    let perfect = perfect_share();
    for (name, before, after) in [("up", CORE, 100.0 * CORE), ("down", 100.0 * CORE, CORE)] {
        let (mut medians, mut paces, mut pool) = (Vec::new(), Vec::new(), Vec::new());
        for seed in 0..SEEDS {
            let mut room = Room::steady(before, seed);
            for _ in 0..30 {
                room.mine(after);
            }
            let (pace, spacing): (Vec<f64>, Vec<f64>) =
                (0..30).map(|_| (room.expected_pace(after), room.mine(after))).unzip();
            pool.extend(&spacing);
            medians.push(Sample::new(spacing).median());
            paces.push(Sample::new(pace).median());
        }
        let (medians, paces, pooled) = (Sample::new(medians), Sample::new(paces), Sample::new(pool));
        let share = medians.share(within_twice);
        println!("step {name}: pooled median {:.1} s", pooled.median());
        println!("  per room: {}; within 2x: {share:.3}, a perfect target {perfect:.3}", medians.show());
        println!("  what the targets mean, median per room: {}", paces.show());
        assert!(within_twice(pooled.median()));
        assert!(share > perfect - 0.1, "{share} {perfect}");
        assert_eq!(paces.share(within_twice), 1.0, "{}", paces.show());
    }
}

#[test]
fn no_wait_after_a_hundredfold_step_down_is_expected_to_exceed_twenty_spacings() {
    let (mut first, mut later, mut real) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 0..SEEDS {
        let mut room = Room::steady(100.0 * CORE, seed);
        first.push(room.expected_wait(CORE));
        real.push(room.mine(CORE));
        for _ in 0..30 {
            later.push(room.expected_wait(CORE));
            room.mine(CORE);
        }
    }
    let (first, later, real) = (Sample::new(first), Sample::new(later), Sample::new(real));
    println!("expected wait, first block: {}; the longest {:.0} s", first.show(), first.quantile(1.0));
    println!("expected wait, blocks 2-31: {}; the longest {:.0} s", later.show(), later.quantile(1.0));
    println!("real wait for the first block: {}", real.show());
    assert!(first.quantile(1.0) < 20.0 * SPACING && later.quantile(1.0) < 20.0 * SPACING);
}

#[test]
fn a_room_that_slept_twelve_hours_does_not_flood() {
    let rate = 3.0 * CORE;
    let mut room = Room::steady(rate, 1);
    let chance = Sample::new((0..10_000).map(|_| room.mine(rate))).share(|spacing| spacing < FAST);
    for (name, factor) in [("the same rate", 1.0), ("a thirtieth", 1.0 / 30.0), ("thirtyfold", 30.0)] {
        let (mut burst, mut plain) = (Vec::new(), Vec::new());
        for seed in 0..SEEDS {
            let mut room = Room::steady(rate, seed);
            room.now += 12.0 * 3600.0;
            let (mut back, mut fast_before, mut fast) = (false, 0.0, 0.0);
            for _ in 0..100 {
                let pace = room.expected_pace(rate * factor);
                back |= pace >= FAST;
                if room.mine(rate * factor) < FAST {
                    fast += 1.0;
                    fast_before += f64::from(u8::from(!back));
                }
            }
            burst.push(fast_before);
            plain.push(fast);
        }
        let (burst, plain) = (Sample::new(burst), Sample::new(plain));
        let excess = plain.mean() - 100.0 * chance;
        println!("woken at {name}: fast blocks until the targets mean 5 s again: {}", burst.show());
        println!(
            "  fast in the first 100: {}; {excess:.1} more than the {chance:.3} of chance",
            plain.show()
        );
        assert!(burst.quantile(1.0) <= 60.0 && excess <= 30.0 && plain.median() <= 60.0);
    }
}

#[test]
fn a_liar_about_time_gains_little_and_stops_nobody() {
    const BLOCKS: usize = 4_000;
    for share in [0.1, 0.25, 0.33, 0.6, 0.9] {
        for stamp in [Stamp::Ahead, Stamp::Behind, Stamp::Both] {
            let mut room = Room::steady(3.0 * CORE, 1);
            let miners = [
                Miner { rate: 3.0 * CORE * share, stamp },
                Miner { rate: 3.0 * CORE * (1.0 - share), stamp: Stamp::Honest },
            ];
            let found: Vec<Found> = (0..BLOCKS).map(|_| room.race(&miners)).collect();
            let sum = |part: fn(&Found) -> f64| found.iter().map(part).sum::<f64>();
            let won = sum(|block| block.first_odds) / sum(|block| block.all_odds);
            let spacing = sum(|block| block.spacing) / BLOCKS as f64;
            let gain = won / share - 1.0;
            println!(
                "share {share:.2} {stamp:?}: wins {won:.4} ({:+.1} %), a block per {spacing:.2} s",
                gain * 100.0
            );
            assert!(gain < 0.04, "{gain}");
            assert!((spacing / SPACING - 1.0).abs() < 0.01, "{spacing}");
        }
    }
}
