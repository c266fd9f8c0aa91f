//! ext-etsi-valassured-ST-certs (EN 319 412-1 §5.2, C-111): ends before a revocation could be processed.

use super::RawExtension;
use crate::{encode, oid};

/// The extension, never critical; only in short-term certificates that are not revoked.
pub fn validity_assured_short_term() -> RawExtension {
    RawExtension::plain(oid::VALIDITY_ASSURED_SHORT_TERM, encode::null())
}
