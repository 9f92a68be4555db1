//! Newtypes for quantities: a number that means something has a type of its own.
//!
//! Arithmetic that can leave the range returns `Option`; nothing here wraps or saturates silently. Left out:
//! targets and work, which are 256 bits wide and live in [`crate::primitives::target`].

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};

/// A number of tabs, the indivisible coin of a room.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Amount(pub u64);

impl Amount {
    /// No tabs.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` past `u64::MAX`.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, or `None` below zero.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing was given.
    #[error("an amount is needed")]
    Empty,
    /// A sign, a point, a letter: anything but digits.
    #[error("an amount is a whole number of tabs, written with digits only")]
    NotDigits,
    /// More than 64 bits hold.
    #[error("an amount is at most {}", u64::MAX)]
    TooLarge,
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads decimal digits and nothing else: no sign, no separator, no surrounding space.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AmountError::NotDigits);
        }
        text.parse().map(Self).map_err(|_| AmountError::TooLarge)
    }
}

/// The distance of a block from its genesis, which has height 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Height(pub u32);

impl Height {
    /// The height of the genesis block.
    pub const GENESIS: Self = Self(0);

    /// The height of a child, or `None` past the last height that a chain can have.
    #[must_use]
    pub const fn child(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(height) => Some(Self(height)),
            None => None,
        }
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The time that a header claims: Unix seconds, as in Bitcoin's headers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct BlockTime(pub u32);

impl BlockTime {
    /// Seconds from `earlier` to `self`; negative when `self` is before it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 as i64 - earlier.0 as i64
    }
}

impl fmt::Display for BlockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The host's clock: Unix milliseconds. The core only ever receives it as an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This moment in the unit of headers, held to the range that a header can express.
    #[must_use]
    pub fn block_time(self) -> BlockTime {
        BlockTime(u32::try_from(self.0 / 1000).unwrap_or(u32::MAX))
    }

    /// This moment plus a duration.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to `self`, or 0 when the clock went backwards.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A room's name: what people type and share. Rooms of other names are other chains.
///
/// One to [`RoomName::LENGTH_MAX`] of `a-z`, `0-9` and `-`, so that a name is the same in a link, on a board
/// and in a database key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct RoomName(String);

/// A text that is not a room's name; of a long one the start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a room's name is 1 to 40 of a-z, 0-9 and -, got {0:?}")]
pub struct RoomNameError(pub String);

impl RoomName {
    /// Long enough for a sentence with dashes, short enough for a button. In bytes.
    pub const LENGTH_MAX: usize = 40;
    /// The room of a link that names none.
    pub const DEFAULT: &'static str = "lobby";

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RoomName {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RoomName {
    type Err = RoomNameError;

    fn from_str(text: &str) -> Result<Self, RoomNameError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > Self::LENGTH_MAX || !text.bytes().all(allowed) {
            let mut start: String = text.chars().take(Self::LENGTH_MAX).collect();
            if start.len() < text.len() {
                start.push('…');
            }
            return Err(RoomNameError(start));
        }
        Ok(Self(text.to_owned()))
    }
}

impl BorshDeserialize for RoomName {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let length = u32::deserialize_reader(reader)? as usize;
        let mut bytes = [0; Self::LENGTH_MAX];
        // Too long a name is no name: what it would take is not even read.
        let text = bytes.get_mut(..length).unwrap_or_default();
        reader.read_exact(text)?;
        let text = std::str::from_utf8(text).unwrap_or_default();
        text.parse()
            .map_err(|error: RoomNameError| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn amounts_are_read_strictly() {
        let check = |text: &str, expect: Result<u64, AmountError>| {
            assert_eq!(text.parse::<Amount>().map(|amount| amount.0), expect, "{text:?}");
        };
        check("0", Ok(0));
        check("0042", Ok(42));
        check("18446744073709551615", Ok(u64::MAX));
        check("18446744073709551616", Err(AmountError::TooLarge));
        check("", Err(AmountError::Empty));
        for text in ["-1", "+1", "1.5", "1e3", " 1", "1 ", "0x10", "½"] {
            check(text, Err(AmountError::NotDigits));
        }
    }

    #[test]
    fn amounts_never_wrap() {
        assert_eq!(Amount(u64::MAX).checked_add(Amount(1)), None);
        assert_eq!(Amount(1).checked_sub(Amount(2)), None);
        assert_eq!(Amount(1).checked_add(Amount(2)), Some(Amount(3)));
    }

    #[test]
    fn room_names_are_held_to_their_alphabet_and_length() {
        let longest = "a".repeat(RoomName::LENGTH_MAX);
        for good in ["lobby", "class-7b", "0", longest.as_str()] {
            assert_eq!(good.parse::<RoomName>().map(|name| name.to_string()), Ok(good.to_owned()));
        }
        let too_long = "a".repeat(RoomName::LENGTH_MAX + 1);
        for bad in ["", "Lobby", "a b", "a/b", "ä", too_long.as_str()] {
            assert!(bad.parse::<RoomName>().is_err(), "{bad:?}");
            let encoded = borsh::to_vec(bad).expect("a string encodes");
            assert!(borsh::from_slice::<RoomName>(&encoded).is_err(), "{bad:?} decodes");
        }
    }
}
