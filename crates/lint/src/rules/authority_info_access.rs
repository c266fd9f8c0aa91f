use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "authority-info-access",
    clause: "EN 319 412-2 GEN-4.4.1, EN 319 411-1 CSS-6.6.3-01B; C-32, C-34, O-19",
    about: "where the issuer's certificate is, over HTTP; no OCSP address in a responder's own certificate",
    effective: edition::FIRST_NORMS,
    check,
};

/// The tag of uniformResourceIdentifier in a GeneralName.
pub(crate) const URI: u8 = 0x86;

/// The characters of RFC 3986, percent-encoding included: no space, no control, nothing beyond ASCII.
pub(crate) fn is_url(octets: &[u8]) -> bool {
    octets.iter().all(|octet| octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(octet))
}

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let Some(extension) = certificate.extension(oid::AUTHORITY_INFO_ACCESS) else {
        // A root has nobody above it; a responder's is exempt (C-34).
        if !matches!(context.kind, CertificateKind::Root | CertificateKind::OcspResponder) {
            report.decision("no authorityInfoAccess", None);
        }
        return;
    };
    let place = extension.place.clone();
    let mut accesses: Vec<(String, String)> = Vec::new();
    for access in extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default()
    {
        let parts = access.children_of(der::SEQUENCE).unwrap_or_default();
        match (parts.first().and_then(Tlv::oid), &parts[..]) {
            (Some(method), [_, location]) if location.tag == URI => {
                if !is_url(location.content) {
                    report.error("an address has octets that no URL has", location.place());
                }
                accesses.push((method, String::from_utf8_lossy(location.content).into_owned()));
            }
            _ => report.error("an access description is a method and a URI", place.clone()),
        }
    }
    let http = |wanted: &str| {
        accesses.iter().any(|(method, url)| {
            method == wanted && (url.starts_with("http://") || url.starts_with("https://"))
        })
    };
    if !http(oid::AD_CA_ISSUERS) {
        report.error("no http address of the issuer's certificate", place.clone());
    }
    let has_ocsp = accesses.iter().any(|(method, _)| method == oid::AD_OCSP);
    match context.kind {
        CertificateKind::OcspResponder if has_ocsp => {
            report.error("a responder's certificate names no responder", place)
        }
        CertificateKind::NaturalPerson
        | CertificateKind::LegalPerson
        | CertificateKind::TimeStampingUnit
        | CertificateKind::Website => {
            let revocable = certificate.extension(oid::NO_REV_AVAIL).is_none();
            if revocable && !http(oid::AD_OCSP) {
                report.decision("no http address of the OCSP responder", place);
            }
        }
        CertificateKind::OcspResponder | CertificateKind::Root | CertificateKind::IssuingCa => {}
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, access};

    #[test]
    fn nothing_wrong_schemes_and_a_responders() {
        let http = "http://pki.example.com/x";
        for bad in [
            access(&[]),
            access(&[(oid::AD_OCSP, http)]),
            access(&[(oid::AD_CA_ISSUERS, "ldap://pki.example.com"), (oid::AD_OCSP, http)]),
            access(&[(oid::AD_CA_ISSUERS, http)]),
        ] {
            let mut sample = Sample::person();
            sample.replace_extension(oid::AUTHORITY_INFO_ACCESS, false, bad);
            sample.must_find("authority-info-access");
        }
        let mut responder = Sample::responder();
        responder.replace_extension(
            oid::AUTHORITY_INFO_ACCESS,
            false,
            access(&[(oid::AD_CA_ISSUERS, http), (oid::AD_OCSP, http)]),
        );
        responder.must_find("authority-info-access");
        let mut ca = Sample::issuing_ca();
        ca.remove_extension(oid::AUTHORITY_INFO_ACCESS);
        ca.must_find("authority-info-access");
    }
}
