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
    let take = || {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        (seed < SEEDS).then(|| play(&options(Scenario::Swarm, seed)))
    };
    let reports: Vec<Report> = thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let all: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| std::iter::from_fn(take).collect::<Vec<_>>())).collect();
        all.into_iter().flat_map(|played| played.join().expect("a swarm failed; see above")).collect()
    });
    assert_eq!(reports.len() as u64, SEEDS);
    // What the checks are for did happen.
    let count = |what: fn(&Report) -> u64| reports.iter().map(what).sum::<u64>();
    let payments = count(|report| report.payments as u64);
    let counts = [
        ("reorgs", count(|report| report.reorgs), 500),
        ("payments", payments, 1000),
        ("restarts", count(|report| report.restarts), 50),
        ("forged blocks", count(|report| report.refused), 50),
        ("readers too slow", count(|report| report.too_slow), 1),
    ];
    for (what, got, least) in counts {
        assert!(got >= least, "{got} {what} in {SEEDS} swarms, expected {least} at least");
    }
}

#[test]
fn every_scenario_ends_well() {
    let check = |scenario: Scenario, minutes: u64, nodes: Option<usize>, expected: &str| {
        let options = Options { minutes: Some(minutes), nodes, ..options(scenario, 1) };
        let report = play(&options);
        let findings = report.findings.join("; ");
        assert!(findings.contains(expected), "{}: {findings}", scenario.name());
    };
    check(Scenario::Selfish25, 30, None, "% of the rewards");
    check(Scenario::Selfish33, 30, None, "% of the rewards");
    check(Scenario::Selfish40, 30, None, "% of the rewards");
    check(Scenario::Majority, 240, None, "was taken back");
    check(Scenario::Eclipse, 5, None, "it had the honest chain");
    check(Scenario::Partition, 9, None, "no payment lost");
    check(Scenario::Joiners, 5, Some(31), "0 were behind");
    check(Scenario::Sleepers, 24, None, "are in the chain");
    check(Scenario::Steps, 36, None, "back again");
}

#[test]
fn a_seed_is_one_run_with_the_relay_too() {
    let options = options(Scenario::Swarm, 7);
    let report = play(&options);
    assert_eq!(play(&options), report);
    assert_ne!(play(&Options { seed: 8, ..options }).audit, report.audit);
}
