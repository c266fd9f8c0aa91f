//! `ndoba lint`: anybody's certificates, CRLs and OCSP answers before the rules that ours have to pass.

use std::path::Path;
use std::process::ExitCode;

use ndoba_lint::{CertificateKind, DocumentType, Finding, Severity, lint_stranger};
use ndoba_x509::from_pem_any;
use serde_json::json;

use crate::cli::{Law, LintArgs, LintFormat, LintType};

const FINDINGS: u8 = 1;
const UNREADABLE: u8 = 2;

/// Judges every document of every file, and says so on standard output.
pub(crate) fn run(args: &LintArgs) -> anyhow::Result<ExitCode> {
    let mut code = 0;
    for path in &args.files {
        code = code.max(judge_file(path, args));
    }
    Ok(ExitCode::from(code))
}

fn judge_file(path: &Path, args: &LintArgs) -> u8 {
    let documents = match crate::files::read(path) {
        Ok(bytes) => documents(bytes),
        Err(error) => return unreadable(path, args.format, &crate::chain(error.as_ref())),
    };
    let mut code = 0;
    for (at, document) in documents.iter().enumerate() {
        // The first has the file's name alone: most files hold one.
        let name =
            if at == 0 { path.display().to_string() } else { format!("{}#{}", path.display(), at + 1) };
        code = code.max(judge(Path::new(&name), document, args));
    }
    code
}

/// The blocks of a PEM file, whatever their labels; or the file as it is.
fn documents(bytes: Vec<u8>) -> Vec<Vec<u8>> {
    from_pem_any(&bytes).ok().filter(|blocks| !blocks.is_empty()).unwrap_or_else(|| vec![bytes])
}

fn judge(name: &Path, document: &[u8], args: &LintArgs) -> u8 {
    let Some(guessed) = DocumentType::guess(document) else {
        return unreadable(name, args.format, "neither a certificate nor a CRL nor an OCSP answer");
    };
    let as_type = args.as_type.map_or(guessed, document_type);
    let mut findings = lint_stranger(document, as_type, args.law.map(|Law(law)| law));
    if args.errors_only {
        findings.retain(|finding| finding.severity == Severity::Error);
    }
    match args.format {
        LintFormat::Text => {
            for finding in &findings {
                let place = finding.place.as_ref().map(|place| format!(" [{}..{}]", place.start, place.end));
                println!("{}: {finding}{}", name.display(), place.unwrap_or_default());
            }
            if findings.is_empty() {
                println!("{}: clean as {}", name.display(), word(as_type));
            }
        }
        LintFormat::Json => println!("{}", as_json(name, as_type, &findings)),
    }
    if findings.is_empty() { 0 } else { FINDINGS }
}

/// `place` is a range of octets in the document's DER.
fn as_json(name: &Path, as_type: DocumentType, findings: &[Finding]) -> serde_json::Value {
    let finding = |finding: &Finding| {
        json!({
            "rule": finding.rule,
            "clause": finding.clause,
            "severity": finding.severity.to_string(),
            "message": finding.message,
            "place": finding.place.as_ref().map(|place| [place.start, place.end]),
        })
    };
    json!({
        "file": name,
        "type": word(as_type),
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn unreadable(name: &Path, format: LintFormat, why: &str) -> u8 {
    match format {
        LintFormat::Text => println!("{}: unreadable: {why}", name.display()),
        LintFormat::Json => println!("{}", json!({ "file": name, "unreadable": why })),
    }
    UNREADABLE
}

fn document_type(asked: LintType) -> DocumentType {
    use DocumentType::Certificate;
    match asked {
        LintType::Root => Certificate(CertificateKind::Root),
        LintType::Ca => Certificate(CertificateKind::IssuingCa),
        LintType::Person => Certificate(CertificateKind::NaturalPerson),
        LintType::Organisation => Certificate(CertificateKind::LegalPerson),
        LintType::Website => Certificate(CertificateKind::Website),
        LintType::OcspResponder => Certificate(CertificateKind::OcspResponder),
        LintType::Tsu => Certificate(CertificateKind::TimeStampingUnit),
        LintType::Crl => DocumentType::Crl,
        LintType::Carl => DocumentType::Carl,
        LintType::OcspResponse => DocumentType::OcspResponse,
    }
}

/// As `--type` spells it.
fn word(document: DocumentType) -> &'static str {
    match document {
        DocumentType::Certificate(CertificateKind::Root) => "root",
        DocumentType::Certificate(CertificateKind::IssuingCa) => "ca",
        DocumentType::Certificate(CertificateKind::NaturalPerson) => "person",
        DocumentType::Certificate(CertificateKind::LegalPerson) => "organisation",
        DocumentType::Certificate(CertificateKind::Website) => "website",
        DocumentType::Certificate(CertificateKind::OcspResponder) => "ocsp-responder",
        DocumentType::Certificate(CertificateKind::TimeStampingUnit) => "tsu",
        DocumentType::Crl => "crl",
        DocumentType::Carl => "carl",
        DocumentType::OcspResponse => "ocsp-response",
    }
}
