//! cRLDistributionPoints (RFC 5280 §4.2.1.13; EN 319 412-2 GEN-4.3.11, C-32).

use der::{AnyRef, Decode as _};

use super::{RawExtension, read_addresses};
use crate::url::HttpUrl;
use crate::{encode, oid};

/// The extension, never critical, with one point and one full name.
pub fn crl_distribution_points(crl: &HttpUrl) -> RawExtension {
    let full_name = encode::context_constructed(0, &encode::context_primitive(6, crl.as_str().as_bytes()));
    let point = encode::sequence(&[&encode::context_constructed(0, &full_name)]);
    RawExtension::plain(oid::CRL_DISTRIBUTION_POINTS, encode::sequence(&[&point]))
}

/// The address in the value of an extension with one point and one address, as ours have.
pub(crate) fn read_distribution_point(value: &[u8]) -> Option<HttpUrl> {
    // A point with a full name only is written as an issuingDistributionPoint with one is.
    let points = AnyRef::from_der(value).ok()?;
    match &read_addresses(points.value()).ok()?[..] {
        [address] => Some(address.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_back() {
        let address: HttpUrl = "http://pki.example.com/crl/seal.3.crl".parse().unwrap();
        assert_eq!(read_distribution_point(&crl_distribution_points(&address).value), Some(address));
        assert_eq!(read_distribution_point(&[0x30, 0]), None);
    }
}
