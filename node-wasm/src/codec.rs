//! Bytes of consensus, storage and the wire: borsh, read strictly.
//!
//! One value has one encoding. Reading refuses trailing bytes, and a length prefix alone never makes it allocate more
//! than a page of memory. Left out: limits on what a decoded value may contain, which belong to its own type.

use std::io::{Error, Read};

use borsh::{BorshDeserialize, BorshSerialize};

/// How many bytes are made room for before any is there.
const READ_BYTES: usize = 4096;

/// Bytes that are not the encoding of any value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed bytes: {0}")]
pub struct DecodeError(pub String);

/// The one encoding of `value`.
#[must_use]
pub fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    // Not `expect`: it would print an error that cannot be, and bring all names of errors of files into the page.
    let Ok(bytes) = borsh::to_vec(value) else {
        unreachable!("writing to memory does not fail, and no collection here exceeds 2^32")
    };
    bytes
}

/// The value that `bytes` encode, all of them.
///
/// # Errors
/// When the bytes are cut short, run on, or are not this type's encoding.
pub fn decode<T: BorshDeserialize>(bytes: &[u8]) -> Result<T, DecodeError> {
    borsh::from_slice(bytes).map_err(|error| DecodeError(error.to_string()))
}

/// Reads a field of bytes; every such field is read by it. The codec's own reader makes room for a whole megabyte
/// because a length prefix says so; this one for a page at first, and then for as much again as there was.
///
/// # Errors
/// When there are fewer bytes than the prefix says.
pub fn read_bytes<R: Read>(reader: &mut R) -> Result<Vec<u8>, Error> {
    let length = u32::deserialize_reader(reader)? as usize;
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let read = bytes.len();
        bytes.resize(length.min(read + read.max(READ_BYTES)), 0);
        reader.read_exact(&mut bytes[read..])?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    fn a_length_prefix_beyond_the_input_is_refused_without_its_allocation() {
        let claims_four_gigabytes = [0xff, 0xff, 0xff, 0xff, 1, 2, 3];
        assert!(decode::<Vec<u8>>(&claims_four_gigabytes).is_err());
        assert!(decode::<Vec<[u8; 80]>>(&claims_four_gigabytes).is_err());
    }

    #[test]
    fn every_byte_must_be_used() {
        let mut bytes = encode(&vec![1u8, 2, 3]);
        assert_eq!(decode::<Vec<u8>>(&bytes), Ok(vec![1, 2, 3]));
        bytes.push(0);
        assert!(decode::<Vec<u8>>(&bytes).is_err());
        assert!(decode::<Vec<u8>>(&bytes[..4]).is_err());
    }
}
