//! authorityInfoAccess (RFC 5280 §4.2.2.1; EN 319 412-2 GEN-4.4.1, C-32).

use super::RawExtension;
use crate::url::HttpUrl;
use crate::{encode, oid};

/// Where to find the issuer's certificate and, if there is one, its responder.
#[derive(Clone, Copy, Debug)]
pub struct AccessLocations<'a> {
    /// id-ad-caIssuers.
    pub ca_issuers: &'a HttpUrl,
    /// id-ad-ocsp; absent in a responder's own certificate (CSS-6.6.3-01B).
    pub ocsp: Option<&'a HttpUrl>,
}

/// The extension, never critical.
pub fn authority_info_access(locations: &AccessLocations<'_>) -> RawExtension {
    let description = |method, url: &HttpUrl| {
        encode::sequence(&[&encode::oid(&method), &encode::context_primitive(6, url.as_str().as_bytes())])
    };
    let mut descriptions = Vec::with_capacity(2);
    if let Some(ocsp) = locations.ocsp {
        descriptions.push(description(oid::AD_OCSP, ocsp));
    }
    descriptions.push(description(oid::AD_CA_ISSUERS, locations.ca_issuers));
    RawExtension::plain(oid::AUTHORITY_INFO_ACCESS, encode::sequence_of(&descriptions))
}
