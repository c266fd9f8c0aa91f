//! noRevAvail (RFC 9608, C-112): no revocation information will ever be published.

use super::RawExtension;
use crate::{encode, oid};

/// The extension. Not critical: an encoder that makes it so breaks every verifier (requirements §8.3).
pub fn no_rev_avail() -> RawExtension {
    RawExtension::plain(oid::NO_REV_AVAIL, encode::null())
}
