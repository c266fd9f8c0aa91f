//! Signatures over documents: flattened JWS with detached payload (RFC 7515 §7.2.2, appendix F).
//!
//! Much narrower than the RFC: one exact set of header members, four algorithms, canonical JSON throughout. A
//! header that names a key (`jwk`, `x5c`, `jku`) or asks for extensions (`crit`, `b64`) is refused like any unknown
//! member, so no signature can bring its own trust along.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ndoba_types::{Sha256Digest, SignatureAlgorithm, SubjectPublicKeyInfo, UtcTime, canonical};
use ndoba_x509::{ecdsa_der_from_raw, verify_signature};
use serde::{Deserialize, Serialize};

use crate::{SignerRole, as_text};

/// The most octets of a flattened JWS: with RSA 8192, about 1 800.
const MAX_LEN: usize = 4096;

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JwsAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// RSASSA-PSS with SHA-256: cards and WebCrypto.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256: older cards.
    #[serde(rename = "RS256")]
    Rs256,
}

impl JwsAlgorithm {
    /// The same algorithm as X.509 knows it.
    pub fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::Es256 => SignatureAlgorithm::EcdsaP256Sha256,
            Self::Es384 => SignatureAlgorithm::EcdsaP384Sha384,
            Self::Ps256 => SignatureAlgorithm::RsaPssSha256,
            Self::Rs256 => SignatureAlgorithm::RsaPkcs1Sha256,
        }
    }
}

/// What is signed, so that a signature over one is none over the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaType {
    /// An officer's own acceptance of an appointment.
    #[serde(rename = "ndoba-acceptance+jws")]
    Acceptance,
    /// A document of the register.
    #[serde(rename = "ndoba-grant+jws")]
    Grant,
    /// What a probe saw.
    #[serde(rename = "ndoba-observation+jws")]
    Observation,
    /// An order.
    #[serde(rename = "ndoba-order+jws")]
    Order,
    /// The presence of two security officers while a CA's key is used.
    #[serde(rename = "ndoba-presence+jws")]
    Presence,
    /// The acceptance of a restored database.
    #[serde(rename = "ndoba-restore+jws")]
    Restore,
}

/// The protected header: exactly these members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// How it is signed. The key decides what is possible; this must agree with it.
    pub alg: JwsAlgorithm,
    /// What is signed.
    pub typ: MediaType,
    /// As what the officer signs.
    #[serde(with = "as_text")]
    pub role: SignerRole,
    /// SHA-256 over the officer's SubjectPublicKeyInfo.
    #[serde(with = "as_text")]
    pub kid: Sha256Digest,
    /// When, in seconds since 1970, by the officer's computer.
    pub iat: u64,
    /// Of the second of two signers only: [`FlatJws::digest`] of the first one's signature.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text::option")]
    pub over: Option<Sha256Digest>,
}

impl Header {
    /// The header as it stands in the JWS: base64url of its canonical JSON.
    fn to_protected(&self) -> Result<String, BadJws> {
        let value = serde_json::to_value(self).map_err(|_| BadJws::Malformed)?;
        Ok(BASE64URL.encode(canonical::encode(&value).map_err(|_| BadJws::Malformed)?))
    }
}

/// What the officer's key signs: `BASE64URL(header) . BASE64URL(payload)` (RFC 7515 §5.1).
///
/// # Errors
///
/// [`BadJws::Malformed`] when the header's `iat` is no date.
pub fn signing_input(header: &Header, payload: &[u8]) -> Result<Vec<u8>, BadJws> {
    Ok(input(&header.to_protected()?, payload))
}

fn input(protected: &str, payload: &[u8]) -> Vec<u8> {
    format!("{protected}.{}", BASE64URL.encode(payload)).into_bytes()
}

/// The flattened JWS of a signature over [`signing_input`], as JWS writes it: for ECDSA r and s side by side.
///
/// # Errors
///
/// [`BadJws::Malformed`] when the header's `iat` is no date.
pub fn assemble(header: &Header, signature: &[u8]) -> Result<Vec<u8>, BadJws> {
    let value = serde_json::json!({
        "protected": header.to_protected()?,
        "signature": BASE64URL.encode(signature),
    });
    canonical::encode(&value).map_err(|_| BadJws::Malformed)
}

/// A flattened JWS that was read, its signature not verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatJws {
    header: Header,
    protected: String,
    signature: Vec<u8>,
    digest: Sha256Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatJson {
    protected: String,
    signature: String,
}

