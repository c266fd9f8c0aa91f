//! authorityKeyIdentifier (RFC 5280 §4.2.1.1, C-05): the key identifier alone.

use super::RawExtension;
use crate::{KeyIdentifier, encode, oid};

/// The extension, never critical. `issuer` is the signer's *subject* key identifier, in certificates and CRLs alike.
pub fn authority_key_identifier(issuer: &KeyIdentifier) -> RawExtension {
    RawExtension::plain(
        oid::AUTHORITY_KEY_IDENTIFIER,
        encode::sequence(&[&encode::context_primitive(0, issuer.as_bytes())]),
    )
}
