//! Proofs about the tree (RFC 6962 §2.1.1 and §2.1.2; verified as in RFC 9162 §2.1.3.2 and §2.1.4.2).

use ndoba_types::Sha256Digest;

use crate::Frontier;
use crate::tree::node_hash;

/// The largest power of two below `size`, for `size` > 1.
fn split(size: usize) -> usize {
    1 << (usize::BITS - 1 - (size - 1).leading_zeros())
}

fn root(leaves: &[Sha256Digest]) -> Sha256Digest {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// The hashes that lead from the leaf at `index` to the root of the tree over `leaves`; `None` when there is no such
/// leaf.
pub fn inclusion_proof(leaves: &[Sha256Digest], index: usize) -> Option<Vec<Sha256Digest>> {
    if index >= leaves.len() {
        return None;
    }
    let (mut rest, mut index, mut proof) = (leaves, index, Vec::new());
    while rest.len() > 1 {
        let (left, right) = rest.split_at(split(rest.len()));
        if index < left.len() {
            proof.push(root(right));
            rest = left;
        } else {
            proof.push(root(left));
            index -= left.len();
            rest = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows that `leaf` (its hash) is at `index` of the tree of `size` leaves with that `root`.
pub fn verify_inclusion(
    leaf: Sha256Digest,
    index: u64,
    size: u64,
    proof: &[Sha256Digest],
    root: Sha256Digest,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// The hashes that show that the tree over `leaves` extends the tree over its first `old`; `None` when `old` is zero
/// or more than there are.
pub fn consistency_proof(leaves: &[Sha256Digest], old: usize) -> Option<Vec<Sha256Digest>> {
    if old == 0 || old > leaves.len() {
        return None;
    }
    let (mut rest, mut old, mut proof) = (leaves, old, Vec::new());
    // Whether the old tree is exactly the subtree at hand, whose root the verifier then has already.
    let mut whole = true;
    while old < rest.len() {
        let (left, right) = rest.split_at(split(rest.len()));
        if old <= left.len() {
            proof.push(root(right));
            rest = left;
        } else {
            proof.push(root(left));
            old -= left.len();
            rest = right;
            whole = false;
        }
    }
    if !whole {
        proof.push(root(rest));
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows that the tree of `new_size` leaves with `new_root` extends that of `old_size` with
/// `old_root`. The empty tree is extended by none here: there is nothing to prove.
pub fn verify_consistency(
    old_size: u64,
    old_root: Sha256Digest,
    new_size: u64,
    new_root: Sha256Digest,
    proof: &[Sha256Digest],
) -> bool {
    if old_size == 0 || old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    // A power of two is a perfect subtree, whose root is the old root itself.
    let mut hashes = old_size.is_power_of_two().then_some(&old_root).into_iter().chain(proof);
    let Some(first) = hashes.next() else { return false };
    let (mut old_hash, mut new_hash) = (*first, *first);
    let (mut place, mut last) = (old_size - 1, new_size - 1);
    let shift = place.trailing_ones();
    place >>= shift;
    last >>= shift;
    for sibling in hashes {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == old_root && new_hash == new_root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::leaf_hash;

    fn leaves(count: usize) -> Vec<Sha256Digest> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn every_proof_of_small_trees_holds_and_none_of_its_neighbours() {
        for size in 1..=33usize {
            let leaves = leaves(size);
            let whole = root(&leaves);
            for index in 0..size {
                let proof = inclusion_proof(&leaves, index).unwrap();
                let holds = |index: usize, leaf, proof: &[Sha256Digest]| {
                    verify_inclusion(leaf, index as u64, size as u64, proof, whole)
                };
                assert!(holds(index, leaves[index], &proof), "{index} of {size}");
                assert!(!holds(index, leaf_hash(b"other"), &proof));
                assert!(!holds(index + 1, leaves[index], &proof));
                assert!(proof.is_empty() || !holds(index, leaves[index], &proof[1..]));
            }
            for old in 1..=size {
                let proof = consistency_proof(&leaves, old).unwrap();
                let old_root = root(&leaves[..old]);
                let holds = |old_root, new_root, proof: &[Sha256Digest]| {
                    verify_consistency(old as u64, old_root, size as u64, new_root, proof)
                };
                assert!(holds(old_root, whole, &proof), "{old} of {size}");
                assert!(!holds(leaf_hash(b"other"), whole, &proof));
                assert!(!holds(old_root, leaf_hash(b"other"), &proof));
                assert!(proof.is_empty() || !holds(old_root, whole, &proof[1..]));
            }
        }
        assert_eq!(inclusion_proof(&leaves(3), 3), None);
        assert_eq!(consistency_proof(&leaves(3), 4), None);
        assert_eq!(consistency_proof(&leaves(3), 0), None);
    }

    proptest! {
        #[test]
        fn no_proof_panics(
            numbers in any::<[u64; 3]>(),
            hashes in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
        ) {
            let hashes: Vec<_> = hashes.into_iter().map(Sha256Digest::from_bytes).collect();
            let any = Sha256Digest::of(b"");
            prop_assert!(!verify_inclusion(any, numbers[0], numbers[1], &hashes, any));
            prop_assert!(
                numbers[0] == numbers[1] || !verify_consistency(numbers[0], any, numbers[1], leaf_hash(b""), &hashes)
            );
        }
    }
}
