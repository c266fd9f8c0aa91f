//! Commands that work on this machine's configuration, tokens or files.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use ndoba_ca::ports::Ledger as _;
use ndoba_lint::{CertificateKind, Context, Jurisdiction, Severity, lint_certificate};
use ndoba_x509::{Certificate, PemLabel, from_pem};

use crate::cli::ConfigArgs;
use crate::installation::{self, World};
use crate::tokens::Tokens;

/// Accounts for every signature that the CA keys were asked for (design §5).
pub(crate) fn reconcile(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let settings = installation::load(&args.config)?;
    let store = installation::open_store(&settings)?;
    println!("{:<24} {:<34} {:>8} {:>8} {:>6} {:>6}", "key", "epoch", "intents", "signed", "lost", "open");
    let mut open = 0;
    for uses in store.key_uses()? {
        let pending = uses.intents.saturating_sub(uses.signed + uses.lost);
        open += pending;
        println!(
            "{:<24} {:<34} {:>8} {:>8} {:>6} {:>6}",
            uses.key.to_string(),
            uses.epoch,
            uses.intents,
            uses.signed,
            uses.lost,
            pending
        );
    }
    println!("{open} intents have neither a signature nor an end yet");
    Ok(ExitCode::SUCCESS)
}

/// Lists the keys of every configured token with what makes them unfit.
pub(crate) fn list_keys(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let settings = installation::load(&args.config)?;
    let tokens = Tokens::start(&settings, |_| true)?;
    tokens.wait_ready(Duration::from_secs(10))?;
    let mut unfit = false;
    for (name, token) in tokens.iter() {
        for listed in token.list()? {
            let Some(label) = listed.label else {
                println!("{name}: a key whose label is none of ours");
                unfit = true;
                continue;
            };
            let key = token.inspect(&label)?;
            let offending = key.offending();
            unfit |= !offending.is_empty();
            let verdict = if offending.is_empty() { "fit".to_owned() } else { offending.join(", ") };
            println!("{name} {label} {} {verdict}", hex::encode(&key.id));
        }
    }
    Ok(if unfit { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Judges certificates: exit status 0 clean, 1 findings, 2 unreadable.
pub(crate) fn lint(files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut code = 0;
    for path in files {
        let bytes = crate::files::read(path)?;
        let der = from_pem(PemLabel::Certificate, &bytes).unwrap_or(bytes);
        let Ok(certificate) = Certificate::from_der(&der) else {
            println!("{}: unreadable", path.display());
            code = 2;
            continue;
        };
        let context = Context {
            kind: kind(&certificate),
            jurisdiction: Jurisdiction::GEORGIA,
            issued_at: certificate.not_before().max(World::real().clock.now().min(certificate.not_before())),
            issuer: None,
            qscd: None,
        };
        for finding in lint_certificate(&der, &context) {
            println!("{}: {finding}", path.display());
            if finding.severity == Severity::Error {
                code = code.max(1);
            }
        }
    }
    Ok(ExitCode::from(code))
}

/// What a certificate seems to be meant for, by its extensions.
fn kind(certificate: &Certificate) -> CertificateKind {
    use ndoba_x509::oid;
    let usage = certificate.extension(&oid::EXT_KEY_USAGE).map(|extension| extension.value.clone());
    let has = |tail: u8| usage.as_ref().is_some_and(|value| value.last() == Some(&tail));
    let names = certificate.subject().attributes();
    if certificate.is_ca() {
        if certificate.issuer() == certificate.subject() {
            CertificateKind::Root
        } else {
            CertificateKind::IssuingCa
        }
    } else if has(9) {
        CertificateKind::OcspResponder
    } else if has(8) {
        CertificateKind::TimeStampingUnit
    } else if names.iter().any(|(id, _)| *id == oid::GIVEN_NAME || *id == oid::SURNAME) {
        CertificateKind::NaturalPerson
    } else {
        CertificateKind::LegalPerson
    }
}
