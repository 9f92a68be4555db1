//! What `cargo xtask bench` measures of the node: one turn of a contest at a time, natively and in a browser alike.
//!
//! A turn takes the same work through each contestant, one right after the other, so that what else the machine does
//! strikes them alike; the ratio within a turn is what counts. Clock and memory are the caller's. Left out: how often,
//! the bars, and the tables, which `xtask` has.

mod decode;
mod reorg;
mod room;
mod start;
mod state;
mod sync;
mod verify;

use std::fmt::Write as _;

/// What a turn may ask of the platform.
#[derive(Clone, Copy, Debug)]
pub struct Platform {
    /// Seconds since whenever.
    pub clock: fn() -> f64,
    /// How many bytes the program takes.
    pub memory: fn() -> f64,
}

/// The contests, with what they keep from one turn to the next.
#[derive(Debug)]
pub struct Bench {
    platform: Platform,
    verify: Option<verify::Verify>,
    sync: Option<sync::Sync>,
    decode: Option<decode::Decode>,
}

impl Bench {
    /// Nothing is prepared yet.
    #[must_use]
    pub const fn new(platform: Platform) -> Self {
        Self { platform, verify: None, sync: None, decode: None }
    }

    /// Takes a turn of the contest of this name: its figures, with spaces between; what they are, each contest's
    /// module says.
    ///
    /// # Errors
    /// When there is no such contest.
    pub fn turn(&mut self, name: &str) -> Result<String, String> {
        let figures: Vec<f64> = match name {
            "verify" => self.verify.get_or_insert_with(verify::Verify::new).turn(self.platform).into(),
            "reorg" => reorg::turn(self.platform).into(),
            "state" => state::turn(self.platform).into(),
            "sync" => self.sync.get_or_insert_with(sync::Sync::new).turn(self.platform).into(),
            "decode" => self.decode.get_or_insert_with(decode::Decode::new).turn(self.platform).into(),
            _ => return Err(format!("there is no contest {name}")),
        };
        let mut text = String::new();
        for figure in figures {
            write!(text, "{figure:e} ").expect("writing to memory does not fail");
        }
        Ok(text)
    }
}

impl Platform {
    /// How many seconds some work takes.
    fn seconds<T>(self, work: impl FnOnce() -> T) -> f64 {
        let started = (self.clock)();
        std::hint::black_box(work());
        (self.clock)() - started
    }
}
