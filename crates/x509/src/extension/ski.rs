//! subjectKeyIdentifier (RFC 5280 §4.2.1.2, C-05, C-06).

use super::RawExtension;
use crate::{KeyIdentifier, encode, oid};

/// The extension, never critical.
pub fn subject_key_identifier(key: &KeyIdentifier) -> RawExtension {
    RawExtension::plain(oid::SUBJECT_KEY_IDENTIFIER, encode::octet_string(key.as_bytes()))
}
