//! An officer's key, wherever it lies: on a card, or in a file.
//!
//! This is the one place where either is asked to sign: orders, documents of the register, requests for certification
//! and TLS all come here. The form on a card is the command's, which knows the token; a file is for development and
//! training only, and who loads one decides that.

use std::fmt;

use ndoba_types::{Signature, SignatureAlgorithm, SubjectPublicKeyInfo};
use ndoba_x509::{PemLabel, assemble, certification_request_info, to_pem};
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};

/// A private key on P-256 or P-384 that signs for its officer.
pub trait OfficerKey: fmt::Debug + Send + Sync {
    /// The public half.
    fn public_key(&self) -> &SubjectPublicKeyInfo;

    /// What it signs with.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Signs `message`, hashing it first: an ECDSA signature as X.509 and TLS write it (RFC 3279 §2.2.3).
    ///
    /// # Errors
    ///
    /// [`CannotSign`].
    fn sign(&self, message: &[u8]) -> Result<Signature, CannotSign>;
}

/// The key did not sign, for the reason told: the card was pulled out, or a fault of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the officer's key made no signature: {0}")]
pub struct CannotSign(pub String);

/// A request for certification that `key` signs (PKCS#10, PEM): what an officer-to-be presents with a one-time code.
///
/// # Errors
///
/// [`CannotSign`].
pub fn request_for_certification(key: &dyn OfficerKey) -> Result<String, CannotSign> {
    let info = certification_request_info(key.public_key());
    let request = assemble(&info, key.algorithm(), &key.sign(&info)?);
    Ok(to_pem(PemLabel::CertificateRequest, &request))
}

/// A key that was read from a file. `Debug` shows the public half only.
pub(crate) struct FileKey {
    secret: Secret,
    public_key: SubjectPublicKeyInfo,
}

enum Secret {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl FileKey {
    /// Reads PKCS#8; none where it holds another kind of key.
    pub(crate) fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        let (secret, public) = if let Ok(key) = p256::SecretKey::from_pkcs8_der(pkcs8) {
            let public = key.public_key().to_public_key_der();
            (Secret::P256(key.into()), public)
        } else {
            let key = p384::SecretKey::from_pkcs8_der(pkcs8).ok()?;
            let public = key.public_key().to_public_key_der();
            (Secret::P384(key.into()), public)
        };
        Some(Self { secret, public_key: SubjectPublicKeyInfo::assertion(public.ok()?.into_vec()) })
    }
}

impl OfficerKey for FileKey {
    fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.public_key
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.secret {
            Secret::P256(_) => SignatureAlgorithm::EcdsaP256Sha256,
            Secret::P384(_) => SignatureAlgorithm::EcdsaP384Sha384,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, CannotSign> {
        let failed = |error: p256::ecdsa::Error| CannotSign(error.to_string());
        let der = match &self.secret {
            Secret::P256(key) => {
                let signature: p256::ecdsa::DerSignature = key.try_sign(message).map_err(failed)?;
                signature.as_bytes().to_vec()
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::DerSignature = key.try_sign(message).map_err(failed)?;
                signature.as_bytes().to_vec()
            }
        };
        Ok(Signature::from_bytes(der))
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileKey({:?})", self.public_key)
    }
}
