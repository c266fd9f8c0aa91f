//! Signature algorithms as DER, and signatures verified.

use aws_lc_rs::signature::{self as aws, UnparsedPublicKey, VerificationAlgorithm};
use der::{AnyRef, Decode, Encode};
use ndoba_types::{Signature, SignatureAlgorithm, SubjectPublicKeyInfo};
use spki::AlgorithmIdentifierRef;

use crate::certificate::read_signed;
use crate::key::parse;
use crate::{KeyKind, encode, oid};

/// A hash of a signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// What an AlgorithmIdentifier in a request or certificate says; the curve comes from the key, never from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Ecdsa(Hash),
    RsaPkcs1(Hash),
    RsaPss(Hash),
    Ed25519,
}

/// The DER AlgorithmIdentifier, the same bytes in the TBS and outside it (C-01): RSA PKCS#1 with NULL, ECDSA and
/// Ed25519 without parameters, PSS with hash, MGF1 and salt length spelled out and the default trailer left out.
pub fn algorithm_identifier(algorithm: SignatureAlgorithm) -> Vec<u8> {
    use SignatureAlgorithm as A;
    let bare = |id| encode::sequence(&[&encode::oid(&id)]);
    let with_null = |id| encode::sequence(&[&encode::oid(&id), &encode::null()]);
    match algorithm {
        A::EcdsaP256Sha256 => bare(oid::ECDSA_SHA256),
        A::EcdsaP384Sha384 => bare(oid::ECDSA_SHA384),
        A::EcdsaP521Sha512 => bare(oid::ECDSA_SHA512),
        A::RsaPkcs1Sha256 => with_null(oid::SHA256_WITH_RSA),
        A::RsaPkcs1Sha384 => with_null(oid::SHA384_WITH_RSA),
        A::RsaPkcs1Sha512 => with_null(oid::SHA512_WITH_RSA),
        A::RsaPssSha256 => pss(Hash::Sha256),
        A::RsaPssSha384 => pss(Hash::Sha384),
        A::RsaPssSha512 => pss(Hash::Sha512),
        A::Ed25519 => bare(oid::ED25519),
    }
}

/// RSASSA-PSS-params (RFC 4055 §3.1). The hash's AlgorithmIdentifier has NULL parameters, as §2.1 recommends to write.
fn pss(hash: Hash) -> Vec<u8> {
    let (id, salt) = match hash {
        Hash::Sha256 => (oid::SHA256, 32),
        Hash::Sha384 => (oid::SHA384, 48),
        Hash::Sha512 => (oid::SHA512, 64),
    };
    let hash = encode::sequence(&[&encode::oid(&id), &encode::null()]);
    let mgf = encode::sequence(&[&encode::oid(&oid::MGF1), &hash]);
    let parameters = encode::sequence(&[
        &encode::context_constructed(0, &hash),
        &encode::context_constructed(1, &mgf),
        &encode::context_constructed(2, &encode::integer(salt)),
    ]);
    encode::sequence(&[&encode::oid(&oid::RSASSA_PSS), &parameters])
}

/// The scheme that the DER AlgorithmIdentifier `der` names.
pub(crate) fn scheme(der: &[u8]) -> Result<Scheme, UnknownAlgorithm> {
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        // Only the spelling above: any other hash, MGF or salt is a weaker or an ambiguous combination (C-80).
        if der == pss(hash) {
            return Ok(Scheme::RsaPss(hash));
        }
    }
    let algorithm = AlgorithmIdentifierRef::from_der(der).map_err(|_| UnknownAlgorithm)?;
    let (scheme, null_expected) = match algorithm.oid {
        oid::ECDSA_SHA256 => (Scheme::Ecdsa(Hash::Sha256), false),
        oid::ECDSA_SHA384 => (Scheme::Ecdsa(Hash::Sha384), false),
        oid::ECDSA_SHA512 => (Scheme::Ecdsa(Hash::Sha512), false),
        oid::SHA256_WITH_RSA => (Scheme::RsaPkcs1(Hash::Sha256), true),
        oid::SHA384_WITH_RSA => (Scheme::RsaPkcs1(Hash::Sha384), true),
        oid::SHA512_WITH_RSA => (Scheme::RsaPkcs1(Hash::Sha512), true),
        oid::ED25519 => (Scheme::Ed25519, false),
        _ => return Err(UnknownAlgorithm),
    };
    let as_expected = match algorithm.parameters {
        None => !null_expected,
        Some(parameters) => null_expected && parameters == AnyRef::NULL,
    };
    if as_expected { Ok(scheme) } else { Err(UnknownAlgorithm) }
}

