//! The Merkle tree of a block's transactions, as RFC 6962 section 2.1 defines it.
//!
//! Leaves and nodes are hashed under different prefixes and nothing is ever duplicated, so neither of Bitcoin's
//! flaws exists here: a list and the same list with its tail repeated have different roots (CVE-2012-2459), and
//! no inner node passes for a transaction.
//!
//! An audit path says of each step on which side the other subtree is, instead of the leaf's place and the number
//! of leaves as the RFC does: the root commits to the sides and not to the number, so nothing in a path can be
//! changed and still hold.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::crypto::{Digest, sha256};
use crate::primitives::MerkleRoot;

/// The root of the subtree beside the way from a leaf to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Sibling {
    /// It comes before the leaf.
    Left(Digest),
    /// It comes after the leaf.
    Right(Digest),
}

/// The root over the leaves' ids, in order. An empty list has the root of no bytes, as in the RFC.
#[must_use]
pub fn root(leaves: &[Digest]) -> MerkleRoot {
    MerkleRoot(subtree(leaves))
}

/// What leads from the leaf at `index` to the root, the deepest first: the RFC's `PATH(index, leaves)`. `None` when
/// there is no such leaf.
#[must_use]
pub fn path(leaves: &[Digest], index: usize) -> Option<Vec<Sibling>> {
    leaves.get(index)?;
    let (mut rest, mut index, mut path) = (leaves, index, Vec::new());
    while rest.len() > 1 {
        let middle = split(rest.len());
        let (left, right) = rest.split_at(middle);
        if index < middle {
            path.push(Sibling::Right(subtree(right)));
            rest = left;
        } else {
            path.push(Sibling::Left(subtree(left)));
            (rest, index) = (right, index - middle);
        }
    }
    path.reverse();
    Some(path)
}

/// The root that `path` leads to from the leaf with this id.
#[must_use]
pub fn root_by(id: &Digest, path: &[Sibling]) -> MerkleRoot {
    MerkleRoot(path.iter().fold(leaf(id), |below, sibling| match sibling {
        Sibling::Left(left) => node(left, &below),
        Sibling::Right(right) => node(&below, right),
    }))
}

fn subtree(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => sha256(&[]),
        [id] => leaf(id),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&subtree(left), &subtree(right))
        }
    }
}

fn leaf(id: &Digest) -> Digest {
    sha256(&[&[0x00], id])
}

fn node(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[0x01], left, right])
}

/// The largest power of two smaller than `count`, which is at least 2.
const fn split(count: usize) -> usize {
    1 << (usize::BITS - 1 - (count - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::Sibling::{Left, Right};
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
    fn paths_are_those_of_rfc_6962() {
        // The RFC's example of seven leaves, section 2.1.3, in its letters.
        let list = leaves(7);
        let [a, b, c, d, f, j] = [0, 1, 2, 3, 5, 6].map(|index| subtree(&list[index..=index]));
        let [g, h, i, k, l] = [0..2, 2..4, 4..6, 0..4, 4..7].map(|range| subtree(&list[range]));
        let check = |index, expect: &[Sibling]| assert_eq!(path(&list, index).as_deref(), Some(expect));
        check(0, &[Right(b), Right(h), Right(l)]);
        check(3, &[Left(c), Left(g), Right(l)]);
        check(4, &[Right(f), Right(j), Left(k)]);
        check(6, &[Left(i), Left(k)]);
        check(1, &[Left(a), Right(h), Right(l)]);
        check(2, &[Right(d), Left(g), Right(l)]);
    }

    #[test]
    fn every_leaf_leads_to_the_root_and_no_other_does() {
        for count in 0..34 {
            let list = leaves(count);
            for index in 0..count {
                let path = path(&list, index).expect("a leaf");
                assert_eq!(root_by(&list[index], &path), root(&list), "{index} of {count}");
                for other in (0..count).filter(|other| *other != index) {
                    assert_ne!(root_by(&list[other], &path), root(&list), "{other} for {index} of {count}");
                }
            }
            assert_eq!(path(&list, count), None);
        }
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
        // Nor do a node, a leaf's hash or the root itself with what is left of a path.
        for index in 0..4 {
            let path = path(&list, index).expect("a leaf");
            let mut below = leaf(&list[index]);
            for (step, sibling) in path.iter().enumerate() {
                assert_ne!(root_by(&below, &path[step..]), root(&list), "leaf {index}, step {step}");
                below = root_by(&list[index], &path[..=step]).0;
                let (Left(side) | Right(side)) = sibling;
                assert_ne!(root_by(side, &path[step + 1..]), root(&list), "beside {index}, step {step}");
            }
            assert_ne!(root_by(&below, &[]), root(&list));
        }
    }
}
