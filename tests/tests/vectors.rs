//! Published vectors through the rooms' own code, where this machine has them beside the project. Where it has not, that
//! is said, and nothing is checked.

use std::fs;
use std::path::Path;

use node_wasm::chain::{Chain, ChainError};
use node_wasm::codec::decode;
use node_wasm::consensus::retarget::asert;
use node_wasm::consensus::{ChainParams, RuleError};
use node_wasm::primitives::{CompactTarget, Header};
use node_wasm::units::Timestamp;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors");

/// Bitcoin Cash's, for aserti3-2d.
#[test]
fn the_published_vectors_of_aserti3_2d_hold() {
    let folder = Path::new(VECTORS).join("aserti3-2d");
    let Ok(runs) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no vectors of aserti3-2d at {}", folder.display());
        return;
    };
    let mut checked = 0;
    for run in runs {
        let text = fs::read_to_string(run.expect("a readable folder").path()).expect("a text");
        checked += check_asert(&text);
    }
    println!("{checked} vectors");
    assert!(checked > 0);
}

/// Checks one run: comments that name the anchor, then lines of iteration, height, time and expected target.
fn check_asert(text: &str) -> usize {
    const IDEAL: i128 = 600;
    const HALF_LIFE: i128 = 172_800;
    let limit = CompactTarget(0x1d00_ffff).expand().expect("Bitcoin's limit");
    let bits = |word: &str| CompactTarget(u32::from_str_radix(&word[2..], 16).expect("hex digits"));
    let named = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("##")?.trim().strip_prefix(name));
        line.expect("the anchor is named").trim()
    };
    let number = |word: &str| word.parse::<i128>().expect("a number");
    let (height, time) = (number(named("anchor height:")), number(named("anchor ancestor time:")));
    let anchor = bits(named("anchor nBits:")).expand().expect("a valid anchor");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            // A line's target is that of the block after it.
            let blocks = number(words[1]) - height;
            let ahead = number(words[2]) - time - IDEAL * (blocks + 1);
            let exponent = i64::try_from(ahead * 65_536 / HALF_LIFE).expect("in range");
            assert_eq!(asert(anchor, exponent, limit).compact(), bits(words[3]), "{line}");
        })
        .count()
}

/// BIP54's chains of mainnet headers, each from the genesis, that are labelled by its rules against the time warp and the
/// attack of Murch and Zawy: `timestamps.json` of its test vectors.
#[test]
fn the_labelled_header_chains_of_bip54_are_judged_as_labelled() {
    let path = Path::new(VECTORS).join("bip54/timestamps.json");
    let Ok(text) = fs::read_to_string(&path) else {
        eprintln!("SKIPPED: no vectors of BIP54 at {}", path.display());
        return;
    };
    let cases: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let cases = cases.as_array().expect("a list of cases");
    for case in cases {
        let headers = case["header_chain"].as_array().expect("a list of headers");
        let result = check_headers(headers.iter().map(|header| header.as_str().expect("hex digits")));
        let expect = case["valid"].as_bool().expect("a label");
        assert_eq!(result.is_ok(), expect, "{}: {result:?}", case["comment"]);
        let bip54 = matches!(
            result,
            Ok(()) | Err(ChainError::Rule(RuleError::PeriodStart { .. } | RuleError::PeriodEnd { .. }))
        );
        assert!(bip54, "{}: {result:?}", case["comment"]);
    }
    println!("{} chains", cases.len());
    assert!(!cases.is_empty());
}

/// Takes a chain's headers from the genesis on, up to the first that breaks a rule.
fn check_headers<'a>(headers: impl Iterator<Item = &'a str>) -> Result<(), ChainError> {
    let mut chain = Chain::new(ChainParams::bitcoin());
    let read = |digits: &str| {
        let bytes: Vec<u8> = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hex digits"))
            .collect();
        decode::<Header>(&bytes).expect("eighty bytes are a header")
    };
    for (number, header) in headers.map(read).enumerate() {
        if number == 0 {
            assert_eq!(header, chain.params().genesis().header);
        } else {
            chain.insert_header(Timestamp(u64::from(u32::MAX) * 1000), header)?;
        }
    }
    Ok(())
}

/// The reader is right about a chain that is known: the first headers there were, and the same in another order.
#[test]
fn header_chains_are_read_as_the_vectors_write_them() {
    let first = [
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c",
        "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299",
        "010000004860eb18bf1b1620e37e9490fc8a427514416fd75159ab86688e9a8300000000d5fdcc541e25de1c7a5addedf24858b8bb665c9f36ef744ee42c316022c90f9bb0bc6649ffff001d08d2bd61",
    ];
    assert_eq!(check_headers(first.into_iter()), Ok(()));
    let swapped = check_headers([first[0], first[2], first[1]].into_iter());
    assert!(matches!(swapped, Err(ChainError::UnknownParent(_))), "{swapped:?}");
}
