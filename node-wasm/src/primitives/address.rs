//! Addresses: who is paid.
//!
//! An address is the first 20 bytes of the hash of an Ed25519 public key. It is written as bech32m (BIP 350) with
//! the prefix `tab`, so that a mistyped address is refused instead of paid.

use std::fmt;
use std::str::FromStr;

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};
use borsh::{BorshDeserialize, BorshSerialize};

use crate::crypto::{PublicKey, sha256};

/// The owner of a balance.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Address(pub [u8; 20]);

/// A text that is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was given.
    #[error("an address is needed")]
    Empty,
    /// Another network's address, or no address at all.
    #[error("an address starts with \"tab1\"")]
    Prefix,
    /// The checksum or a character does not fit: mistyped.
    #[error("the address is mistyped: its checksum does not match")]
    Checksum,
    /// Well written, but not 20 bytes.
    #[error("an address holds 20 bytes, this one holds {0}")]
    Length(usize),
}

const PREFIX: Hrp = Hrp::parse_unchecked("tab");

impl Address {
    /// The address that belongs to a public key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let digest = sha256(&[b"tabchain/address/1", &key.0]);
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&digest[..20]);
        Self(bytes)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = bech32::encode::<Bech32m>(PREFIX, &self.0).expect("20 bytes fit a bech32m string");
        f.write_str(&text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if !text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("tab1")) {
            return Err(AddressError::Prefix);
        }
        let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(|_| AddressError::Checksum)?;
        let bytes: Vec<u8> = checked.byte_iter().collect();
        let length = bytes.len();
        let address = Self(bytes.try_into().map_err(|_| AddressError::Length(length))?);
        // One address has one spelling (in lower or upper case): padding bits are part of the checksum only.
        if !address.to_string().eq_ignore_ascii_case(text) {
            return Err(AddressError::Checksum);
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn addresses_survive_writing_and_reading() {
        for byte in 0..=255 {
            let address = Address([byte; 20]);
            assert_eq!(address.to_string().parse(), Ok(address));
            assert_eq!(address.to_string().to_uppercase().parse(), Ok(address));
        }
    }

    #[test]
    fn every_single_typing_error_is_refused() {
        let text = Address([9; 20]).to_string();
        for at in 0..text.len() {
            for other in "qpzry9x8gf2tvdw0s3jn54khce6mua7l1bio".chars() {
                let mut typed: Vec<char> = text.chars().collect();
                if typed[at] == other {
                    continue;
                }
                typed[at] = other;
                let typed: String = typed.into_iter().collect();
                assert!(typed.parse::<Address>().is_err(), "{typed} for {text}");
            }
        }
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        let check =
            |text: &str, expect: AddressError| assert_eq!(text.parse::<Address>(), Err(expect), "{text:?}");
        check("", AddressError::Empty);
        check("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", AddressError::Prefix);
        check("täb1", AddressError::Prefix);
        check("tab1qqqq", AddressError::Checksum);
        let short = bech32::encode::<Bech32m>(PREFIX, &[1; 19]).expect("encodes");
        check(&short, AddressError::Length(19));
    }
}
