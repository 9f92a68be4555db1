//! The smoke run: a few seconds of every target, on bytes by chance and on bytes that are almost right.

use proptest::prelude::*;

use super::*;
use crate::test;
use crate::wire::{Message, MessageError};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn c24_no_bytes_panic_a_decoder(seed: u64, bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        for target in targets().iter().filter(|target| target.bounded) {
            (target.run)(&bytes);
            let mut mutator = Mutator::new(seed);
            for _ in 0..16 {
                (target.run)(mutator.next_input(&target.seeds));
            }
        }
    }

    #[test]
    fn c24_no_bytes_panic_the_node(seed: u64, bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        node(&bytes);
        node(Mutator::new(seed).next_input(&script::seeds()));
    }
}

/// Balances that are not those of the blocks, in a snapshot of the right headers: the node refuses no block for them.
#[test]
fn a_start_from_false_balances_ends_with_those_of_the_blocks() {
    for start in fixture().starts() {
        for place in 1..=8 {
            let mut start = start.clone();
            let at = start.len() - 8 * place;
            start[at] ^= 1 << (place % 8);
            cold_start(&start);
        }
    }
}

#[test]
fn every_seed_passes_and_every_kind_of_message_has_one() {
    for target in targets() {
        assert!(!target.seeds.is_empty(), "{}", target.name);
        target.seeds.iter().for_each(|seed| (target.run)(seed));
    }
    for kind in 0..=u8::MAX {
        let known = Message::decode(&[kind]) != Err(MessageError::UnknownKind(kind));
        assert_eq!(known, fixture().kinds().contains(&kind), "kind {kind}");
    }
    for bytes in &fixture().messages {
        assert!(Message::decode(bytes).is_ok());
    }
}

#[test]
fn scripts_get_far() {
    // A script that only knocked would find nothing: the seeds' node follows its peer's chain, and mines.
    let heights = script::seeds().iter().map(|seed| script::played(seed)).collect::<Vec<_>>();
    assert!(heights.iter().all(|height| *height >= 3), "{heights:?}");
}