/// Reads an AlgorithmIdentifier back, given the kind of the key that is to have made the signature.
///
/// # Errors
///
/// [`UnknownAlgorithm`] when it is none of ours, or not one for such a key.
pub fn signature_algorithm(der: &[u8], key: KeyKind) -> Result<SignatureAlgorithm, UnknownAlgorithm> {
    use SignatureAlgorithm as A;
    match (scheme(der)?, key) {
        (Scheme::Ecdsa(Hash::Sha256), KeyKind::EcP256) => Ok(A::EcdsaP256Sha256),
        (Scheme::Ecdsa(Hash::Sha384), KeyKind::EcP384) => Ok(A::EcdsaP384Sha384),
        (Scheme::Ecdsa(Hash::Sha512), KeyKind::EcP521) => Ok(A::EcdsaP521Sha512),
        (Scheme::RsaPkcs1(Hash::Sha256), KeyKind::Rsa { .. }) => Ok(A::RsaPkcs1Sha256),
        (Scheme::RsaPkcs1(Hash::Sha384), KeyKind::Rsa { .. }) => Ok(A::RsaPkcs1Sha384),
        (Scheme::RsaPkcs1(Hash::Sha512), KeyKind::Rsa { .. }) => Ok(A::RsaPkcs1Sha512),
        (Scheme::RsaPss(Hash::Sha256), KeyKind::Rsa { .. }) => Ok(A::RsaPssSha256),
        (Scheme::RsaPss(Hash::Sha384), KeyKind::Rsa { .. }) => Ok(A::RsaPssSha384),
        (Scheme::RsaPss(Hash::Sha512), KeyKind::Rsa { .. }) => Ok(A::RsaPssSha512),
        (Scheme::Ed25519, KeyKind::Ed25519) => Ok(A::Ed25519),
        (Scheme::Ecdsa(_) | Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) | Scheme::Ed25519, _) => {
            Err(UnknownAlgorithm)
        }
    }
}

/// Verifies `signature` over `message` with the key in `spki`.
///
/// # Errors
///
/// [`BadSignature`] when it does not hold, or the key is none that makes signatures of `algorithm`.
pub fn verify_signature(
    spki: &SubjectPublicKeyInfo,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let (kind, scheme) = scheme_of(spki, algorithm)?;
    verify_scheme(spki, kind, scheme, message, signature)
}

/// As [`verify_signature`], of [`SignatureAlgorithm::digest`] of a message that was hashed as it came.
///
/// # Errors
///
/// [`BadSignature`], also for an algorithm that hashes within.
pub fn verify_digest(
    spki: &SubjectPublicKeyInfo,
    algorithm: SignatureAlgorithm,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let (kind, scheme) = scheme_of(spki, algorithm)?;
    let hash = match scheme {
        Scheme::Ecdsa(hash) | Scheme::RsaPkcs1(hash) | Scheme::RsaPss(hash) => hash,
        Scheme::Ed25519 => return Err(BadSignature),
    };
    let hash = match hash {
        Hash::Sha256 => &aws_lc_rs::digest::SHA256,
        Hash::Sha384 => &aws_lc_rs::digest::SHA384,
        Hash::Sha512 => &aws_lc_rs::digest::SHA512,
    };
    let digest = aws_lc_rs::digest::Digest::import_less_safe(digest, hash).map_err(|_| BadSignature)?;
    with_key(spki, kind, scheme, |key| key.verify_digest(&digest, signature))
}

fn scheme_of(
    spki: &SubjectPublicKeyInfo,
    algorithm: SignatureAlgorithm,
) -> Result<(KeyKind, Scheme), BadSignature> {
    use SignatureAlgorithm as A;
    let kind = KeyKind::of(spki).map_err(|_| BadSignature)?;
    if !kind.can_sign_with(algorithm) {
        return Err(BadSignature);
    }
    let scheme = match algorithm {
        A::EcdsaP256Sha256 => Scheme::Ecdsa(Hash::Sha256),
        A::EcdsaP384Sha384 => Scheme::Ecdsa(Hash::Sha384),
        A::EcdsaP521Sha512 => Scheme::Ecdsa(Hash::Sha512),
        A::RsaPkcs1Sha256 => Scheme::RsaPkcs1(Hash::Sha256),
        A::RsaPkcs1Sha384 => Scheme::RsaPkcs1(Hash::Sha384),
        A::RsaPkcs1Sha512 => Scheme::RsaPkcs1(Hash::Sha512),
        A::RsaPssSha256 => Scheme::RsaPss(Hash::Sha256),
        A::RsaPssSha384 => Scheme::RsaPss(Hash::Sha384),
        A::RsaPssSha512 => Scheme::RsaPss(Hash::Sha512),
        A::Ed25519 => Scheme::Ed25519,
    };
    Ok((kind, scheme))
}

/// Verifies with any hash beside any curve, as certificate requests have them.
pub(crate) fn verify_scheme(
    spki: &SubjectPublicKeyInfo,
    kind: KeyKind,
    scheme: Scheme,
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    with_key(spki, kind, scheme, |key| key.verify(message, signature))
}

