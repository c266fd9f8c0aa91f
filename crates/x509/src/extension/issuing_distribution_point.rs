//! issuingDistributionPoint (RFC 5280 §5.2.5, C-96): for CRLs that are not the whole list.

use der::{AnyRef, Decode as _, Tag, TagNumber};

use super::RawExtension;
use crate::url::HttpUrl;
use crate::{encode, oid};

/// The extension, critical: a reader that ignores it would take a shard for the whole. Its scope is what it names:
/// certificates of any kind and for any reason, those alone whose cRLDistributionPoints has one of these addresses.
pub fn issuing_distribution_point(addresses: &[HttpUrl]) -> RawExtension {
    let names: Vec<u8> = addresses
        .iter()
        .flat_map(|address| encode::context_primitive(6, address.as_str().as_bytes()))
        .collect();
    let name = encode::context_constructed(0, &encode::context_constructed(0, &names));
    RawExtension::critical(oid::ISSUING_DISTRIBUTION_POINT, encode::sequence(&[&name]))
}

/// The addresses in an extension's value; an error where it says anything else, as none of ours does.
pub(crate) fn read_addresses(value: &[u8]) -> Result<Vec<HttpUrl>, der::Error> {
    let tagged = |number| Tag::ContextSpecific { number: TagNumber(number), constructed: true };
    let within = |any: AnyRef<'_>, tag: Tag| -> Result<Vec<u8>, der::Error> {
        any.header().tag().assert_eq(tag)?;
        Ok(any.value().to_vec())
    };
    let point = within(AnyRef::from_der(value)?, Tag::Sequence)?;
    let name = within(AnyRef::from_der(&point)?, tagged(0))?;
    let names = within(AnyRef::from_der(&name)?, tagged(0))?;
    let mut reader = der::SliceReader::new(&names)?;
    let mut addresses = Vec::new();
    while !der::Reader::is_finished(&reader) {
        let one = AnyRef::decode(&mut reader)?;
        let uri = Tag::ContextSpecific { number: TagNumber(6), constructed: false };
        one.header().tag().assert_eq(uri)?;
        let address = std::str::from_utf8(one.value()).ok().and_then(|text| text.parse().ok());
        addresses.push(address.ok_or_else(|| der::Error::from(uri.value_error()))?);
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_critical_and_says_its_addresses() {
        let addresses: Vec<HttpUrl> =
            ["http://pki.example.com/crl/seal.3.crl", "http://old.example.com/crl/seal.3.crl"]
                .map(|address| address.parse().unwrap())
                .into();
        let extension = issuing_distribution_point(&addresses);
        assert!(extension.critical);
        assert_eq!(read_addresses(&extension.value).unwrap(), addresses);
        // onlyContainsUserCerts behind it: no list of ours.
        assert!(read_addresses(&encode::sequence(&[&extension.value[2..], &[0x81, 1, 0xff]])).is_err());
    }
}
