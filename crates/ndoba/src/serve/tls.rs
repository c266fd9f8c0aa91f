//! TLS: one provider for the process, PEM files to what the servers take.

use std::path::Path;

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::files;

/// Makes aws-lc-rs the process's provider, for every place that does not name one.
pub(crate) fn install_provider() -> anyhow::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a TLS provider is installed already"))
}

/// All certificates of a PEM file.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = files::read(path)?;
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("{} holds no certificates", path.display()))
}

/// The private key of a PEM file.
pub(crate) fn key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(&files::read(path)?)
        .with_context(|| format!("{} holds no private key", path.display()))
}

/// A server that asks for no client certificate.
pub(crate) fn server(certificate: &Path, key_file: &Path) -> anyhow::Result<ServerConfig> {
    Ok(ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates(certificate)?, key(key_file)?)?)
}
