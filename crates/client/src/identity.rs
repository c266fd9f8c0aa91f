//! An officer's key with its certificate, and the signatures over documents that it makes.

use std::fmt;
use std::sync::Arc;

use ndoba_order::{FlatJws, Header, JwsAlgorithm, MediaType, SignerRole, assemble, signing_input};
use ndoba_types::{Sha256Digest, Signature, SignatureAlgorithm, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::Certificate;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::officer_key::{CannotSign, FileKey, OfficerKey};

/// An officer's key with its certificate chain. `Debug` shows the public key's digest only.
pub struct Identity {
    key: Arc<dyn OfficerKey>,
    chain: Vec<CertificateDer<'static>>,
}

impl Identity {
    /// Puts a key together with its certificates, DER, the officer's own first.
    ///
    /// # Errors
    ///
    /// [`BadIdentity`], by what does not fit.
    pub fn new(key: Arc<dyn OfficerKey>, chain: Vec<CertificateDer<'static>>) -> Result<Self, BadIdentity> {
        let leaf = chain.first().ok_or(BadIdentity::NoCertificate)?;
        let leaf = Certificate::from_der(leaf.as_ref()).map_err(|_| BadIdentity::Certificate)?;
        jws_algorithm(key.algorithm()).ok_or(BadIdentity::KeyFormat)?;
        if leaf.spki() != key.public_key() {
            return Err(BadIdentity::OtherKey);
        }
        Ok(Self { key, chain })
    }

    /// Reads PEM: one PKCS#8 key (`PRIVATE KEY`, P-256 or P-384) and the certificates, the officer's own first.
    ///
    /// # Errors
    ///
    /// [`BadIdentity`], by what is wrong with the file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, BadIdentity> {
        let key = key_from_pem(pem)?;
        let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(pem).collect();
        Self::new(key, chain.map_err(|_| BadIdentity::Certificate)?)
    }

    /// Its key.
    pub(crate) fn key(&self) -> &Arc<dyn OfficerKey> {
        &self.key
    }

    /// The public key.
    pub fn public_key(&self) -> &SubjectPublicKeyInfo {
        self.key.public_key()
    }

    /// SHA-256 over the public key: how grants and signatures name it.
    pub fn fingerprint(&self) -> Sha256Digest {
        self.public_key().fingerprint()
    }

    /// The certificates, the officer's own first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// Signs a document: a flattened JWS with detached payload.
    ///
    /// # Inputs
    ///
    /// - `content` – the exact canonical bytes, shown to the officer before.
    /// - `over` – an approver's: [`FlatJws::digest`] of the submitter's signature.
    /// - `now` – the officer's clock.
    ///
    /// # Errors
    ///
    /// [`CannotSign`].
    pub fn sign(
        &self,
        typ: MediaType,
        content: &[u8],
        role: SignerRole,
        over: Option<&FlatJws>,
        now: UtcTime,
    ) -> Result<String, CannotSign> {
        signed(&*self.key, typ, content, role, over, now)
    }
}

/// Signs the acceptance of an appointment with the key that is to be granted, which needs no certificate for it.
///
/// # Errors
///
/// [`CannotSign`].
pub fn sign_acceptance(key: &dyn OfficerKey, content: &[u8], now: UtcTime) -> Result<String, CannotSign> {
    signed(key, MediaType::Acceptance, content, SignerRole::Appointed, None, now)
}

/// Reads one PKCS#8 key (`PRIVATE KEY`, P-256 or P-384) from PEM, with certificates or without.
///
/// # Errors
///
/// [`BadIdentity`], by what is wrong with the file.
pub fn key_from_pem(pem: &[u8]) -> Result<Arc<dyn OfficerKey>, BadIdentity> {
    let pkcs8 = match PrivateKeyDer::from_pem_slice(pem) {
        Ok(PrivateKeyDer::Pkcs8(key)) => key,
        Ok(_) => return Err(BadIdentity::KeyFormat),
        Err(_) => return Err(BadIdentity::NoKey),
    };
    let key = FileKey::from_pkcs8(pkcs8.secret_pkcs8_der()).ok_or(BadIdentity::KeyFormat)?;
    Ok(Arc::new(key))
}

