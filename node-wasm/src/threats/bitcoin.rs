//! Bitcoin's own headers through the rooms' own code, under the Bitcoin profile: bytes, hash, work, order, and the 2016
//! blocks between two targets, off by one. A header proves itself: nobody could have made one of these up.
//!
//! C6 and C7 are BIP54's two rules about time; their borders are tested in `chain/tests.rs`.

use super::*;
use crate::codec::{decode, encode};
use crate::consensus::ChainParams;
use crate::consensus::bitcoin::Period;
use crate::primitives::{Header, Target};
use crate::test;
use crate::units::BlockTime;

/// Main chain, blocks 0 to 6.
const FIRST: [&str; 7] = [
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c",
    "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299",
    "010000004860eb18bf1b1620e37e9490fc8a427514416fd75159ab86688e9a8300000000d5fdcc541e25de1c7a5addedf24858b8bb665c9f36ef744ee42c316022c90f9bb0bc6649ffff001d08d2bd61",
    "01000000bddd99ccfda39da1b108ce1a5d70038d0a967bacb68b6b63065f626a0000000044f672226090d85db9a9f2fbfe5f0f9609b387af7be5b7fbb7a1767c831c9e995dbe6649ffff001d05e0ed6d",
    "010000004944469562ae1c2c74d9a535e00b6f3e40ffbad4f2fda3895501b582000000007a06ea98cd40ba2e3288262b28638cec5337c1456aaf5eedc8e9e5a20f062bdf8cc16649ffff001d2bfee0a9",
    "0100000085144a84488ea88d221c8bd6c059da090e88f8a2c99690ee55dbba4e00000000e11c48fecdd9e72510ca84f023370c9a38bf91ac5cae88019bee94d24528526344c36649ffff001d1d03e477",
    "01000000fc33f596f822a0a1951ffdbf2a897b095636ad871707bf5d3162729b00000000379dfb96a5ea8c81700ea4ac6b97ae9a9312b2d4301a29580e924ee6761a2520adc46649ffff001d189c4c97",
];

/// Periods: the first header of one, its last, and the first of the next, which has another target.
const PERIODS: [[&str; 3]; 3] = [
    // Blocks 30240, 32255 and 32256: the first change that there was.
    [
        "01000000e6bf7fd7f7790a63786faa878d0dc7fd8f2ff365732e45862c66075100000000700d342f65c7b6834dffb615358a1897016f0448913372190cbe3d27a4b53355b1512b4bffff001dbfb02519",
        "0100000049c1daab3b6536ff1b2633c3a316a6e06ec287676cdeec4ca7baae6b00000000ac10b36b8f354b3353207de15940a5edbc05bb8364af75b4b5409e7823f2b48923ec3a4bffff001dbd5fa412",
        "010000004b0360d834a330ec7833e30e1f523ee05a0793361e29a73421964f980000000027b64a020af294e903feed93768705336a20090612a043f47af462a2f5e5b564f8ee3a4b6ad8001dd3a43707",
    ],
    // Blocks 32256, 34271 and 34272.
    [
        "010000004b0360d834a330ec7833e30e1f523ee05a0793361e29a73421964f980000000027b64a020af294e903feed93768705336a20090612a043f47af462a2f5e5b564f8ee3a4b6ad8001dd3a43707",
        "01000000405b203f92ee8012fffad48424cd52827504c06ca717cb7cd7aa69bc00000000a02521744962eccce06cb7187d2451f0dee624a291da2bf9c12ce786d92fa673b2a94b4b6ad8001dc0a41815",
        "01000000ce53367108008b0ab65be7a308c48a042167aaea7b2a45397e04365e0000000040fbd504d61cb1a110826bca68c81d41736908dcbdb3f65154bfaf9c92cf50d9c5aa4b4b28c4001dfe665c05",
    ],
    // Blocks 864864, 866879 and 866880: versions with bits of their own, and a target of today.
    [
        "0000003a5f00e7df93f80524b5d0bca74ae81577d8e937ab4b9201000000000000000000e44b8cd6f5baf8ddaa1284a4a6235f5ade7015ec93e9f8c92206ff7e034fe0f4cf260667cd0e0317d37b1c47",
        "00001022983c89b4d75d30477e574cfcaf078ed0e6757e4ecfd400000000000000000000af29e2d462f963e3fa4748a12ea2cc29cc8429db77e15db3903566bb49e9cbc0e2e81767cd0e03176f0ce81f",
        "00c06d33abfd7611d95588541b36cf913627c5e05fc8d9ec7d7c00000000000000000000437f827366461f1e5e8253ca36ae6fb3c5bb8b023d9bfb68eafb3991d7bb3e394de9176728f102177a39728a",
    ],
];

fn header(digits: &str) -> Header {
    let bytes = hex::decode(digits).expect("hex digits");
    let header: Header = decode(&bytes).expect("eighty bytes are a header");
    assert_eq!(encode(&header), bytes);
    let target = header.bits.expand().expect("a target");
    assert!(target.is_met_by(&header.hash()), "{} proves nothing", header.hash());
    header
}

#[test]
fn c03_bitcoins_first_headers_follow_each_other_and_no_other_order_holds() {
    let mut chain = Chain::new(ChainParams::bitcoin());
    let headers = FIRST.map(header);
    assert_eq!(headers[0], chain.params().genesis().header);
    assert_eq!(chain.insert_header(START, headers[2]), Err(ChainError::UnknownParent(headers[1].hash())));
    for (number, header) in headers.iter().enumerate().skip(1) {
        for bit in 0..640 {
            let mut bytes = encode(header);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed: Header = decode(&bytes).expect("eighty bytes are a header");
            assert!(chain.insert_header(START, changed).is_err(), "block {number}, bit {bit}");
        }
        assert_eq!(chain.insert_header(START, *header), Ok(true), "block {number}");
    }
    let (height, work) = chain.position(&headers[6].hash()).expect("it was taken");
    // Six times 2^256 / (target + 1).
    assert_eq!((height, work.to_string()), (Height(6), (6 * 0x1_0001_0001_u64).to_string()));
}

#[test]
fn c09_bitcoins_targets_change_as_its_chain_has_them() {
    let params = ChainParams::bitcoin();
    for [first, last, next] in PERIODS.map(|period| period.map(header)) {
        assert_eq!(next.previous, last.hash());
        assert_eq!(first.bits, last.bits);
        let due = |start: BlockTime| Period::last(last.bits, start, last.time).bits(&params);
        assert_eq!(due(first.time), next.bits, "{}", next.hash());
        assert_ne!(next.bits, last.bits);
        // Measured over 2016 gaps, from the last block of the period before, it would be another.
        assert_ne!(due(BlockTime(first.time.0 - 600)), next.bits, "{}: off by one", next.hash());
        let period = Period::last(last.bits, first.time, last.time);
        assert_eq!(period.check_time(next.time), Ok(()), "no time was warped");
    }
    let work = |digits: &str| header(digits).bits.expand().map(Target::work);
    assert!(work(PERIODS[0][2]) > work(PERIODS[0][1]), "the first change was towards more work");
}
