//! The stored record of a block: a checksum, then the block's encoding.
//!
//! The checksum finds damage of the disk; the rules of the chain are checked when the block is loaded.

use crate::codec::{decode, encode};
use crate::crypto::sha256;
use crate::primitives::Block;

const CHECKSUM_BYTES: usize = 8;

/// What a record turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As it was written.
    Intact(Block),
    /// A block, but not the one that was written.
    Damaged(Block),
    /// No block at all.
    Unreadable,
}

/// The record of a block.
#[must_use]
pub fn write(block: &Block) -> Vec<u8> {
    let bytes = encode(block);
    [&checksum(&bytes)[..], &bytes].concat()
}

/// Reads a record, whatever the bytes are.
#[must_use]
pub fn read(record: &[u8]) -> Stored {
    let Some((stored, bytes)) = record.split_at_checked(CHECKSUM_BYTES) else { return Stored::Unreadable };
    match decode(bytes) {
        Ok(block) if checksum(bytes) == stored => Stored::Intact(block),
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
        }
        for length in 0..record.len() {
            assert_eq!(read(&record[..length]), Stored::Unreadable, "cut to {length}");
        }
    }
}
