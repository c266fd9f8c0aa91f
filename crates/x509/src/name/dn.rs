//! Distinguished names as DER.

use std::fmt;

use der::asn1::ObjectIdentifier;
use der::{AnyRef, Decode, Reader, SliceReader, Tag};
use ndoba_types::Sha256Digest;

use crate::{encode, oid};

/// A DER Name, its bytes kept as they came: issuer and subject are compared byte for byte (C-04).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DistinguishedName(Vec<u8>);

impl DistinguishedName {
    /// Takes the DER of a Name.
    ///
    /// # Errors
    ///
    /// [`BadName`] when it is not a SEQUENCE of SETs of attributes.
    pub fn from_der(der: &[u8]) -> Result<Self, BadName> {
        parse(der)?;
        Ok(Self(der.to_vec()))
    }

    /// The DER.
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// Whether it has no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.0 == [0x30, 0]
    }

    /// The attributes in order: type, and value as text (hexadecimal for values that are no text).
    pub fn attributes(&self) -> Vec<(ObjectIdentifier, String)> {
        // The constructors have parsed it.
        parse(&self.0).unwrap_or_default().into_iter().map(|(id, value)| (id, text(value))).collect()
    }

    /// A digest that is equal for names that people would call the same: letter case and spacing do not count
    /// (RFC 5280 §7.1). For telling whether a name was used before (C-29), never for chaining.
    pub fn comparison_key(&self) -> Sha256Digest {
        let mut bytes = Vec::new();
        for (id, value) in self.attributes() {
            // Lower case, never upper: upper-casing Mkhedruli gives another script (G-43).
            let folded = value.to_lowercase();
            let squeezed = folded.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in [id.as_bytes(), squeezed.as_bytes()] {
                bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
                bytes.extend_from_slice(part);
            }
        }
        Sha256Digest::of(&bytes)
    }
}

/// For people: `C=GE, O=…, CN=…`, in the order of the bytes.
impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (id, value)) in self.attributes().into_iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match label(&id) {
                Some(label) => f.write_str(label)?,
                None => write!(f, "{id}")?,
            }
            f.write_str("=")?;
            for c in value.chars() {
                // A comma in a value must not look like the next attribute, a control must not move the cursor.
                match c {
                    ',' | '=' | '\\' | '+' => write!(f, "\\{c}")?,
                    c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                    c => write!(f, "{c}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of subjects are personal data and stay out of logs.
        write!(f, "DistinguishedName({} octets)", self.0.len())
    }
}

fn label(id: &ObjectIdentifier) -> Option<&'static str> {
    Some(match *id {
        oid::COMMON_NAME => "CN",
        oid::SURNAME => "SN",
        oid::SERIAL_NUMBER => "serialNumber",
        oid::COUNTRY_NAME => "C",
        oid::ORGANIZATION_NAME => "O",
        oid::GIVEN_NAME => "GN",
        oid::ORGANIZATION_IDENTIFIER => "organizationIdentifier",
        _ => return None,
    })
}

fn text(value: AnyRef<'_>) -> String {
    if matches!(value.header().tag(), Tag::Utf8String | Tag::PrintableString | Tag::Ia5String) {
        String::from_utf8_lossy(value.value()).into_owned()
    } else {
        format!("#{}", hex::encode(value.value()))
    }
}

fn parse(der: &[u8]) -> Result<Vec<(ObjectIdentifier, AnyRef<'_>)>, BadName> {
    let name = AnyRef::from_der(der).map_err(|_| BadName)?;
    let mut attributes = Vec::new();
    name.sequence(|rdns| {
        while !rdns.is_finished() {
            let rdn = AnyRef::decode(rdns)?;
            if rdn.header().tag() != Tag::Set || rdn.value().is_empty() {
                return Err(rdn.header().tag().unexpected_error(Some(Tag::Set)).into());
            }
            let mut set = SliceReader::new(rdn.value())?;
            while !set.is_finished() {
                let pair = AnyRef::decode(&mut set)?;
                attributes.push(pair.sequence(|pair| {
                    Ok::<_, der::Error>((ObjectIdentifier::decode(pair)?, AnyRef::decode(pair)?))
                })?);
            }
        }
        Ok::<_, der::Error>(())
    })
    .map_err(|_| BadName)?;
    Ok(attributes)
}

/// Puts a name together, each attribute an RDN of its own, in the order of the calls.
#[derive(Default)]
pub(crate) struct NameBuilder(Vec<Vec<u8>>);

impl NameBuilder {
    fn push(mut self, id: &ObjectIdentifier, value: &[u8]) -> Self {
        self.0.push(encode::set_of_one(&encode::sequence(&[&encode::oid(id), value])));
        self
    }

    /// countryName or serialNumber, whose type is PrintableString (C-04).
    pub(crate) fn printable(self, id: &ObjectIdentifier, value: &str) -> Self {
        self.push(id, &encode::printable(value))
    }

    /// Any other attribute (C-04).
    pub(crate) fn utf8(self, id: &ObjectIdentifier, value: &str) -> Self {
        self.push(id, &encode::utf8(value))
    }

    /// As [`Self::utf8`], when there is a value.
    pub(crate) fn utf8_opt(self, id: &ObjectIdentifier, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.utf8(id, value),
            None => self,
        }
    }

    pub(crate) fn build(self) -> DistinguishedName {
        DistinguishedName(encode::sequence_of(&self.0))
    }
}

/// Not the DER of a distinguished name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the DER of a distinguished name")]
pub struct BadName;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn display_and_comparison() {
        let name = |cn: &str| {
            NameBuilder::default().printable(&oid::COUNTRY_NAME, "GE").utf8(&oid::COMMON_NAME, cn).build()
        };
        assert_eq!(name("გია, ბერიძე").to_string(), "C=GE, CN=გია\\, ბერიძე");
        assert_eq!(name("Gia").comparison_key(), name("GIA ").comparison_key());
        assert_ne!(name("Gia").comparison_key(), name("Gio").comparison_key());
        assert!(DistinguishedName::from_der(&[0x30, 0]).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(name) = DistinguishedName::from_der(&bytes) {
                let _ = (name.to_string(), name.comparison_key());
            }
        }
    }
}
