//! Runs whose audit is known, natively and in wasm alike.

use super::*;
use crate::crypto::sha256;
use crate::test;

/// What the audits of seeds 0 to 7 come to. Any change of what nodes do or say changes it: then it is written anew
/// from what the test prints.
const AUDITS: &str = "d5b833ef";

fn play(seed: u64) -> Report {
    let options = Options { scenario: Scenario::Swarm, seed, nodes: None, minutes: Some(2), relay: None };
    run(&options).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn a_seed_is_one_run_wherever_it_runs() {
    let reports: Vec<Report> = (0..8).map(play).collect();
    assert_eq!(play(0), reports[0]);
    assert_ne!(reports[0].audit, reports[1].audit);
    assert!(reports.iter().any(|report| report.snapshots > 0), "a start from a snapshot is among them");
    let audits: Vec<&[u8]> = reports.iter().map(|report| &report.audit[..]).collect();
    assert_eq!(hex::encode(&sha256(&audits)[..4]), AUDITS, "the nodes behave otherwise than on record");
}

#[test]
fn every_scenario_has_its_name() {
    for scenario in Scenario::ALL {
        assert_eq!(scenario.name().parse(), Ok(scenario));
    }
    assert!("nobody".parse::<Scenario>().is_err());
}
