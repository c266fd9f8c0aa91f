//! Requests put together by hand, octet by octet.

use ndoba_ocsp::HashAlgorithm;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

/// One DER element.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        short @ 0..0x80 => out.push(short.try_into().unwrap()),
        long => {
            let octets: Vec<u8> = long.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            out.push(0x80 | u8::try_from(octets.len()).unwrap());
            out.extend(octets);
        }
    }
    out.extend(content);
    out
}

pub(crate) const NULL: &[u8] = &[0x05, 0x00];

/// The OBJECT IDENTIFIER of a hash function, whole.
pub(crate) fn hash_oid(algorithm: HashAlgorithm) -> &'static [u8] {
    match algorithm {
        HashAlgorithm::Sha1 => &[0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a],
        HashAlgorithm::Sha256 => &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
        HashAlgorithm::Sha384 => &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
        HashAlgorithm::Sha512 => &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
    }
}

fn hash(algorithm: HashAlgorithm, bytes: &[u8]) -> Vec<u8> {
    match algorithm {
        HashAlgorithm::Sha1 => Sha1::digest(bytes).to_vec(),
        HashAlgorithm::Sha256 => Sha256::digest(bytes).to_vec(),
        HashAlgorithm::Sha384 => Sha384::digest(bytes).to_vec(),
        HashAlgorithm::Sha512 => Sha512::digest(bytes).to_vec(),
    }
}

/// A CertID for a serial given as the content of its INTEGER.
pub(crate) fn cert_id(ca: &[u8], algorithm: HashAlgorithm, parameters: &[u8], serial: &[u8]) -> Vec<u8> {
    let ca = Certificate::from_der(ca).unwrap();
    let name = hash(algorithm, &ca.tbs_certificate().subject().to_der().unwrap());
    let key = hash(algorithm, ca.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes());
    tlv(
        0x30,
        &[
            &tlv(0x30, &[hash_oid(algorithm), parameters]),
            &tlv(0x04, &[&name]),
            &tlv(0x04, &[&key]),
            &tlv(0x02, &[serial]),
        ],
    )
}

/// The CertID that openssl sends by default.
pub(crate) fn sha1_id(ca: &[u8], serial: &[u8]) -> Vec<u8> {
    cert_id(ca, HashAlgorithm::Sha1, NULL, serial)
}

/// A request for these CertIDs with these request extensions.
pub(crate) fn request(cert_ids: &[Vec<u8>], extensions: &[Vec<u8>]) -> Vec<u8> {
    let list: Vec<u8> = cert_ids.iter().flat_map(|id| tlv(0x30, &[id])).collect();
    let list = tlv(0x30, &[&list]);
    let extensions = match extensions {
        [] => vec![],
        some => tlv(0xa2, &[&tlv(0x30, &[&some.concat()])]),
    };
    tlv(0x30, &[&tlv(0x30, &[&list, &extensions])])
}

/// An Extension; `oid` is the content of the OBJECT IDENTIFIER.
pub(crate) fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[0x01, 0x01, 0xff] } else { &[] };
    tlv(0x30, &[&tlv(0x06, &[oid]), critical, &tlv(0x04, &[value])])
}

/// 1.3.6.1.5.5.7.48.1.n
pub(crate) fn ocsp_oid(n: u8) -> [u8; 9] {
    [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, n]
}

/// A nonce extension as RFC 9654 has it.
pub(crate) fn nonce(octets: &[u8]) -> Vec<u8> {
    extension(&ocsp_oid(2), false, &tlv(0x04, &[octets]))
}
