//! A flattened JWS with its payload (RFC 7515 §7.2.2), as narrow as those of officers: one exact set of header
//! members, canonical JSON throughout, and a type of its own, so that no signature of another kind passes for one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ndoba_types::{SignatureAlgorithm, SubjectPublicKeyInfo, canonical};
use ndoba_x509::{ecdsa_der_from_raw, ecdsa_raw_from_der, verify_signature};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::BadStatement;

/// The header's `typ`.
pub(super) const TYPE: &str = "ndoba-clock+jws";

const ALGORITHMS: [SignatureAlgorithm; 10] = [
    SignatureAlgorithm::EcdsaP256Sha256,
    SignatureAlgorithm::EcdsaP384Sha384,
    SignatureAlgorithm::EcdsaP521Sha512,
    SignatureAlgorithm::RsaPkcs1Sha256,
    SignatureAlgorithm::RsaPkcs1Sha384,
    SignatureAlgorithm::RsaPkcs1Sha512,
    SignatureAlgorithm::RsaPssSha256,
    SignatureAlgorithm::RsaPssSha384,
    SignatureAlgorithm::RsaPssSha512,
    SignatureAlgorithm::Ed25519,
];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    /// SHA-256 over the key's SubjectPublicKeyInfo, hexadecimal.
    kid: String,
    typ: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat {
    payload: String,
    protected: String,
    signature: String,
}

/// `BASE64URL(header) . BASE64URL(payload)`: what is signed.
pub(super) fn input(
    payload: &[u8],
    algorithm: SignatureAlgorithm,
    key: &SubjectPublicKeyInfo,
) -> Result<String, BadStatement> {
    let header = json!({ "alg": name(algorithm), "kid": key.fingerprint().to_string(), "typ": TYPE });
    let header = canonical::encode(&header).map_err(|_| BadStatement::Malformed)?;
    Ok(format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload)))
}

pub(super) fn assemble(
    input: &str,
    algorithm: SignatureAlgorithm,
    signature: &[u8],
) -> Result<Vec<u8>, BadStatement> {
    let (protected, payload) = input.split_once('.').ok_or(BadStatement::Malformed)?;
    let raw = match width(algorithm) {
        Some(width) => ecdsa_raw_from_der(signature, width).ok_or(BadStatement::Invalid)?,
        None => signature.to_vec(),
    };
    let flat = json!({ "payload": payload, "protected": protected, "signature": BASE64URL.encode(raw) });
    canonical::encode(&flat).map_err(|_| BadStatement::Malformed)
}

/// The payload of `bytes`, once the signature holds.
pub(super) fn verified_payload(bytes: &[u8], key: &SubjectPublicKeyInfo) -> Result<Vec<u8>, BadStatement> {
    let flat = canonical::decode(bytes).map_err(|_| BadStatement::Malformed)?;
    let Flat { payload, protected, signature } =
        serde_json::from_value(flat).map_err(|_| BadStatement::Malformed)?;
    let decode = |text: &str| BASE64URL.decode(text).map_err(|_| BadStatement::Malformed);
    let header = canonical::decode(&decode(&protected)?).map_err(|_| BadStatement::Malformed)?;
    let Header { alg, kid, typ } = serde_json::from_value(header).map_err(|_| BadStatement::Malformed)?;
    if typ != TYPE {
        return Err(BadStatement::Malformed);
    }
    let algorithm =
        ALGORITHMS.into_iter().find(|known| name(*known) == alg).ok_or(BadStatement::Malformed)?;
    if kid != key.fingerprint().to_string() {
        return Err(BadStatement::Invalid);
    }
    let signature = decode(&signature)?;
    let signature = match width(algorithm) {
        Some(width) => ecdsa_der_from_raw(&signature, width).ok_or(BadStatement::Invalid)?,
        None => signature,
    };
    let message = format!("{protected}.{payload}");
    verify_signature(key, algorithm, message.as_bytes(), &signature).map_err(|_| BadStatement::Invalid)?;
    decode(&payload)
}

/// RFC 7518 §3.1, RFC 8037 §3.1.
fn name(algorithm: SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => "ES256",
        SignatureAlgorithm::EcdsaP384Sha384 => "ES384",
        SignatureAlgorithm::EcdsaP521Sha512 => "ES512",
        SignatureAlgorithm::RsaPkcs1Sha256 => "RS256",
        SignatureAlgorithm::RsaPkcs1Sha384 => "RS384",
        SignatureAlgorithm::RsaPkcs1Sha512 => "RS512",
        SignatureAlgorithm::RsaPssSha256 => "PS256",
        SignatureAlgorithm::RsaPssSha384 => "PS384",
        SignatureAlgorithm::RsaPssSha512 => "PS512",
        SignatureAlgorithm::Ed25519 => "EdDSA",
    }
}

/// Octets of r and of s, for ECDSA.
fn width(algorithm: SignatureAlgorithm) -> Option<usize> {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => Some(32),
        SignatureAlgorithm::EcdsaP384Sha384 => Some(48),
        SignatureAlgorithm::EcdsaP521Sha512 => Some(66),
        SignatureAlgorithm::RsaPkcs1Sha256
        | SignatureAlgorithm::RsaPkcs1Sha384
        | SignatureAlgorithm::RsaPkcs1Sha512
        | SignatureAlgorithm::RsaPssSha256
        | SignatureAlgorithm::RsaPssSha384
        | SignatureAlgorithm::RsaPssSha512
        | SignatureAlgorithm::Ed25519 => None,
    }
}
