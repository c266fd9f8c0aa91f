//! Certificates in a row as PKCS#7 (RFC 5652 §5.1; RFC 5280 §4.2.2.1 `.p7c`).

use der::Tag;

use crate::{encode, oid};

/// A degenerate SignedData: certificates, no content, no signature.
///
/// - `certificates` – DER; their order is lost, since they are a SET OF.
pub fn certs_only_p7c(certificates: &[&[u8]]) -> Vec<u8> {
    let empty_set = encode::tlv(Tag::Set, &[]);
    let content_info = encode::sequence(&[&encode::oid(&oid::DATA)]);
    // DER sorts a SET OF by its elements' encodings (X.690 §11.6).
    let mut sorted = certificates.to_vec();
    sorted.sort_unstable();
    let signed_data = encode::sequence(&[
        &encode::integer(1),
        &empty_set,
        &content_info,
        &encode::context_constructed(0, &sorted.concat()),
        &empty_set,
    ]);
    encode::sequence(&[&encode::oid(&oid::SIGNED_DATA), &encode::context_constructed(0, &signed_data)])
}
