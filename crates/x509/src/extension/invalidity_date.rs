//! invalidityDate of a CRL entry (RFC 5280 §5.3.2, C-90).

use ndoba_types::UtcTime;

use super::RawExtension;
use crate::oid;
use crate::time::generalized_time_der;

/// The extension, never critical: since when the key is suspected. Whole seconds.
pub fn invalidity_date(since: UtcTime) -> RawExtension {
    RawExtension::plain(oid::INVALIDITY_DATE, generalized_time_der(since))
}
