//! The internal operations CA: TLS certificates for the officers' and operators' connections, made with rcgen.
//!
//! Its certificates give access, never authority: the register of grants is asked on every request, and orders are
//! signed. It has nothing in common with the CAs of the trust service, and its key may therefore lie in a file.

use std::path::{Path, PathBuf};

use ndoba_ceremony::Mode;
use ndoba_types::{Span, UtcTime};
use ndoba_x509::{Certificate, oid};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SubjectPublicKeyInfo,
};
use rustls_pki_types::CertificateDer;

use crate::files;

/// Days of validity of the operations CA.
const AUTHORITY_DAYS: u32 = 10 * 365;
/// Days of validity of what it certifies.
const LEAF_DAYS: u32 = 2 * 365;

/// Its common name, and in development another: certificates of that one may have their keys in files, and no production
/// installation believes in them.
const NAME: &str = "Ndoba operations CA";
const NAME_IN_DEVELOPMENT: &str = "Ndoba TEST operations CA";

/// Whether the operations CA of this name was made in development.
pub(crate) fn made_in_development(name: &ndoba_x509::DistinguishedName) -> bool {
    name.attributes().iter().any(|(id, value)| *id == oid::COMMON_NAME && value == NAME_IN_DEVELOPMENT)
}

/// Whether one of these operations CAs was made in development.
pub(crate) fn any_of_development(authorities: &[CertificateDer<'_>]) -> anyhow::Result<bool> {
    for authority in authorities {
        if made_in_development(Certificate::from_der(authority)?.subject()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where its key and certificate lie.
pub(crate) struct OperationsCa {
    key: PathBuf,
    certificate: PathBuf,
}

/// A key with its certificate and chain, as PEM in this order: what `--as` takes.
pub(crate) struct Identity {
    /// PKCS#8 private key, certificate, operations CA.
    pub(crate) pem: String,
    /// The certificate, DER.
    pub(crate) certificate: Vec<u8>,
}

impl OperationsCa {
    /// The operations CA of the state folder `dir`.
    pub(crate) fn at(dir: &Path) -> Self {
        Self { key: dir.join("operations/ca.key"), certificate: dir.join("officers/operations-ca.pem") }
    }

    /// Makes its key and certificate.
    pub(crate) fn create(&self, mode: Mode, now: UtcTime) -> anyhow::Result<()> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name(match mode {
            Mode::Development => NAME_IN_DEVELOPMENT,
            Mode::Production => NAME,
        });
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, now, AUTHORITY_DAYS);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)?;
        files::write_secret(&self.key, issuer.key().serialize_pem().as_bytes())?;
        files::write(&self.certificate, issuer.pem().as_bytes())?;
        Ok(())
    }

    /// A client certificate for an officer or a program.
    pub(crate) fn client(&self, common_name: &str, now: UtcTime) -> anyhow::Result<Identity> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.leaf(params, common_name, now)
    }

    /// A server certificate for the loopback names.
    pub(crate) fn server(&self, common_name: &str, now: UtcTime) -> anyhow::Result<Identity> {
        let mut params =
            CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()])?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.leaf(params, common_name, now)
    }

    /// A client certificate for a key that its officer holds; DER.
    pub(crate) fn certify(
        &self,
        key: &ndoba_types::SubjectPublicKeyInfo,
        common_name: &str,
        now: UtcTime,
    ) -> anyhow::Result<Vec<u8>> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = SubjectPublicKeyInfo::from_der(key.as_der())?;
        Ok(self.signed(params, common_name, now, &key)?.der().to_vec())
    }

    fn leaf(&self, params: CertificateParams, common_name: &str, now: UtcTime) -> anyhow::Result<Identity> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = self.signed(params, common_name, now, &key)?;
        let authority = files::read_text(&self.certificate)?;
        Ok(Identity {
            pem: format!("{}{}{authority}", key.serialize_pem(), certificate.pem()),
            certificate: certificate.der().to_vec(),
        })
    }

    /// A certificate for this key.
    fn signed(
        &self,
        mut params: CertificateParams,
        common_name: &str,
        now: UtcTime,
        key: &impl PublicKeyData,
    ) -> anyhow::Result<rcgen::Certificate> {
        let authority = files::read_text(&self.certificate)?;
        let authority_key = KeyPair::from_pem(&files::read_text(&self.key)?)?;
        let issuer = Issuer::from_ca_cert_pem(&authority, authority_key)?;
        params.distinguished_name = name(common_name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, now, LEAF_DAYS);
        Ok(params.signed_by(key, &issuer)?)
    }
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn valid(params: &mut CertificateParams, now: UtcTime, days: u32) {
    // Five minutes earlier, since the officer's clock may be behind this one's.
    params.not_before = now.minus(Span::minutes(5)).to_date_time();
    params.not_after = now.plus(Span::days(days)).to_date_time();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operations_ca_says_whether_it_is_of_development() {
        for (mode, of_development) in [(Mode::Development, true), (Mode::Production, false)] {
            let folder = tempfile::tempdir().unwrap();
            let operations = OperationsCa::at(folder.path());
            let now = "2026-11-27T12:00:00Z".parse().unwrap();
            operations.create(mode, now).unwrap();
            let authority = crate::serve::tls::certificates(&operations.certificate).unwrap();
            assert_eq!(any_of_development(&authority).unwrap(), of_development);
            let officer = Certificate::from_der(&operations.client("x", now).unwrap().certificate).unwrap();
            assert_eq!(made_in_development(officer.issuer()), of_development);
            // What an officer is called says nothing.
            let named = operations.client(NAME_IN_DEVELOPMENT, now).unwrap();
            let named = Certificate::from_der(&named.certificate).unwrap();
            assert_eq!(made_in_development(named.issuer()), of_development);
        }
    }
}
