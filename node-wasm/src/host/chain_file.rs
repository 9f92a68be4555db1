//! The chain as a file: what export writes and import reads.
//!
//! Magic, version, the genesis hash, then every block after genesis in the order of the chain. Reading checks the
//! form and the room; the rules are checked when the blocks are imported.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec::{DecodeError, decode, encode};
use crate::primitives::{Block, BlockHash};

const MAGIC: [u8; 8] = *b"tabchain";
const VERSION: u16 = 1;

/// The largest file that is read, in bytes: a chain above it does not fit a tab's memory anyway.
pub const FILE_BYTES_MAX: usize = 1 << 28;

#[derive(BorshSerialize, BorshDeserialize)]
struct Head {
    magic: [u8; 8],
    version: u16,
    genesis: BlockHash,
}

const HEAD_BYTES: usize = 8 + 2 + 32;

/// Why bytes are not a chain file of this room.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFileError {
    /// Another kind of file.
    #[error("this is not a chain file")]
    NotAChainFile,
    /// A later version of the format.
    #[error("the chain file has version {0}, this page reads version {VERSION}")]
    Version(u16),
    /// Another room's chain.
    #[error("this file is from another room")]
    OtherRoom,
    /// Above [`FILE_BYTES_MAX`].
    #[error("the file is {0} bytes, at most {FILE_BYTES_MAX} are read")]
    TooLarge(usize),
    /// Cut short, or changed.
    #[error("the chain file is damaged: {0}")]
    Damaged(#[from] DecodeError),
}

/// The file of a chain, genesis left out.
#[must_use]
pub fn write(genesis: BlockHash, blocks: &[impl AsRef<Block>]) -> Vec<u8> {
    let mut file = encode(&Head { magic: MAGIC, version: VERSION, genesis });
    let count = u32::try_from(blocks.len()).expect("a chain has at most 2^32 blocks");
    file.extend_from_slice(&encode(&count));
    for block in blocks {
        file.extend_from_slice(&encode(block.as_ref()));
    }
    file
}

/// The blocks of a file of the room of `genesis`.
///
/// # Errors
/// When the file is none, of another room, or damaged.
pub fn read(file: &[u8], genesis: BlockHash) -> Result<Vec<Block>, ChainFileError> {
    if file.len() > FILE_BYTES_MAX {
        return Err(ChainFileError::TooLarge(file.len()));
    }
    let (head, blocks) = file.split_at_checked(HEAD_BYTES).ok_or(ChainFileError::NotAChainFile)?;
    let head: Head = decode(head)?;
    if head.magic != MAGIC {
        return Err(ChainFileError::NotAChainFile);
    }
    if head.version != VERSION {
        return Err(ChainFileError::Version(head.version));
    }
    if head.genesis != genesis {
        return Err(ChainFileError::OtherRoom);
    }
    Ok(decode(blocks)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::consensus::ChainParams;
    use crate::test;
    use crate::units::RoomName;

    #[test]
    fn what_was_written_is_read_and_anything_else_is_named() {
        let block = ChainParams::room(RoomName::default()).genesis();
        let genesis = block.hash();
        let file = write(genesis, &[Arc::new(block.clone()), Arc::new(block.clone())]);
        assert_eq!(read(&file, genesis), Ok(vec![block.clone(), block]));
        assert_eq!(read(b"GIF89a", genesis), Err(ChainFileError::NotAChainFile));
        assert_eq!(read(&[0; 100], genesis), Err(ChainFileError::NotAChainFile));
        assert!(matches!(read(&file[..file.len() - 1], genesis), Err(ChainFileError::Damaged(_))));
        assert_eq!(read(&file, BlockHash([9; 32])), Err(ChainFileError::OtherRoom));
        let mut newer = file;
        newer[8] = 2;
        assert_eq!(read(&newer, genesis), Err(ChainFileError::Version(2)));
    }
}
