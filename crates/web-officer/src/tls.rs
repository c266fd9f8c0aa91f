//! TLS with a client certificate of the operations CA, required (P-05, K-P02).

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The server's side of mutual TLS.
///
/// # Inputs
///
/// - `chain`, `key`: the server's own certificate with its issuers, and its key.
/// - `operations_ca`: the only roots whose client certificates are let in; the public CAs never are.
///
/// # Errors
///
/// [`TlsError`], at start only.
pub fn mutual_tls(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    operations_ca: &[CertificateDer<'static>],
) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for root in operations_ca {
        roots.add(root.clone()).map_err(TlsError::Root)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(TlsError::Verifier)?;
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Server)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(TlsError::Server)
}

/// The server's side of TLS for strangers: nobody shows a certificate.
///
/// # Errors
///
/// [`TlsError`], at start only.
pub fn server_tls(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, TlsError> {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Server)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Server)
}

/// Why TLS cannot be set up: correct the configuration.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate of the operations CA does not read.
    #[error("a certificate of the operations CA cannot be a trust anchor")]
    Root(#[source] rustls::Error),
    /// No usable certificate of the operations CA.
    #[error("client certificates cannot be verified")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
    /// The server's own certificate and key do not fit.
    #[error("the server's certificate or key cannot be used")]
    Server(#[source] rustls::Error),
}
