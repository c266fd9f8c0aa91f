//! Public keys: their kind, their identifier, and whether they are keys at all.

mod weakness;

use std::fmt;
use std::str::FromStr;

use der::{AnyRef, Decode};
use ndoba_types::{SignatureAlgorithm, SubjectPublicKeyInfo};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use sha1::{Digest as _, Sha1};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

pub use weakness::refuse_weak;

use crate::oid;

/// What kind of public key, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// EC on P-256.
    EcP256,
    /// EC on P-384.
    EcP384,
    /// EC on P-521.
    EcP521,
    /// RSA, with the modulus' length in bits.
    Rsa {
        /// The position of the modulus' highest bit.
        bits: u16,
    },
    /// Ed25519.
    Ed25519,
}

impl KeyKind {
    /// The kind of the key in `spki`, after decoding it whole.
    ///
    /// A linter that does not decode the key passes a point that lies on no curve, so this is the gate: named
    /// curve, point on the curve and not at infinity, uncompressed; RSA with NULL parameters, odd modulus, odd
    /// exponent; Ed25519 without parameters.
    ///
    /// # Errors
    ///
    /// [`BadKey`], by what is wrong with it.
    pub fn of(spki: &SubjectPublicKeyInfo) -> Result<Self, BadKey> {
        let info = parse(spki.as_der())?;
        let key = info.subject_public_key.as_bytes().ok_or(BadKey::Malformed)?;
        match info.algorithm.oid {
            oid::EC_PUBLIC_KEY => ec_kind(info.algorithm.parameters, key),
            oid::RSA_ENCRYPTION => rsa_kind(info.algorithm.parameters, key),
            oid::ED25519 => {
                // RFC 8410 §3: parameters absent. Every 32 octets are taken; verification decodes the point.
                if info.algorithm.parameters.is_none() && key.len() == 32 {
                    Ok(Self::Ed25519)
                } else {
                    Err(BadKey::Malformed)
                }
            }
            _ => Err(BadKey::UnknownAlgorithm),
        }
    }

    /// Whether signatures of `algorithm` can come from such a key (C-81: one hash per curve).
    pub fn can_sign_with(self, algorithm: SignatureAlgorithm) -> bool {
        use SignatureAlgorithm as A;
        match algorithm {
            A::EcdsaP256Sha256 => self == Self::EcP256,
            A::EcdsaP384Sha384 => self == Self::EcP384,
            A::EcdsaP521Sha512 => self == Self::EcP521,
            A::RsaPkcs1Sha256
            | A::RsaPkcs1Sha384
            | A::RsaPkcs1Sha512
            | A::RsaPssSha256
            | A::RsaPssSha384
            | A::RsaPssSha512 => matches!(self, Self::Rsa { .. }),
            A::Ed25519 => self == Self::Ed25519,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcP256 => f.write_str("EC P-256"),
            Self::EcP384 => f.write_str("EC P-384"),
            Self::EcP521 => f.write_str("EC P-521"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

pub(crate) fn parse(der: &[u8]) -> Result<SubjectPublicKeyInfoRef<'_>, BadKey> {
    SubjectPublicKeyInfoRef::from_der(der).map_err(|_| BadKey::Malformed)
}

fn ec_kind(parameters: Option<AnyRef<'_>>, key: &[u8]) -> Result<KeyKind, BadKey> {
    // RFC 5480 §2.1.1: namedCurve only; explicit parameters let an attacker choose the generator.
    let curve = parameters
        .ok_or(BadKey::NotNamedCurve)?
        .decode_as::<ObjectIdentifier>()
        .map_err(|_| BadKey::NotNamedCurve)?;
    // Uncompressed only: RFC 5480 lets a CA accept compressed points, but relying software often does not.
    let uncompressed = key.first() == Some(&4);
    let (kind, on_curve) = match curve {
        oid::SECP256R1 => (KeyKind::EcP256, p256::PublicKey::from_sec1_bytes(key).is_ok()),
        oid::SECP384R1 => (KeyKind::EcP384, p384::PublicKey::from_sec1_bytes(key).is_ok()),
        oid::SECP521R1 => (KeyKind::EcP521, p521::PublicKey::from_sec1_bytes(key).is_ok()),
        _ => return Err(BadKey::UnknownCurve),
    };
    if uncompressed && on_curve { Ok(kind) } else { Err(BadKey::NotOnCurve) }
}

fn rsa_kind(parameters: Option<AnyRef<'_>>, key: &[u8]) -> Result<KeyKind, BadKey> {
    // RFC 3279 §2.3.1: the parameters are NULL, neither absent nor anything else.
    if !parameters.is_some_and(AnyRef::is_null) {
        return Err(BadKey::Malformed);
    }
    let key = rsa::PublicKey::from_pkcs1_der(key).map_err(|_| BadKey::Rsa)?;
    let modulus = key.n_bytes();
    let exponent = key.e_bytes();
    if modulus.last().is_none_or(|byte| byte & 1 == 0) {
        return Err(BadKey::Rsa);
    }
    // Odd and at least 65537: smaller exponents have a history of broken padding checks. At most 256 bits keeps
    // verification cheap for everyone (FIPS 186-5 §5.1).
    let too_small = match exponent.len() {
        0..=2 => true,
        3 => exponent[..] < [1, 0, 1][..],
        length => length > 32,
    };
    if too_small || exponent.last().is_none_or(|byte| byte & 1 == 0) {
        return Err(BadKey::RsaExponent);
    }
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    Ok(KeyKind::Rsa { bits: u16::try_from(bits).map_err(|_| BadKey::Rsa)? })
}

/// Why a SubjectPublicKeyInfo is no key that this product accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Not the DER of a SubjectPublicKeyInfo, or parameters where there must be none.
    #[error("the public key is not well-formed")]
    Malformed,
    /// Neither RSA, EC nor Ed25519.
    #[error("the public key's algorithm is none of RSA, EC and Ed25519")]
    UnknownAlgorithm,
    /// EC parameters that are not a named curve.
    #[error("the EC key does not name its curve")]
    NotNamedCurve,
    /// A curve other than P-256, P-384, P-521.
    #[error("the EC key's curve is none of P-256, P-384 and P-521")]
    UnknownCurve,
    /// The point is not on the curve, at infinity, or not written in uncompressed form.
    #[error("the EC key is not a point of its curve in uncompressed form")]
    NotOnCurve,
    /// The modulus is even, negative, or outside 1024 to 8192 bits.
    #[error("the RSA key's modulus is not usable")]
    Rsa,
    /// The exponent is even, below 65537, or above 256 bits.
    #[error("the RSA key's exponent must be odd and at least 65537")]
    RsaExponent,
    /// The modulus' factors are so close to each other that Fermat's method finds them.
    #[error(
        "the RSA key's two primes are so close that anyone can find them; make a new key with other software"
    )]
    RsaCloseFactors,
    /// The modulus has the fingerprint of CVE-2017-15361.
    #[error(
        "the RSA key comes from a card or module with a known fault (CVE-2017-15361, ROCA); use another device"
    )]
    RsaFaultyGenerator,
    /// The modulus has a factor below 752.
    #[error("the RSA key's modulus has a small factor; make a new key with other software")]
    RsaSmallFactor,
}

