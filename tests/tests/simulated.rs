//! The simulator with the real relay: many seeds of the swarm, and every scenario by name, in short.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use node_wasm::sim::{Options, Report, Scenario, run};

/// How many seeds every run of the tests plays.
const SEEDS: u64 = 200;

fn options(scenario: Scenario, seed: u64) -> Options {
    Options { scenario, seed, nodes: None, minutes: None, relay: Some(relay::sim::switch) }
}

/// Plays, or panics with what failed and how to see it again.
fn play(options: &Options) -> Report {
    run(options).unwrap_or_else(|failure| {
        let mut again = format!("--scenario {} --seed {} --runs 1", options.scenario.name(), options.seed);
        for (name, value) in
            [("nodes", options.nodes.map(|nodes| nodes as u64)), ("minutes", options.minutes)]
        {
            if let Some(value) = value {
                again += &format!(" --{name} {value}");
            }
        }
        panic!("{failure}\nagain: cargo xtask sim {again}")
    })
}

#[test]
fn two_hundred_swarms_hold_every_check() {
    let next = AtomicU64::new(0);
    let (mut reorgs, mut restarts, mut payments) = (0, 0, 0);
    let take = || {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        (seed < SEEDS).then(|| play(&options(Scenario::Swarm, seed)))
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let all: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| std::iter::from_fn(take).collect::<Vec<_>>())).collect();
        for report in all.into_iter().flat_map(|played| played.join().expect("a swarm failed; see above")) {
            reorgs += report.reorgs;
            restarts += report.restarts;
            payments += report.payments;
        }
    });
    // What the checks are for did happen.
    assert!(reorgs > 500 && restarts > 50 && payments > 1000, "{reorgs} {restarts} {payments}");
}

#[test]
fn a_seed_is_one_run_with_the_relay_too() {
    let options = options(Scenario::Swarm, 7);
    assert_eq!(play(&options), play(&options));
}
