//! What a scenario is about, measured: figures for tests to bound, and sentences for a terminal.

use std::fmt;

/// What a scenario measured. Times are in milliseconds of the virtual clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// What a selfish miner gets.
    Selfish {
        /// Its hash rate, in thousandths of the room's.
        per_mille: u64,
        /// Its blocks in the chain, ...
        own: u32,
        /// ... of so many.
        all: u32,
        /// The blocks that it found, whatever became of them, ...
        own_found: u32,
        /// ... of so many.
        all_found: u32,
    },
    /// Whether a majority takes back a payment.
    Majority {
        /// How long it took until its chain had more work and the payment was believed.
        ahead_ms: Option<u64>,
        /// How deep the payment lay by then.
        depth: u32,
        /// Whether the chain that stayed pays somebody else.
        undone: bool,
    },
    /// What a node believes that hears nobody but liars.
    Eclipse {
        /// How many they are.
        liars: usize,
        /// How many blocks it mined alone.
        alone: u32,
        /// After how long among them it said that it is possibly isolated.
        told_ms: Option<u64>,
        /// How long after it could hear one honest node as well it had the honest chain.
        met_ms: Option<u64>,
        /// How long after the lies ended it took its word back.
        taken_back_ms: Option<u64>,
    },
    /// How two halves become one room again.
    Partition {
        /// How long they were apart.
        apart_ms: u64,
        /// How high each half's chain was by then.
        heights: [u32; 2],
        /// How many tips each half had then: two in the moment of a fork.
        tips: [usize; 2],
        /// How long they needed for one tip, ...
        tip_ms: u64,
        /// ... and until the payments were everywhere.
        rest_ms: u64,
        /// How many blocks were given up for better ones at once, at most.
        deepest: usize,
    },
    /// What it costs when many join at once.
    Joiners {
        /// How many they are.
        joined: usize,
        /// How high the chain is that they join.
        height: u32,
        /// How long after the last came everyone had it, or how long that was waited for.
        took_ms: u64,
        /// How many did not have it by then.
        behind: usize,
        /// How many bytes everyone sent meanwhile.
        bytes: u64,
    },
    /// What it costs when miners sleep.
    Sleepers {
        /// How many they are.
        sleepers: usize,
        /// How long each of them slept.
        asleep_ms: u64,
        /// How many blocks were found, ...
        found: u32,
        /// ... and how many are in the chain.
        kept: u32,
    },
    /// What the difficulty makes of a hash rate.
    Step {
        /// The hash rate, as a multiple of the first.
        factor: u64,
        /// How many blocks were found at it.
        blocks: u32,
        /// The spacing of its blocks 31 to 60, in the mean.
        mean_ms: u64,
        /// Their median, in seconds.
        median_s: u32,
        /// The longest wait for a block, in seconds, the first included.
        longest_s: u32,
    },
}

/// Eyal and Sirer's share of the rewards for a selfish miner with `alpha` of the hash rate whose blocks win no race.
#[must_use]
pub fn selfish_share(alpha: f64) -> f64 {
    let honest = 1.0 - alpha;
    (alpha * honest * honest * 4.0 * alpha - alpha.powi(3)) / (1.0 - alpha * (1.0 + (2.0 - alpha) * alpha))
}

/// Seconds with one decimal, or that it never came to it.
fn after(ms: Option<u64>) -> String {
    ms.map_or("NEVER".to_owned(), |ms| format!("{}.{} s", ms / 1000, ms % 1000 / 100))
}

fn percent(part: u32, of: u32) -> f64 {
    100.0 * f64::from(part) / f64::from(of.max(1))
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Selfish { per_mille, own, all, own_found, all_found } => {
                let (alpha, share, found) =
                    (per_mille as f64 / 1000.0, percent(own, all), percent(own_found, all_found));
                let expected = 100.0 * selfish_share(alpha);
                write!(
                    f,
                    "{:.1} % of the hash rate, mining selfishly, made {own} of {all} blocks: {share:.1} % of the \
                     rewards for {found:.1} % of the blocks found; Eyal and Sirer expect {expected:.1} % where the \
                     difficulty is constant",
                    100.0 * alpha
                )
            }
            Self::Majority { ahead_ms, depth, undone } => {
                let undone = if undone { "taken back" } else { "NOT taken back" };
                let after = after(ahead_ms);
                write!(f, "51 % of the hash rate ahead: {after}; a payment {depth} blocks deep was {undone}")
            }
            Self::Eclipse { liars, alone, told_ms, met_ms, taken_back_ms } => write!(
                f,
                "a victim among {liars} liars mined {alone} blocks alone; it said that it is possibly isolated: {}; it \
                 had the honest chain after it could hear one honest node: {}; it took its word back after the lies \
                 ended: {}",
                after(told_ms),
                after(met_ms),
                after(taken_back_ms)
            ),
            Self::Partition { apart_ms, heights, tip_ms, rest_ms, deepest, .. } => write!(
                f,
                "after {} s apart the halves were at {} and {}; together again, one tip within {} s and the payments \
                 everywhere within {} s, {deepest} blocks undone at most, no payment lost",
                apart_ms / 1000,
                heights[0],
                heights[1],
                tip_ms / 1000,
                rest_ms / 1000
            ),
            Self::Joiners { joined, height, took_ms, behind, bytes } => write!(
                f,
                "{joined} joined a chain of {height} blocks within 10 s; {} after the last, {behind} were behind; \
                 {:.1} MB were sent",
                after(Some(took_ms)),
                bytes as f64 / 1e6
            ),
            Self::Sleepers { sleepers, asleep_ms, found, kept } => write!(
                f,
                "{sleepers} miners slept for {} s each: of {found} blocks found {kept} are in the chain",
                asleep_ms / 1000
            ),
            Self::Step { factor, blocks, mean_ms, median_s, longest_s } => write!(
                f,
                "{blocks} blocks at {factor} times the hash rate; of the blocks 31 to 60 one in {} (median \
                 {median_s} s); the longest wait {longest_s} s",
                after(Some(mean_ms))
            ),
        }
    }
}
