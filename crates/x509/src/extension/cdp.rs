//! cRLDistributionPoints (RFC 5280 §4.2.1.13; EN 319 412-2 GEN-4.3.11, C-32).

use super::RawExtension;
use crate::url::HttpUrl;
use crate::{encode, oid};

/// The extension, never critical, with one point and one full name.
pub fn crl_distribution_points(crl: &HttpUrl) -> RawExtension {
    let full_name = encode::context_constructed(0, &encode::context_primitive(6, crl.as_str().as_bytes()));
    let point = encode::sequence(&[&encode::context_constructed(0, &full_name)]);
    RawExtension::plain(oid::CRL_DISTRIBUTION_POINTS, encode::sequence(&[&point]))
}