impl FlatJws {
    /// Reads `{"protected":…,"signature":…}`, which must be canonical, and so must be the header within.
    ///
    /// # Errors
    ///
    /// [`BadJws::Malformed`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadJws> {
        if bytes.len() > MAX_LEN {
            return Err(BadJws::Malformed);
        }
        let value = canonical::decode(bytes).map_err(|_| BadJws::Malformed)?;
        let FlatJson { protected, signature } =
            serde_json::from_value(value).map_err(|_| BadJws::Malformed)?;
        let header = BASE64URL.decode(&protected).map_err(|_| BadJws::Malformed)?;
        let header = canonical::decode(&header).map_err(|_| BadJws::Malformed)?;
        let header: Header = serde_json::from_value(header).map_err(|_| BadJws::Malformed)?;
        // Refuses `"over":null` and any other header that means the same in other bytes.
        if header.to_protected()? != protected {
            return Err(BadJws::Malformed);
        }
        let signature = BASE64URL.decode(signature).map_err(|_| BadJws::Malformed)?;
        Ok(Self { header, protected, signature, digest: Sha256Digest::of(bytes) })
    }

    /// What its header claims. Proved by [`Self::verify`].
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether it was made between the two, by the signer's own word.
    pub(crate) fn signed_between(&self, earliest: UtcTime, latest: UtcTime) -> bool {
        let at = i64::try_from(self.header.iat).ok().and_then(|iat| UtcTime::from_unix_seconds(iat).ok());
        at.is_some_and(|at| earliest <= at && at <= latest)
    }

    /// SHA-256 over its canonical bytes: what an approver's `over` names.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// Verifies the signature over `payload` by the key that the header names, which the caller found by `kid`.
    ///
    /// # Errors
    ///
    /// [`BadJws::OtherMediaType`] when another kind of document was signed, [`BadJws::Invalid`] when the key is
    /// another, does not fit the algorithm, or the signature does not hold.
    pub fn verify(&self, typ: MediaType, payload: &[u8], key: &SubjectPublicKeyInfo) -> Result<(), BadJws> {
        if self.header.typ != typ {
            return Err(BadJws::OtherMediaType);
        }
        if self.header.kid != key.fingerprint() {
            return Err(BadJws::Invalid);
        }
        let der = match self.header.alg {
            JwsAlgorithm::Es256 => ecdsa_der_from_raw(&self.signature, 32),
            JwsAlgorithm::Es384 => ecdsa_der_from_raw(&self.signature, 48),
            JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => Some(self.signature.clone()),
        };
        let der = der.ok_or(BadJws::Invalid)?;
        let message = input(&self.protected, payload);
        verify_signature(key, self.header.alg.signature_algorithm(), &message, &der)
            .map_err(|_| BadJws::Invalid)
    }
}

/// Why bytes are no signature over a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadJws {
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Invalid,
    /// Not a flattened JWS of the one form that is accepted.
    #[error("the signature is not a flattened JWS with exactly the members it must have")]
    Malformed,
    /// A signature over another kind of document.
    #[error("the signature is for another kind of document")]
    OtherMediaType,
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    /// Signatures by openssl, the way cards and browsers make them.
    #[test]
    fn signatures_of_every_algorithm_by_another_hand() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let openssl = |arguments: &str| {
            let arguments = arguments.replace("%", folder.path().to_str().unwrap());
            let done = Command::new("openssl").args(arguments.split_whitespace()).output().unwrap();
            assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
        };
        let ec = |curve| format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out %/key.pem");
        let rsa = "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out %/key.pem".to_owned();
        let pss = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32";
        for (alg, key, how) in [
            (JwsAlgorithm::Es256, ec("P-256"), "-sha256"),
            (JwsAlgorithm::Es384, ec("P-384"), "-sha384"),
            (JwsAlgorithm::Rs256, rsa.clone(), "-sha256"),
            (JwsAlgorithm::Ps256, rsa, pss),
        ] {
            openssl(&key);
            openssl("pkey -in %/key.pem -pubout -outform DER -out %/key.der");
            let spki = SubjectPublicKeyInfo::assertion(fs::read(path("key.der")).unwrap());
            let header = Header {
                alg,
                typ: MediaType::Order,
                role: SignerRole::Submitter,
                kid: spki.fingerprint(),
                iat: 1_795_000_000,
                over: None,
            };
            let payload = b"{\"not\":\"judged here\"}";
            fs::write(path("message"), signing_input(&header, payload).unwrap()).unwrap();
            openssl(&format!("dgst {how} -sign %/key.pem -out %/signature %/message"));
            let mut signature = fs::read(path("signature")).unwrap();
            match alg {
                JwsAlgorithm::Es256 => {
                    signature = p256::ecdsa::Signature::from_der(&signature).unwrap().to_bytes().to_vec();
                }
                JwsAlgorithm::Es384 => {
                    signature = p384::ecdsa::Signature::from_der(&signature).unwrap().to_bytes().to_vec();
                }
                JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => {}
            }
            let jws = FlatJws::from_bytes(&assemble(&header, &signature).unwrap()).unwrap();
            assert_eq!(jws.header(), &header);
            assert_eq!(jws.verify(MediaType::Order, payload, &spki), Ok(()), "{alg:?}");
            assert_eq!(jws.verify(MediaType::Order, b"{}", &spki), Err(BadJws::Invalid));
            assert_eq!(jws.verify(MediaType::Grant, payload, &spki), Err(BadJws::OtherMediaType));
        }
    }
}