fn signed(
    key: &dyn OfficerKey,
    typ: MediaType,
    content: &[u8],
    role: SignerRole,
    over: Option<&FlatJws>,
    now: UtcTime,
) -> Result<String, CannotSign> {
    let fault = || CannotSign("a fault of ours".into());
    let header = Header {
        alg: jws_algorithm(key.algorithm()).ok_or_else(fault)?,
        typ,
        role,
        kid: key.public_key().fingerprint(),
        iat: now.unix_seconds().unsigned_abs(),
        over: over.map(FlatJws::digest),
    };
    let input = signing_input(&header, content).map_err(|_| fault())?;
    let signature = raw(header.alg, &key.sign(&input)?).ok_or_else(fault)?;
    let jws = assemble(&header, &signature).map_err(|_| fault())?;
    String::from_utf8(jws).map_err(|_| fault())
}

/// The algorithm as JWS knows it, for the kinds of keys that officers have.
fn jws_algorithm(algorithm: SignatureAlgorithm) -> Option<JwsAlgorithm> {
    [JwsAlgorithm::Es256, JwsAlgorithm::Es384].into_iter().find(|jws| jws.signature_algorithm() == algorithm)
}

/// r‖s, as JWS writes an ECDSA signature (RFC 7518 §3.4).
fn raw(algorithm: JwsAlgorithm, signature: &Signature) -> Option<Vec<u8>> {
    let der = signature.as_bytes();
    match algorithm {
        JwsAlgorithm::Es256 => Some(p256::ecdsa::Signature::from_der(der).ok()?.to_bytes().to_vec()),
        JwsAlgorithm::Es384 => Some(p384::ecdsa::Signature::from_der(der).ok()?.to_bytes().to_vec()),
        JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => None,
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.fingerprint())
    }
}

/// Why key and certificates are no officer's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentity {
    /// A certificate does not read.
    #[error("a certificate does not read")]
    Certificate,
    /// The key is of another kind.
    #[error("the key must be P-256 or P-384 in PKCS#8 (BEGIN PRIVATE KEY), not encrypted")]
    KeyFormat,
    /// There is no certificate.
    #[error("there is no certificate")]
    NoCertificate,
    /// There is no key.
    #[error("there is no private key")]
    NoKey,
    /// Key and certificate do not belong together.
    #[error("the first certificate is not of this key")]
    OtherKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(algorithm: &'static rcgen::SignatureAlgorithm) -> Identity {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let certificate =
            rcgen::CertificateParams::new(["officer".into()]).unwrap().self_signed(&key).unwrap();
        Identity::from_pem(format!("{}{}", key.serialize_pem(), certificate.pem()).as_bytes()).unwrap()
    }

    #[test]
    fn its_signatures_verify() {
        let now: UtcTime = "2026-11-23T12:00:00Z".parse().unwrap();
        for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384] {
            let officer = identity(algorithm);
            let submitted = officer.sign(MediaType::Order, b"{}", SignerRole::Submitter, None, now).unwrap();
            let submitted = FlatJws::from_bytes(submitted.as_bytes()).unwrap();
            assert_eq!(submitted.verify(MediaType::Order, b"{}", officer.public_key()), Ok(()));
            assert!(submitted.verify(MediaType::Order, b"[]", officer.public_key()).is_err());
            assert!(submitted.verify(MediaType::Grant, b"{}", officer.public_key()).is_err());

            let approved =
                officer.sign(MediaType::Order, b"{}", SignerRole::Approver, Some(&submitted), now).unwrap();
            let approved = FlatJws::from_bytes(approved.as_bytes()).unwrap();
            assert_eq!(approved.header().over, Some(submitted.digest()));
            assert_eq!(approved.header().iat, 1_795_435_200);
        }
    }

    #[test]
    fn files_that_are_no_identity() {
        let one = rcgen::KeyPair::generate().unwrap();
        let other = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(["officer".into()]).unwrap().self_signed(&one).unwrap();
        let read = |text: String| Identity::from_pem(text.as_bytes()).unwrap_err();
        assert_eq!(read(String::new()), BadIdentity::NoKey);
        assert_eq!(read(one.serialize_pem()), BadIdentity::NoCertificate);
        assert_eq!(read(format!("{}{}", other.serialize_pem(), certificate.pem())), BadIdentity::OtherKey);
    }
}