fn with_key(
    spki: &SubjectPublicKeyInfo,
    kind: KeyKind,
    scheme: Scheme,
    verify: impl FnOnce(UnparsedPublicKey<&[u8]>) -> Result<(), aws_lc_rs::error::Unspecified>,
) -> Result<(), BadSignature> {
    let algorithm: &'static dyn VerificationAlgorithm = match (kind, scheme) {
        (KeyKind::EcP256, Scheme::Ecdsa(Hash::Sha256)) => &aws::ECDSA_P256_SHA256_ASN1,
        (KeyKind::EcP256, Scheme::Ecdsa(Hash::Sha384)) => &aws::ECDSA_P256_SHA384_ASN1,
        (KeyKind::EcP256, Scheme::Ecdsa(Hash::Sha512)) => &aws::ECDSA_P256_SHA512_ASN1,
        (KeyKind::EcP384, Scheme::Ecdsa(Hash::Sha256)) => &aws::ECDSA_P384_SHA256_ASN1,
        (KeyKind::EcP384, Scheme::Ecdsa(Hash::Sha384)) => &aws::ECDSA_P384_SHA384_ASN1,
        (KeyKind::EcP384, Scheme::Ecdsa(Hash::Sha512)) => &aws::ECDSA_P384_SHA512_ASN1,
        (KeyKind::EcP521, Scheme::Ecdsa(Hash::Sha256)) => &aws::ECDSA_P521_SHA256_ASN1,
        (KeyKind::EcP521, Scheme::Ecdsa(Hash::Sha384)) => &aws::ECDSA_P521_SHA384_ASN1,
        (KeyKind::EcP521, Scheme::Ecdsa(Hash::Sha512)) => &aws::ECDSA_P521_SHA512_ASN1,
        (KeyKind::Rsa { .. }, Scheme::RsaPkcs1(Hash::Sha256)) => &aws::RSA_PKCS1_2048_8192_SHA256,
        (KeyKind::Rsa { .. }, Scheme::RsaPkcs1(Hash::Sha384)) => &aws::RSA_PKCS1_2048_8192_SHA384,
        (KeyKind::Rsa { .. }, Scheme::RsaPkcs1(Hash::Sha512)) => &aws::RSA_PKCS1_2048_8192_SHA512,
        (KeyKind::Rsa { .. }, Scheme::RsaPss(Hash::Sha256)) => &aws::RSA_PSS_2048_8192_SHA256,
        (KeyKind::Rsa { .. }, Scheme::RsaPss(Hash::Sha384)) => &aws::RSA_PSS_2048_8192_SHA384,
        (KeyKind::Rsa { .. }, Scheme::RsaPss(Hash::Sha512)) => &aws::RSA_PSS_2048_8192_SHA512,
        (KeyKind::Ed25519, Scheme::Ed25519) => &aws::ED25519,
        (
            KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521 | KeyKind::Rsa { .. } | KeyKind::Ed25519,
            Scheme::Ecdsa(_) | Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) | Scheme::Ed25519,
        ) => return Err(BadSignature),
    };
    let info = parse(spki.as_der()).map_err(|_| BadSignature)?;
    let key = info.subject_public_key.as_bytes().ok_or(BadSignature)?;
    verify(UnparsedPublicKey::new(algorithm, key)).map_err(|_| BadSignature)
}

/// Puts a signature to what was signed: `SEQUENCE { tbs, algorithm, BIT STRING }`, a certificate or a CRL.
///
/// # Inputs
///
/// - `tbs` – the exact bytes that were signed.
/// - `algorithm` – the one named inside `tbs`; the identifiers are byte-identical because both come from
///   [`algorithm_identifier`].
pub fn assemble(tbs: &[u8], algorithm: SignatureAlgorithm, signature: &Signature) -> Vec<u8> {
    encode::sequence(&[tbs, &algorithm_identifier(algorithm), &encode::bit_string(signature.as_bytes())])
}

/// What [`assemble`] puts together, read back without looking inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedParts {
    /// The bytes that were signed.
    pub tbs: Vec<u8>,
    /// The DER AlgorithmIdentifier beside the signature.
    pub algorithm: Vec<u8>,
    /// The content octets of the signature.
    pub signature: Vec<u8>,
}

/// Takes a certificate or a CRL apart. Verifies nothing.
///
/// # Errors
///
/// [`NotSigned`]
pub fn take_apart(der: &[u8]) -> Result<SignedParts, NotSigned> {
    let parts = read_signed(der).map_err(|_| NotSigned)?;
    Ok(SignedParts {
        tbs: raw(&parts.tbs).map_err(|_| NotSigned)?,
        algorithm: raw(&parts.algorithm).map_err(|_| NotSigned)?,
        signature: parts.signature.to_vec(),
    })
}

/// Raw DER of a parsed element.
pub(crate) fn raw(any: &AnyRef<'_>) -> Result<Vec<u8>, der::Error> {
    any.to_der()
}

/// The signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not hold")]
pub struct BadSignature;

/// Neither a certificate nor a CRL: not `SEQUENCE { tbs, algorithm, BIT STRING }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no certificate and no CRL")]
pub struct NotSigned;

/// Not an AlgorithmIdentifier of a signature algorithm that this product uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature algorithm is unknown, or its parameters are not the ones it must have")]
pub struct UnknownAlgorithm;

#[cfg(test)]
mod tests;
