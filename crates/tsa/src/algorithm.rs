//! Signature algorithms in CMS: the SignerInfo's two AlgorithmIdentifiers, and the digest that goes with them.

use ndoba_types::SignatureAlgorithm;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::encode::{integer, sequence, tag, tlv};

/// The digest of the content, always at least SHA-256 and independent of the imprint's (T-06).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentDigest {
    Sha256,
    Sha384,
    Sha512,
}

impl ContentDigest {
    /// The one inside the signature algorithm; for Ed25519 the one RFC 8419 §3 prescribes.
    pub(crate) fn of(algorithm: SignatureAlgorithm) -> Self {
        use SignatureAlgorithm as A;
        match algorithm {
            A::EcdsaP256Sha256 | A::RsaPkcs1Sha256 | A::RsaPssSha256 => Self::Sha256,
            A::EcdsaP384Sha384 | A::RsaPkcs1Sha384 | A::RsaPssSha384 => Self::Sha384,
            A::EcdsaP521Sha512 | A::RsaPkcs1Sha512 | A::RsaPssSha512 | A::Ed25519 => Self::Sha512,
        }
    }

    /// The digest of `bytes`.
    pub(crate) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// id-sha256, id-sha384 or id-sha512: 2.16.840.1.101.3.4.2.{1,2,3}.
    fn oid(self) -> Vec<u8> {
        let last = match self {
            Self::Sha256 => 1,
            Self::Sha384 => 2,
            Self::Sha512 => 3,
        };
        vec![0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last]
    }

    /// The AlgorithmIdentifier, parameters absent (RFC 5754 §2).
    pub(crate) fn identifier(self) -> Vec<u8> {
        sequence(&[&self.oid()])
    }
}

/// The DER AlgorithmIdentifier of a signature (RFC 5758, RFC 4055, RFC 8410).
pub(crate) fn signature_identifier(algorithm: SignatureAlgorithm) -> Vec<u8> {
    use SignatureAlgorithm as A;
    const ECDSA_SHA2: [u8; 9] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
    const PKCS1: [u8; 10] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    let ecdsa = |last: u8| sequence(&[&ECDSA_SHA2, &[last]]);
    let pkcs1 = |last: u8| sequence(&[&PKCS1, &[last], &null()]);
    match algorithm {
        A::EcdsaP256Sha256 => ecdsa(2),
        A::EcdsaP384Sha384 => ecdsa(3),
        A::EcdsaP521Sha512 => ecdsa(4),
        A::RsaPkcs1Sha256 => pkcs1(11),
        A::RsaPkcs1Sha384 => pkcs1(12),
        A::RsaPkcs1Sha512 => pkcs1(13),
        A::RsaPssSha256 | A::RsaPssSha384 | A::RsaPssSha512 => {
            sequence(&[&PKCS1, &[10], &pss(ContentDigest::of(algorithm))])
        }
        A::Ed25519 => sequence(&[&[0x06, 0x03, 0x2b, 0x65, 0x70]]),
    }
}

/// RSASSA-PSS-params: the hash, MGF1 with it, a salt of its length; the trailer is the default (RFC 4055 §3.1).
fn pss(hash: ContentDigest) -> Vec<u8> {
    let salt = match hash {
        ContentDigest::Sha256 => 32,
        ContentDigest::Sha384 => 48,
        ContentDigest::Sha512 => 64,
    };
    let identifier = sequence(&[&hash.oid(), &null()]);
    let mgf1 = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
    sequence(&[
        &tlv(tag::context(0), &[&identifier]),
        &tlv(tag::context(1), &[&sequence(&[&mgf1, &identifier])]),
        &tlv(tag::context(2), &[&integer(salt)]),
    ])
}

fn null() -> Vec<u8> {
    tlv(tag::NULL, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_identifiers() {
        // By hand from RFC 5758 §3.2, RFC 4055 §3.1 and §5, RFC 8410 §3.
        for (algorithm, der) in [
            (SignatureAlgorithm::EcdsaP256Sha256, "300a06082a8648ce3d040302"),
            (SignatureAlgorithm::RsaPkcs1Sha256, "300d06092a864886f70d01010b0500"),
            (SignatureAlgorithm::Ed25519, "300506032b6570"),
            (
                SignatureAlgorithm::RsaPssSha256,
                "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108\
                 300d06096086480165030402010500a203020120",
            ),
        ] {
            assert_eq!(hex::encode(signature_identifier(algorithm)), der);
        }
    }
}
