//! The Merkle tree of a block's transactions, as RFC 6962 section 2.1 defines it.
//!
//! Leaves and nodes are hashed under different prefixes and nothing is ever duplicated, so neither of Bitcoin's
//! flaws exists here: a list and the same list with its tail repeated have different roots (CVE-2012-2459), and
//! no inner node passes for a transaction.

use crate::crypto::{Digest, sha256};
use crate::primitives::MerkleRoot;

/// The root over the leaves' ids, in order. An empty list has the root of no bytes, as in the RFC.
#[must_use]
pub fn root(leaves: &[Digest]) -> MerkleRoot {
    MerkleRoot(subtree(leaves))
}

fn subtree(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => sha256(&[]),
        [leaf] => sha256(&[&[0x00], leaf]),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            sha256(&[&[0x01], &subtree(left), &subtree(right)])
        }
    }
}

/// The largest power of two smaller than `count`, which is at least 2.
const fn split(count: usize) -> usize {
    1 << (usize::BITS - 1 - (count - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    fn leaves(count: usize) -> Vec<Digest> {
        (0..count).map(|index| [u8::try_from(index).expect("small"); 32]).collect()
    }

    #[test]
    fn the_shape_is_that_of_rfc_6962() {
        let leaf = |byte: u8| sha256(&[&[0], &[byte; 32]]);
        let node = |left: Digest, right: Digest| sha256(&[&[1], &left, &right]);
        assert_eq!(root(&leaves(1)).0, leaf(0));
        assert_eq!(root(&leaves(2)).0, node(leaf(0), leaf(1)));
        assert_eq!(root(&leaves(3)).0, node(node(leaf(0), leaf(1)), leaf(2)));
        let five = node(node(node(leaf(0), leaf(1)), node(leaf(2), leaf(3))), leaf(4));
        assert_eq!(root(&leaves(5)).0, five);
    }

    #[test]
    fn a_repeated_tail_changes_the_root() {
        for count in 1..20 {
            let mut list = leaves(count);
            let original = root(&list);
            list.push(list[count - 1]);
            assert_ne!(root(&list), original, "{count} leaves");
        }
    }

    #[test]
    fn a_node_does_not_pass_for_a_leaf() {
        let list = leaves(4);
        let pairs = [subtree(&list[..2]), subtree(&list[2..])];
        assert_ne!(root(&pairs), root(&list));
    }
}
