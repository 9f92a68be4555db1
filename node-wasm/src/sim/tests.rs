//! Runs whose audit is known, natively and in wasm alike.

use super::*;
use crate::test;

fn options(seed: u64) -> Options {
    Options { scenario: Scenario::Swarm, seed, nodes: None, minutes: Some(2), relay: None }
}

#[test]
fn a_seed_is_one_run_wherever_it_runs() {
    let mut audits = Vec::new();
    for seed in 0..8 {
        let report = run(&options(seed)).unwrap_or_else(|failure| panic!("{failure}"));
        audits.push(hex::encode(&report.audit[..4]));
        if seed == 0 {
            assert_eq!(run(&options(seed)), Ok(report));
        }
    }
    assert_eq!(
        audits,
        ["5713b782", "5381d1a7", "d8fc24a8", "f31a6e3b", "045dcb39", "8acfe1b2", "32ce8c48", "1a258e5b"]
    );
}
