//! subjectAltName (RFC 5280 §4.2.1.6, C-28): an e-mail address, the name in the second script.

use super::RawExtension;
use crate::{encode, oid};

/// The extension from DER GeneralNames, never critical since no subject here is empty; none for no names.
pub fn subject_alt_name(names: &[Vec<u8>]) -> Option<RawExtension> {
    if names.is_empty() {
        return None;
    }
    Some(RawExtension::plain(oid::SUBJECT_ALT_NAME, encode::sequence_of(names)))
}
