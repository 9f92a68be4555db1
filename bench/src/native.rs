//! The contests natively: a line on the standard input names one, a line on the standard output has the figures.

#![allow(clippy::print_stdout, reason = "the figures are read from there")]

use std::io::stdin;

use bench::{Bench, Platform};
use nix::time::{ClockId, clock_gettime};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The processor's time that this thread took: what else the machine does is not in it.
fn clock() -> f64 {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("every Unix counts a thread's time");
    time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9
}

fn main() {
    let mut bench = Bench::new(Platform { clock, memory: || ALLOCATOR.current_usage() as f64 });
    for line in stdin().lines().map_while(Result::ok) {
        println!("{}", bench.turn(&line).unwrap_or_else(|error| error));
    }
}
