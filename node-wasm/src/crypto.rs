//! Hashes, keys and signatures over the chosen crates.
//!
//! Signatures are Ed25519, checked by `verify_strict` only: other accept rules differ between implementations,
//! and plain `verify` takes forgeries under small-order keys. A secret is wiped when dropped and never printed.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

/// A 256-bit digest.
pub type Digest = [u8; 32];

/// SHA-256 of the parts, one after another.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// SHA-256 of the SHA-256: Bitcoin's proof-of-work hash.
#[must_use]
pub fn sha256d(bytes: &[u8]) -> Digest {
    Sha256::digest(Sha256::digest(bytes)).into()
}

/// An Ed25519 public key as it travels; whether it is a point is found out when it verifies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.0))
    }
}

/// An Ed25519 signature as it travels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({}…)", hex::encode(&self.0[..8]))
    }
}

impl PublicKey {
    /// Whether `signature` is this key's over `message`, by Ed25519's strict rule: canonical encodings, no
    /// small-order points.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

/// A secret signing key. It has no `Display`, and its `Debug` shows the public half only.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key made of 32 secret bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(bytes))
    }

    /// The key for one `purpose` derived from a secret `seed`, so that one backup restores all of them.
    #[must_use]
    pub fn derive(seed: &[u8], purpose: &str) -> Self {
        let mut wide = Zeroizing::new([0u8; 64]);
        let digest = Sha512::new().chain_update(b"tabchain/key/1/").chain_update(purpose).chain_update([0]);
        wide.copy_from_slice(&digest.chain_update(seed).finalize());
        let mut bytes = Zeroizing::new([0u8; 32]);
        bytes.copy_from_slice(&wide[..32]);
        Self::from_bytes(&bytes)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// This key's signature over `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {:?})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn sha256_agrees_with_fips_180() {
        // FIPS 180-4, example "abc".
        let expect = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(sha256(&[b"a", b"bc"])), expect);
    }

    #[test]
    fn signatures_hold_for_their_key_and_message_only() {
        let key = SecretKey::derive(b"seed", "test");
        let signature = key.sign(b"message");
        assert!(key.public().verifies(b"message", &signature));
        assert!(!key.public().verifies(b"massage", &signature));
        assert!(!SecretKey::derive(b"seed", "other").public().verifies(b"message", &signature));
        for bit in 0..512 {
            let mut broken = signature;
            broken.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.public().verifies(b"message", &broken), "bit {bit}");
        }
    }

    #[test]
    fn a_small_order_key_signs_nothing() {
        // The identity point: plain `verify` accepts the zero signature under it for every message.
        let mut identity = [0u8; 32];
        identity[0] = 1;
        let mut signature = [0u8; 64];
        signature[0] = 1;
        assert!(!PublicKey(identity).verifies(b"anything", &Signature(signature)));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let key = SecretKey::from_bytes(&[7; 32]);
        assert!(!format!("{key:?}").contains("0707"));
    }
}
