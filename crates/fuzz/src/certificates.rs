//! Certificates, requests for them and lists of them; in files of PEM too.

use ndoba_client::Identity;
use ndoba_lint::{
    CertificateKind, Context, CrlContext, DocumentType, Finding, Jurisdiction, OcspContext, Scope,
    lint_certificate as judge_certificate, lint_crl as judge_crl, lint_ocsp_response, lint_stranger,
};
use ndoba_types::CardUri;
use ndoba_x509::{Certificate, Crl, PemLabel, VerifiedCsr, from_pem_all, to_pem};

use crate::now;

/// A certificate of anybody's.
pub(crate) fn certificate(bytes: &[u8]) -> bool {
    let Ok(certificate) = Certificate::from_der(bytes) else { return false };
    assert_eq!(certificate.as_der(), bytes, "the certificate came back changed");
    let _ = certificate.key_kind();
    let _ =
        (certificate.is_ca(), certificate.subject_key_identifier(), certificate.authority_key_identifier());
    let _ = certificate.verify_signed_by(certificate.spki());
    true
}

/// A CRL, as it is compared with the database.
pub(crate) fn crl(bytes: &[u8]) -> bool {
    let Ok(crl) = Crl::from_der(bytes) else { return false };
    assert_eq!(crl.as_der(), bytes, "the CRL came back changed");
    let _ = (crl.entries().len(), crl.number(), crl.this_update());
    true
}

/// A PKCS#10 request, PEM or DER.
pub(crate) fn csr(bytes: &[u8]) -> bool {
    let Ok(csr) = VerifiedCsr::parse(bytes) else { return false };
    let again = VerifiedCsr::parse(csr.as_der());
    assert!(again.is_ok_and(|again| again.digest() == csr.digest()), "the request's own DER is refused");
    true
}

/// A chain or a key in PEM.
pub(crate) fn pem(bytes: &[u8]) -> bool {
    let mut accepted = false;
    for label in [PemLabel::Certificate, PemLabel::PublicKey] {
        let Ok(blocks) = from_pem_all(label, bytes) else { continue };
        let text: String = blocks.iter().map(|block| to_pem(label, block)).collect();
        let again = from_pem_all(label, text.as_bytes());
        assert!(again.is_ok_and(|again| again == blocks), "blocks changed on their way");
        accepted |= !blocks.is_empty();
    }
    accepted
}

/// An officer's file: key and certificates.
pub(crate) fn identity(bytes: &[u8]) -> bool {
    Identity::from_pem(bytes).is_ok()
}

/// A card's key by its name; what is told to people names the same key.
pub(crate) fn card_uri(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(uri) = text.parse::<CardUri>() else { return false };
    let told = CardUri { module: None, pin: None, ..uri };
    // Percent-encoding may lengthen it beyond what is read.
    if let Ok(again) = told.to_string().parse::<CardUri>() {
        assert_eq!(again, told, "the key's name changed on its way");
    }
    true
}

/// The lint on a certificate of anybody's, as each kind that it knows.
pub(crate) fn lint_certificate(bytes: &[u8]) -> bool {
    let kinds = [
        CertificateKind::Root,
        CertificateKind::IssuingCa,
        CertificateKind::NaturalPerson,
        CertificateKind::LegalPerson,
        CertificateKind::OcspResponder,
        CertificateKind::TimeStampingUnit,
        CertificateKind::Website,
    ];
    let jurisdictions = [Jurisdiction::GEORGIA, Jurisdiction::EuropeanUnion, Jurisdiction::NotQualified];
    let mut readable = strangers(bytes);
    for kind in kinds {
        for jurisdiction in jurisdictions {
            let context = Context {
                kind,
                scope: Scope::Ours,
                jurisdiction,
                issued_at: now(),
                issuer: None,
                crl: None,
                qscd: None,
            };
            readable |= is_readable(&judge_certificate(bytes, &context), bytes.len());
        }
    }
    readable
}

/// The lint on a document that nobody described.
fn strangers(bytes: &[u8]) -> bool {
    DocumentType::guess(bytes)
        .is_some_and(|document| is_readable(&lint_stranger(bytes, document, None), bytes.len()))
}

/// The lint on the signed part of a CRL.
pub(crate) fn lint_crl(bytes: &[u8]) -> bool {
    let mut readable = false;
    for (lists_cas, is_last) in [(false, false), (true, false), (false, true)] {
        let context =
            CrlContext { scope: Scope::Ours, issuer: None, now: now(), lists_cas, is_last, addresses: &[] };
        readable |= is_readable(&judge_crl(bytes, &context), bytes.len());
    }
    readable
}

/// The lint on an OCSPResponse.
pub(crate) fn lint_ocsp(bytes: &[u8]) -> bool {
    is_readable(&lint_ocsp_response(bytes, &OcspContext { scope: Scope::Ours, now: now() }), bytes.len())
}

/// Whether the rules got to see it; no finding may point beside the bytes.
fn is_readable(findings: &[Finding], length: usize) -> bool {
    for finding in findings {
        if let Some(place) = &finding.place {
            assert!(place.start <= place.end, "{}: a place that ends before it begins", finding.rule);
            assert!(place.start <= length, "{}: a place outside of what was judged", finding.rule);
        }
    }
    !findings.iter().any(|finding| finding.rule.ends_with("readable"))
}
