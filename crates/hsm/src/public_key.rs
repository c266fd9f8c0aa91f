//! Public keys: from a token's attributes to a SubjectPublicKeyInfo, and what kind of key one is.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Encode, Sequence};
use ndoba_types::SubjectPublicKeyInfo;
use sha1::{Digest, Sha1};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::KeySpec;

const ID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const CURVES: [(KeySpec, ObjectIdentifier, usize); 3] = [
    (KeySpec::P256, ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), 65),
    (KeySpec::P384, ObjectIdentifier::new_unwrap("1.3.132.0.34"), 97),
    (KeySpec::P521, ObjectIdentifier::new_unwrap("1.3.132.0.35"), 133),
];

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 §A.1.1).
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// CKA_EC_PARAMS of a curve: its OID, in DER (RFC 5480 §2.1.1.1). `None` for RSA.
pub(crate) fn ec_params(spec: KeySpec) -> Option<Vec<u8>> {
    let (_, oid, _) = CURVES.iter().find(|(curve, ..)| *curve == spec)?;
    oid.to_der().ok()
}

/// The SPKI of an EC key from CKA_EC_PARAMS and CKA_EC_POINT. `None`: not a curve or point we know.
pub(crate) fn from_ec(params: &[u8], point: &[u8]) -> Option<SubjectPublicKeyInfo> {
    let oid = ObjectIdentifier::from_der(params).ok()?;
    let (_, _, len) = *CURVES.iter().find(|(_, curve, _)| *curve == oid)?;
    // The standard wraps the point into an OCTET STRING (PKCS#11 v2.40 mechanisms §2.3.3); some modules do not.
    let point = match <&OctetStringRef>::from_der(point) {
        Ok(inner) if inner.as_bytes().len() == len => inner.as_bytes(),
        _ => point,
    };
    if point.len() != len || point.first() != Some(&4) {
        return None;
    }
    let parameters = AnyRef::from_der(params).ok()?;
    encode(ID_EC_PUBLIC_KEY, parameters, point)
}

/// The SPKI of an RSA key from CKA_MODULUS and CKA_PUBLIC_EXPONENT. `None`: not numbers of an RSA key.
pub(crate) fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Option<SubjectPublicKeyInfo> {
    let key = RsaPublicKey { modulus: UintRef::new(modulus).ok()?, exponent: UintRef::new(exponent).ok()? };
    encode(RSA_ENCRYPTION, AnyRef::NULL, &key.to_der().ok()?)
}

/// What kind of key an SPKI holds; `None` for any that we do not use (RSA below 3072 bits among them).
pub(crate) fn spec_of(key: &SubjectPublicKeyInfo) -> Option<KeySpec> {
    let info = SubjectPublicKeyInfoRef::from_der(key.as_der()).ok()?;
    let bits = info.subject_public_key.as_bytes()?;
    match info.algorithm.oid {
        ID_EC_PUBLIC_KEY => {
            let oid = info.algorithm.parameters?.decode_as::<ObjectIdentifier>().ok()?;
            let (spec, _, len) = *CURVES.iter().find(|(_, curve, _)| *curve == oid)?;
            (bits.len() == len).then_some(spec)
        }
        RSA_ENCRYPTION => {
            let key = RsaPublicKey::from_der(bits).ok()?;
            match key.modulus.as_bytes() {
                [top, rest @ ..] if top & 0x80 != 0 => match rest.len() {
                    383 => Some(KeySpec::Rsa3072),
                    511 => Some(KeySpec::Rsa4096),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

/// The key identifier of RFC 5280 §4.2.1.2 method 1: SHA-1 over the subjectPublicKey bits.
pub fn subject_key_identifier(key: &SubjectPublicKeyInfo) -> Option<[u8; 20]> {
    let info = SubjectPublicKeyInfoRef::from_der(key.as_der()).ok()?;
    Some(Sha1::digest(info.subject_public_key.as_bytes()?).into())
}

fn encode(oid: ObjectIdentifier, parameters: AnyRef<'_>, key: &[u8]) -> Option<SubjectPublicKeyInfo> {
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid, parameters: Some(parameters) },
        subject_public_key: BitStringRef::from_bytes(key).ok()?,
    };
    Some(SubjectPublicKeyInfo::assertion(info.to_der().ok()?))
}

#[cfg(test)]
mod tests {
    use p256::pkcs8::DecodePublicKey;
    use proptest::prelude::*;

    use super::*;

    /// The generator of P-256 as a public key.
    const POINT: [u8; 65] = *b"\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";

    #[test]
    fn a_wrapped_and_a_bare_point_give_the_same_key() {
        let params = ec_params(KeySpec::P256).unwrap();
        let wrapped = [&[0x04, 65], &POINT[..]].concat();
        let key = from_ec(&params, &wrapped).unwrap();
        assert_eq!(from_ec(&params, &POINT), Some(key.clone()));
        assert_eq!(spec_of(&key), Some(KeySpec::P256));
        assert!(p256::PublicKey::from_public_key_der(key.as_der()).is_ok());
        // SHA-1 over the 65 octets: what `openssl x509` would show as the key identifier.
        assert_eq!(subject_key_identifier(&key).unwrap(), <[u8; 20]>::from(Sha1::digest(POINT)));
    }

    #[test]
    fn a_short_modulus_is_no_key_of_ours() {
        let modulus = |octets: usize| [vec![0xc5], vec![1; octets - 1]].concat();
        assert_eq!(spec_of(&from_rsa(&modulus(384), &[1, 0, 1]).unwrap()), Some(KeySpec::Rsa3072));
        assert_eq!(spec_of(&from_rsa(&modulus(256), &[1, 0, 1]).unwrap()), None);
    }

    proptest! {
        #[test]
        fn nothing_a_token_says_panics(a in proptest::collection::vec(any::<u8>(), 0..80),
                                       b in proptest::collection::vec(any::<u8>(), 0..160)) {
            let _ = from_ec(&a, &b);
            let _ = from_ec(&ec_params(KeySpec::P384).unwrap(), &b);
            let _ = from_rsa(&a, &b).map(|key| spec_of(&key));
            let _ = spec_of(&SubjectPublicKeyInfo::assertion(b.clone()));
            let _ = subject_key_identifier(&SubjectPublicKeyInfo::assertion(b));
        }
    }
}
