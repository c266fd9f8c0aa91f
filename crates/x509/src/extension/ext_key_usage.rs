//! extKeyUsage (RFC 5280 §4.2.1.12), one purpose at a time.

use super::RawExtension;
use crate::{encode, oid};

/// A TSU's: timeStamping alone, and critical, as RFC 3161 §2.3 asks against EN 319 412-2 GEN-4.3.10-1 (C-31).
pub fn time_stamping() -> RawExtension {
    RawExtension::critical(oid::EXT_KEY_USAGE, encode::sequence(&[&encode::oid(&oid::KP_TIME_STAMPING)]))
}

/// A delegated responder's: OCSPSigning alone (RFC 6960 §4.2.2.2).
pub fn ocsp_signing() -> RawExtension {
    RawExtension::plain(oid::EXT_KEY_USAGE, encode::sequence(&[&encode::oid(&oid::KP_OCSP_SIGNING)]))
}
