//! The provider's own certificates, judged before anything is served with them (design §10): each CA's, each
//! responder's, each time-stamping unit's.
//!
//! The ceremony judged what it made. This judges what is configured: another file, an older one, one made elsewhere.

use std::path::Path;

use anyhow::Context as _;
use ndoba_lint::{CertificateKind, Context, Issuer, Jurisdiction, Scope, Severity, lint_certificate};
use ndoba_settings::{Role, Settings};
use ndoba_x509::Certificate;

use crate::{installation, succession};

/// Refuses a unit's certificate with an error of the lint, before it is put in place.
pub(crate) fn judge_unit(settings: &Settings, certificate: &Certificate) -> anyhow::Result<()> {
    let mut cas = Vec::new();
    for ca in &settings.cas {
        cas.push((&ca.certificate, installation::certificate(&ca.certificate)?));
    }
    judge_one(Path::new("unit"), certificate, CertificateKind::TimeStampingUnit, &cas)
}

/// Refuses a certificate with an error of the lint; warnings are logged.
pub(super) fn judge(settings: &Settings) -> anyhow::Result<()> {
    let mut cas = Vec::new();
    for ca in &settings.cas {
        cas.push((&ca.certificate, installation::certificate(&ca.certificate)?));
    }
    for (path, certificate) in &cas {
        let is_root = certificate.issuer() == certificate.subject();
        let kind = if is_root { CertificateKind::Root } else { CertificateKind::IssuingCa };
        judge_one(path, certificate, kind, &cas)?;
    }
    if settings.roles.has(Role::Public) {
        for ocsp in settings.cas.iter().filter_map(|ca| ca.ocsp.as_ref()) {
            let certificate = installation::certificate(&ocsp.certificate)?;
            judge_one(&ocsp.certificate, &certificate, CertificateKind::OcspResponder, &cas)?;
        }
        for unit in &settings.tsa.units {
            for (_, file) in succession::keys(unit, &succession::read(settings, &unit.name)?) {
                let certificate = installation::certificate(&file)?;
                judge_one(&file, &certificate, CertificateKind::TimeStampingUnit, &cas)?;
            }
        }
    }
    Ok(())
}

/// Judges a responder certificate that the ledger has, before it is put in service.
pub(super) fn judge_responder(certificate: &Certificate, ca: &Certificate) -> anyhow::Result<()> {
    let from = Path::new("of the ledger");
    judge_one(from, certificate, CertificateKind::OcspResponder, &[(from, ca.clone())])
}

fn judge_one<P: AsRef<Path>>(
    path: &Path,
    certificate: &Certificate,
    kind: CertificateKind,
    cas: &[(P, Certificate)],
) -> anyhow::Result<()> {
    // Of CAs of one name the one whose key it names; where there is none, the lint says what is wrong with the key.
    let mut named = cas.iter().map(|(_, ca)| ca).filter(|ca| ca.subject() == certificate.issuer());
    let issuer = named.clone().find(|ca| installation::certified(ca, certificate)).or_else(|| named.next());
    let issuer = issuer.and_then(|ca| {
        Some(Issuer {
            name: ca.subject().as_der(),
            key_identifier: ca.subject_key_identifier()?,
            not_after: ca.not_after(),
        })
    });
    let context = Context {
        kind,
        scope: Scope::Ours,
        // Only subscribers' certificates look at it.
        jurisdiction: Jurisdiction::GEORGIA,
        issued_at: certificate.not_before(),
        issuer,
        crl: None,
        qscd: None,
    };
    let findings = lint_certificate(certificate.as_der(), &context);
    for finding in &findings {
        tracing::warn!(certificate = %path.display(), "{finding}");
    }
    let error = findings.into_iter().find(|finding| finding.severity == Severity::Error);
    match error {
        None => Ok(()),
        Some(error) => Err(anyhow::anyhow!("{error}"))
            .with_context(|| format!("the certificate {} is not fit for its role", path.display())),
    }
}
