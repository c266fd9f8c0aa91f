//! issuingDistributionPoint (RFC 5280 §5.2.5, C-96): for CRLs that are not the whole list.

use super::RawExtension;
use crate::url::HttpUrl;
use crate::{encode, oid};

/// What part of the whole a CRL is.
#[derive(Clone, Copy, Debug)]
pub struct IssuingDistributionPoint<'a> {
    /// The address that the certificates in scope name in their cRLDistributionPoints.
    pub url: &'a HttpUrl,
    /// Only CA certificates (a CARL).
    pub only_ca: bool,
}

/// The extension, critical: a reader that ignores it would take a part for the whole.
pub fn issuing_distribution_point(point: &IssuingDistributionPoint<'_>) -> RawExtension {
    let full_name =
        encode::context_constructed(0, &encode::context_primitive(6, point.url.as_str().as_bytes()));
    let name = encode::context_constructed(0, &full_name);
    let only_ca = if point.only_ca { encode::context_primitive(2, &[0xff]) } else { Vec::new() };
    RawExtension::critical(oid::ISSUING_DISTRIBUTION_POINT, encode::sequence(&[&name, &only_ca]))
}
