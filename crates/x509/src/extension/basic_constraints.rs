//! basicConstraints (RFC 5280 §4.2.1.9, C-05). Leaves have none.

use super::RawExtension;
use crate::{encode, oid};

/// The extension of a CA, critical.
///
/// - `path_len` – how many CAs may follow beneath; absent for no limit (the root), 0 for an issuing CA.
pub fn basic_constraints_ca(path_len: Option<u8>) -> RawExtension {
    let path_len = path_len.map(|n| encode::integer(u64::from(n))).unwrap_or_default();
    RawExtension::critical(oid::BASIC_CONSTRAINTS, encode::sequence(&[&encode::boolean_true(), &path_len]))
}
