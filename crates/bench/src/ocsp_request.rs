//! OCSP requests as clients write them (RFC 6960 §4.1.1): one CertID by SHA-256, with or without a nonce.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ndoba_types::{SerialNumber, Sha256Digest};
use ndoba_x509::Certificate;

/// Writes requests about certificates of one CA.
pub(crate) struct Asker {
    /// AlgorithmIdentifier, issuerNameHash, issuerKeyHash, encoded.
    issuer: Vec<u8>,
}

impl Asker {
    pub(crate) fn new(ca: &Certificate) -> Self {
        /// SHA-256, without parameters.
        const SHA256: [u8; 13] =
            [0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
        // An uncompressed point is 0x04, x and y, and ends the SubjectPublicKeyInfo: 65 octets on P-256, 97 on P-384.
        let spki = ca.spki().as_der();
        let point = if spki.len() < 100 { 65 } else { 97 };
        let key = spki.get(spki.len().saturating_sub(point)..).unwrap_or_default();
        let hash = |bytes: &[u8]| tlv(0x04, Sha256Digest::of(bytes).as_bytes());
        Self { issuer: [SHA256.to_vec(), hash(ca.subject().as_der()), hash(key)].concat() }
    }

    /// The DER of a request about `serial`.
    pub(crate) fn request(&self, serial: &SerialNumber, nonce: Option<[u8; 16]>) -> Vec<u8> {
        let cert_id = tlv(0x30, &[self.issuer.clone(), tlv(0x02, &serial.to_der_content())].concat());
        let mut tbs = tlv(0x30, &tlv(0x30, &cert_id));
        if let Some(nonce) = nonce {
            // id-pkix-ocsp-nonce, its value an OCTET STRING in the extension's OCTET STRING (RFC 9654).
            const NONCE: [u8; 11] = [0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02];
            let extension = tlv(0x30, &[NONCE.to_vec(), tlv(0x04, &tlv(0x04, &nonce))].concat());
            tbs.extend(tlv(0xa2, &tlv(0x30, &extension)));
        }
        tlv(0x30, &tlv(0x30, &tbs))
    }
}

/// The path of a GET (RFC 6960 appendix A.1).
pub(crate) fn path(request: &[u8]) -> String {
    let base64 = BASE64.encode(request).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("/ocsp/{base64}")
}

/// One DER element of at most 65,535 octets.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut out = match length {
        [0, short @ 0..=0x7f] => vec![tag, short],
        [0, low] => vec![tag, 0x81, low],
        [high, low] => vec![tag, 0x82, high, low],
    };
    out.extend_from_slice(content);
    out
}