impl BadKey {
    /// A stable name for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "key-malformed",
            Self::UnknownAlgorithm => "key-algorithm-unknown",
            Self::NotNamedCurve => "key-curve-not-named",
            Self::UnknownCurve => "key-curve-unknown",
            Self::NotOnCurve => "key-not-on-curve",
            Self::Rsa => "key-rsa-modulus",
            Self::RsaExponent => "key-rsa-exponent",
            Self::RsaCloseFactors => "key-rsa-close-factors",
            Self::RsaFaultyGenerator => "key-rsa-faulty-generator",
            Self::RsaSmallFactor => "key-rsa-small-factor",
        }
    }
}

/// How certificates name a key: SHA-1 over the subjectPublicKey bits (RFC 5280 §4.2.1.2 method 1, C-06).
///
/// SHA-1 is no weakness here: only equality matters, and nobody gains by making two of their own keys collide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyIdentifier([u8; 20]);

impl KeyIdentifier {
    /// The identifier of the key in `spki`.
    ///
    /// # Errors
    ///
    /// [`BadKey::Malformed`] when it is no SubjectPublicKeyInfo; the key itself is not judged.
    pub fn of(spki: &SubjectPublicKeyInfo) -> Result<Self, BadKey> {
        let info = parse(spki.as_der())?;
        let key = info.subject_public_key.as_bytes().ok_or(BadKey::Malformed)?;
        Ok(Self(Sha1::digest(key).into()))
    }

    /// Takes 20 octets that already are one.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 octets.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl TryFrom<&[u8]> for KeyIdentifier {
    type Error = BadKey;

    fn try_from(bytes: &[u8]) -> Result<Self, BadKey> {
        Ok(Self(bytes.try_into().map_err(|_| BadKey::Malformed)?))
    }
}

/// 40 lower-case hexadecimal digits, one spelling only.
impl FromStr for KeyIdentifier {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadKey::Malformed)?;
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(BadKey::Malformed);
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyIdentifier({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_point_off_the_curve_and_a_foreign_curve() {
        let key = crate::test_support::p256_key(1);
        assert_eq!(KeyKind::of(&key.spki), Ok(KeyKind::EcP256));

        let mut off = key.spki.as_der().to_vec();
        *off.last_mut().unwrap() ^= 1;
        assert_eq!(KeyKind::of(&SubjectPublicKeyInfo::assertion(off)), Err(BadKey::NotOnCurve));

        // The P-256 point under secp384r1: what rcgen#448 made of a CSR, and pkilint let pass.
        let point = &key.spki.as_der()[26..];
        let algorithm = crate::encode::sequence(&[
            &crate::encode::oid(&oid::EC_PUBLIC_KEY),
            &crate::encode::oid(&oid::SECP384R1),
        ]);
        let corrupt = crate::encode::sequence(&[&algorithm, &crate::encode::bit_string(point)]);
        assert_eq!(KeyKind::of(&SubjectPublicKeyInfo::assertion(corrupt)), Err(BadKey::NotOnCurve));
    }

    #[test]
    fn rsa_exponents() {
        let with = |exponent: u64| {
            let modulus: Vec<u8> = [&[0u8][..], &[0xc5; 384]].concat();
            let key = crate::encode::sequence(&[
                &crate::encode::integer_content(&modulus),
                &crate::encode::integer(exponent),
            ]);
            let algorithm =
                crate::encode::sequence(&[&crate::encode::oid(&oid::RSA_ENCRYPTION), &crate::encode::null()]);
            KeyKind::of(&SubjectPublicKeyInfo::assertion(crate::encode::sequence(&[
                &algorithm,
                &crate::encode::bit_string(&key),
            ])))
        };
        assert_eq!(with(65537), Ok(KeyKind::Rsa { bits: 3072 }));
        assert!(with(3).is_err());
        assert!(with(65535).is_err());
        assert!(with(65538).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let spki = SubjectPublicKeyInfo::assertion(bytes);
            let _ = KeyKind::of(&spki);
            let _ = KeyIdentifier::of(&spki);
        }
    }
}
