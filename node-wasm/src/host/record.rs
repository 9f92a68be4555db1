//! A stored record: a checksum, then what it is of. Every record that a host keeps has this form.
//!
//! The checksum finds damage of the disk; the rules of the chain are checked when a block is loaded.

use crate::codec::{decode, encode};
use crate::crypto::sha256;
use crate::primitives::Block;

const CHECKSUM_BYTES: usize = 8;

/// What a block's record turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As it was written.
    Intact(Block),
    /// A block, but not the one that was written.
    Damaged(Block),
    /// No block at all.
    Unreadable,
}

/// The record of some bytes.
#[must_use]
pub fn seal(bytes: &[u8]) -> Vec<u8> {
    [&checksum(bytes)[..], bytes].concat()
}

/// The bytes of a record, or `None` where they are not those that were sealed.
#[must_use]
pub fn open(record: &[u8]) -> Option<&[u8]> {
    let (stored, bytes) = record.split_at_checked(CHECKSUM_BYTES)?;
    (checksum(bytes) == stored).then_some(bytes)
}

/// The record of a block.
#[must_use]
pub fn write(block: &Block) -> Vec<u8> {
    seal(&encode(block))
}

/// Reads a block's record, whatever the bytes are.
#[must_use]
pub fn read(record: &[u8]) -> Stored {
    let Some(bytes) = record.get(CHECKSUM_BYTES..) else { return Stored::Unreadable };
    match decode(bytes) {
        Ok(block) if open(record).is_some() => Stored::Intact(block),
        Ok(block) => Stored::Damaged(block),
        Err(_) => Stored::Unreadable,
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&sha256(&[bytes])[..CHECKSUM_BYTES]);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::ChainParams;
    use crate::test;
    use crate::units::RoomName;

    #[test]
    fn no_bit_of_a_record_changes_unnoticed() {
        let block = ChainParams::room(RoomName::default()).genesis();
        let record = write(&block);
        assert_eq!(read(&record), Stored::Intact(block.clone()));
        for bit in 0..record.len() * 8 {
            let mut flipped = record.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(read(&flipped), Stored::Intact(_)), "bit {bit}");
            assert_eq!(open(&flipped), None, "bit {bit}");
        }
        for length in 0..record.len() {
            assert_eq!(read(&record[..length]), Stored::Unreadable, "cut to {length}");
            assert_eq!(open(&record[..length]), None, "cut to {length}");
        }
    }
}
