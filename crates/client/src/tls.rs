//! TLS as a client, by aws-lc; the officer's key signs the handshake wherever it lies.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, SignatureAlgorithm, SignatureScheme};
use rustls_pki_types::CertificateDer;

use crate::identity::Identity;
use crate::officer_key::OfficerKey;

/// Trusts `roots` and nothing else, and shows `officer`'s certificate if given.
///
/// # Errors
///
/// rustls': a fault of ours.
pub(crate) fn client(
    roots: &[CertificateDer<'_>],
    officer: Option<&Identity>,
) -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut trusted = RootCertStore::empty();
    // One that does not parse is none: the server's certificate will not be found good.
    trusted.add_parsable_certificates(roots.iter().map(|root| root.clone().into_owned()));
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted);
    Ok(Arc::new(match officer {
        None => config.with_no_client_auth(),
        Some(officer) => {
            let key = Arc::new(TlsKey(Arc::clone(officer.key())));
            let shown = CertifiedKey::new(officer.chain().to_vec(), key);
            config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
        }
    }))
}

/// An officer's key as rustls asks it.
#[derive(Clone, Debug)]
struct TlsKey(Arc<dyn OfficerKey>);

impl TlsKey {
    /// In TLS 1.3 a scheme names the curve (RFC 8446 §4.2.3), so a key has one.
    fn own_scheme(&self) -> Option<SignatureScheme> {
        use ndoba_types::SignatureAlgorithm as A;
        match self.0.algorithm() {
            A::EcdsaP256Sha256 => Some(SignatureScheme::ECDSA_NISTP256_SHA256),
            A::EcdsaP384Sha384 => Some(SignatureScheme::ECDSA_NISTP384_SHA384),
            A::EcdsaP521Sha512
            | A::RsaPkcs1Sha256
            | A::RsaPkcs1Sha384
            | A::RsaPkcs1Sha512
            | A::RsaPssSha256
            | A::RsaPssSha384
            | A::RsaPssSha512
            | A::Ed25519 => None,
        }
    }
}

impl SigningKey for TlsKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = self.own_scheme().filter(|own| offered.contains(own))?;
        Some(Box::new(TlsSigner { key: Arc::clone(&self.0), scheme }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

#[derive(Debug)]
struct TlsSigner {
    key: Arc<dyn OfficerKey>,
    scheme: SignatureScheme,
}

impl Signer for TlsSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature = self.key.sign(message).map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(signature.as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}
