//! id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1, CSS-6.6.3-01A): nobody need check the responder's own status.

use super::RawExtension;
use crate::{encode, oid};

/// The extension, never critical.
pub fn ocsp_nocheck() -> RawExtension {
    RawExtension::plain(oid::OCSP_NOCHECK, encode::null())
}
