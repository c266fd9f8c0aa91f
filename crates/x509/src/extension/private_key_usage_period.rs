//! privateKeyUsagePeriod (X.509 §9.2.2.5; EN 319 421, requirements §0.9): a TSU's key ends before its certificate.

use ndoba_types::UtcTime;

use super::RawExtension;
use crate::{encode, oid, time};

/// The extension, never critical: from `not_before` to `not_after`, both in whole seconds and inclusive.
pub fn private_key_usage_period(not_before: UtcTime, not_after: UtcTime) -> RawExtension {
    RawExtension::plain(
        oid::PRIVATE_KEY_USAGE_PERIOD,
        encode::sequence(&[
            &encode::context_primitive(0, time::digits(not_before).as_bytes()),
            &encode::context_primitive(1, time::digits(not_after).as_bytes()),
        ]),
    )
}
