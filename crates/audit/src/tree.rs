//! The Merkle tree of RFC 6962 §2.1: hashes of leaves and nodes, and the compact form in which it grows.

use ndoba_types::Sha256Digest;
use sha2::{Digest as _, Sha256};

/// The hash of a leaf: SHA-256 over 0x00 and the leaf.
pub fn leaf_hash(leaf: &[u8]) -> Sha256Digest {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(leaf);
    Sha256Digest::from_bytes(hash.finalize().into())
}

/// The hash of a node: SHA-256 over 0x01 and its two children. The prefix keeps a node from passing for a leaf.
pub(crate) fn node_hash(left: &Sha256Digest, right: &Sha256Digest) -> Sha256Digest {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    Sha256Digest::from_bytes(hash.finalize().into())
}

/// A tree reduced to the roots of its perfect subtrees, largest first: one per set bit of its size. Appending and
/// taking the root need no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Sha256Digest>,
}

impl Frontier {
    /// The empty tree.
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// A frontier as it was saved; `None` when the number of peaks does not fit the size.
    pub fn from_parts(size: u64, peaks: Vec<Sha256Digest>) -> Option<Self> {
        (u32::try_from(peaks.len()) == Ok(size.count_ones())).then_some(Self { size, peaks })
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its perfect subtrees, largest first.
    pub fn peaks(&self) -> &[Sha256Digest] {
        &self.peaks
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Sha256Digest) {
        let mut node = leaf;
        // As many subtrees merge as there are trailing ones: the carry of adding one to the size.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root hash; of the empty tree, the hash of nothing.
    pub fn root(&self) -> Sha256Digest {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Sha256Digest::of(b""),
            Some(smallest) => peaks.fold(*smallest, |right, left| node_hash(left, &right)),
        }
    }
}
