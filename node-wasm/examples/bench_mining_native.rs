//! What `cargo xtask bench mining` runs natively, beside the browser: prints how many hashes a second each search makes,
//! over as many milliseconds as the argument says, one search a line: naive, scalar, the miner's, and every other that
//! this processor has instructions for.

#![allow(clippy::print_stdout, reason = "the benchmark reads the figures")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use node_wasm::miner::{Scan, native_scans, scan, scan_scalar};
use node_wasm::primitives::{BlockHash, CompactTarget, Header, MerkleRoot, Target};
use node_wasm::units::BlockTime;
use ruint::aliases::U256;
use sha2::{Digest as _, Sha256};

/// Nonces between two looks at the clock.
const SLICE: u32 = 4096;

fn main() {
    let milliseconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(200);
    let duration = Duration::from_millis(milliseconds);
    let searches: [(&str, Scan); 3] = [("naive", naive), ("scalar", scan_scalar), ("miner", scan)];
    for (name, search) in searches.into_iter().chain(native_scans()) {
        println!("{name} {:.0}", rate(duration, search));
    }
}

/// Hashes per second; the target is one that no nonce meets.
fn rate(duration: Duration, search: Scan) -> f64 {
    let header = Header {
        version: 1,
        previous: BlockHash([0x11; 32]),
        merkle_root: MerkleRoot([0x22; 32]),
        time: BlockTime(1_700_000_000),
        bits: CompactTarget(0x0101_0000),
        nonce: 0,
    };
    let target = Target::new(U256::from(1)).unwrap_or(Target::MAX);
    let started = Instant::now();
    let mut nonce = 0;
    while started.elapsed() < duration {
        black_box(search(&header, &target, nonce, SLICE));
        nonce += SLICE;
    }
    f64::from(nonce) / started.elapsed().as_secs_f64()
}

/// Whole hashes by the `sha2` crate, as one would write it first.
fn naive(header: &Header, target: &Target, start: u32, count: u32) -> Option<u32> {
    let mut bytes = header.bytes();
    (start..start.saturating_add(count)).find(|nonce| {
        bytes[Header::NONCE_OFFSET..].copy_from_slice(&nonce.to_le_bytes());
        target.is_met_by(&BlockHash(Sha256::digest(Sha256::digest(bytes)).into()))
    })
}
