//! An officer's key and certificate, and the signatures it makes.
//!
//! A key in a file is for development and training only (production officers have cards); who loads one decides that.

use std::fmt;

use ndoba_order::{FlatJws, Header, JwsAlgorithm, MediaType, SignerRole, assemble, signing_input};
use ndoba_types::{Sha256Digest, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::Certificate;
use p256::ecdsa::signature::Signer;
use p256::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use ureq::tls::PrivateKey;

/// An officer's key with its certificate chain. `Debug` shows the public key's digest only.
pub struct Identity {
    key: Key,
    spki: SubjectPublicKeyInfo,
    tls_key: PrivateKey<'static>,
    chain: Vec<CertificateDer<'static>>,
}

enum Key {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl Identity {
    /// Reads PEM: one PKCS#8 key (`PRIVATE KEY`, P-256 or P-384) and the certificates, the officer's own first.
    ///
    /// # Errors
    ///
    /// [`BadIdentity`], by what is wrong with the file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, BadIdentity> {
        let pkcs8 = match PrivateKeyDer::from_pem_slice(pem) {
            Ok(PrivateKeyDer::Pkcs8(key)) => key,
            Ok(_) => return Err(BadIdentity::KeyFormat),
            Err(_) => return Err(BadIdentity::NoKey),
        };
        let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = chain.map_err(|_| BadIdentity::Certificate)?;
        let leaf = chain.first().ok_or(BadIdentity::NoCertificate)?;
        let leaf = Certificate::from_der(leaf.as_ref()).map_err(|_| BadIdentity::Certificate)?;
        let (key, spki) = read_key(pkcs8.secret_pkcs8_der())?;
        if leaf.spki() != &spki {
            return Err(BadIdentity::OtherKey);
        }
        let tls_key = PrivateKey::from_pem(pem).map_err(|_| BadIdentity::NoKey)?;
        Ok(Self { key, spki, tls_key, chain })
    }

    /// The public key.
    pub fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.spki
    }

    /// SHA-256 over the public key: how grants and signatures name it.
    pub fn fingerprint(&self) -> Sha256Digest {
        self.spki.fingerprint()
    }

    /// The certificates, the officer's own first.
    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The private key for TLS.
    pub(crate) fn tls_key(&self) -> &PrivateKey<'static> {
        &self.tls_key
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
    /// [`CannotSign`]: a fault of ours.
    pub fn sign(
        &self,
        typ: MediaType,
        content: &[u8],
        role: SignerRole,
        over: Option<&FlatJws>,
        now: UtcTime,
    ) -> Result<String, CannotSign> {
        let header = Header {
            alg: match self.key {
                Key::P256(_) => JwsAlgorithm::Es256,
                Key::P384(_) => JwsAlgorithm::Es384,
            },
            typ,
            role,
            kid: self.fingerprint(),
            iat: now.unix_seconds().unsigned_abs(),
            over: over.map(FlatJws::digest),
        };
        let input = signing_input(&header, content).map_err(|_| CannotSign)?;
        let signature = match &self.key {
            Key::P256(key) => {
                let signature: p256::ecdsa::Signature = key.try_sign(&input).map_err(|_| CannotSign)?;
                signature.to_bytes().to_vec()
            }
            Key::P384(key) => {
                let signature: p384::ecdsa::Signature = key.try_sign(&input).map_err(|_| CannotSign)?;
                signature.to_bytes().to_vec()
            }
        };
        let jws = assemble(&header, &signature).map_err(|_| CannotSign)?;
        String::from_utf8(jws).map_err(|_| CannotSign)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.fingerprint())
    }
}

fn read_key(pkcs8: &[u8]) -> Result<(Key, SubjectPublicKeyInfo), BadIdentity> {
    if let Ok(key) = p256::SecretKey::from_pkcs8_der(pkcs8) {
        let public = key.public_key().to_public_key_der().map_err(|_| BadIdentity::KeyFormat)?;
        return Ok((Key::P256(key.into()), SubjectPublicKeyInfo::assertion(public.into_vec())));
    }
    let key = p384::SecretKey::from_pkcs8_der(pkcs8).map_err(|_| BadIdentity::KeyFormat)?;
    let public = key.public_key().to_public_key_der().map_err(|_| BadIdentity::KeyFormat)?;
    Ok((Key::P384(key.into()), SubjectPublicKeyInfo::assertion(public.into_vec())))
}

/// Why a file is no officer's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentity {
    /// A certificate does not read.
    #[error("a certificate in the file does not read")]
    Certificate,
    /// The key is of another kind.
    #[error("the key must be P-256 or P-384 in PKCS#8 (BEGIN PRIVATE KEY), not encrypted")]
    KeyFormat,
    /// There is no certificate.
    #[error("the file has no certificate")]
    NoCertificate,
    /// There is no key.
    #[error("the file has no private key")]
    NoKey,
    /// Key and certificate do not belong together.
    #[error("the first certificate is not of the key in the file")]
    OtherKey,
}

/// The key did not sign: a fault of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the officer's key made no signature")]
pub struct CannotSign;

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
