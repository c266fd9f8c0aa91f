//! What the ceremony is to make, and where it puts it.

use std::path::PathBuf;

use anyhow::Context as _;
use ndoba_settings::{CertificationAuthority, KeyRef, Ocsp, Settings};
use ndoba_types::{CaName, KeyLabel, Sha256Digest, Span};
use ndoba_x509::Certificate;

use crate::cli::NextCaArgs;
use crate::installation;

/// What is to be made.
pub(super) struct NextCa {
    pub(super) present: CertificationAuthority,
    pub(super) certificate: Certificate,
    pub(super) name: CaName,
    pub(super) days: u32,
    pub(super) issuer: CaName,
    pub(super) issuer_key: KeyRef,
    pub(super) key: KeyRef,
    pub(super) ocsp: Ocsp,
}

impl NextCa {
    pub(super) fn plan(args: &NextCaArgs, settings: &Settings) -> anyhow::Result<Self> {
        let configured = |name: &CaName| settings.cas.iter().find(|ca| ca.name == *name);
        anyhow::ensure!(configured(&args.next).is_none(), "the CA {} is configured already", args.next);
        let present = configured(&args.ca).cloned();
        let present = present.with_context(|| format!("the CA {} is not configured", args.ca))?;
        let key = present.key.clone();
        let key = key.with_context(|| format!("the key of the CA {} is not configured here", args.ca))?;
        let ocsp = present.ocsp.clone();
        let ocsp =
            ocsp.with_context(|| format!("the CA {} has no responder in this configuration", args.ca))?;
        let certificate = installation::certificate(&present.certificate)?;
        anyhow::ensure!(
            certificate.issuer() != certificate.subject(),
            "{} is a root: who trusts it has its key, and another root is trusted by other means",
            args.ca
        );
        let issuer = installation::issuer(settings, &certificate)?;
        let issuer = issuer.with_context(|| format!("the issuer of {} is not configured", args.ca))?;
        let issuer_key = issuer.key.clone();
        let issuer_key = issuer_key
            .with_context(|| format!("the key of the CA {} is not configured here", issuer.name))?;
        let given = certificate.not_after().since(certificate.not_before()).as_micros();
        let days = args.days.map_or_else(
            || u32::try_from((given + Span::seconds(1).as_micros()) / Span::days(1).as_micros()),
            Ok,
        )?;
        let label = |key: &KeyRef| -> anyhow::Result<KeyRef> {
            Ok(key.beside(KeyLabel::new(args.next.as_str(), key.label.purpose(), 1)?))
        };
        let mut ocsp = ocsp;
        ocsp.key = label(&ocsp.key)?;
        ocsp.enrolment = ocsp.enrolment.as_ref().map(label).transpose()?;
        let (issuer, key) = (issuer.name.clone(), label(&key)?);
        Ok(Self { present, certificate, name: args.next.clone(), days, issuer, issuer_key, key, ocsp })
    }

    /// What is to be made, for those who are there.
    pub(super) fn told(&self) -> Vec<String> {
        let Self { present, certificate, name, days, issuer, .. } = self;
        vec![
            format!(
                "The next key of the CA {}, called {name}, is made, and certified by {issuer}",
                present.name
            ),
            format!("Days of validity: {days}"),
            format!("Present certificate's SHA-256: {}", certificate.fingerprint()),
        ]
    }

    /// The ceremony's plan in so many words: certificates name it as their warrant.
    pub(super) fn digest(&self) -> Sha256Digest {
        let Self { present, certificate, name, days, issuer, .. } = self;
        let plan = format!("next-ca {} {} {name} {days} {issuer}", present.name, certificate.fingerprint());
        Sha256Digest::of(plan.as_bytes())
    }
}

/// Where things go.
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) responder: PathBuf,
    pub(super) enrolment: PathBuf,
    pub(super) section: PathBuf,
    pub(super) report: PathBuf,
    pub(super) report_text: PathBuf,
}

impl Files {
    pub(super) fn of(settings: &Settings, present: &CertificationAuthority, next: &CaName) -> Self {
        let beside = |name: String| present.certificate.with_file_name(name);
        let told = |ending: &str| settings.paths.state.join("ceremony").join(format!("{next}.{ending}"));
        Self {
            certificate: beside(format!("{next}.pem")),
            responder: beside(format!("{next}-ocsp.pem")),
            enrolment: beside(format!("{next}-enrolment.pub.pem")),
            section: told("toml"),
            report: told("json"),
            report_text: told("txt"),
        }
    }
}
