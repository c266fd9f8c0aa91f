use super::{Rule, oid};
use crate::certificate::{Certificate, attributes};
use crate::context::{CertificateKind, Context, Jurisdiction};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "website",
    clause: "EN 319 412-4 WEB-4.1.3; RFC 5280 §4.2.1.6, §4.2.1.12; Regulation (EU) No 910/2014, Annex IV (c), (e)",
    about: "a website's certificate serves server authentication, names its hosts in the SAN, and tells whose site it is if qualified",
    effective: edition::FIRST_NORMS,
    check,
};

/// dNSName and iPAddress in a GeneralName.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    if context.kind != CertificateKind::Website {
        return;
    }
    if !certificate.extended_key_usage().iter().any(|usage| usage == oid::EKU_SERVER_AUTH) {
        let place = certificate.extension(oid::EXT_KEY_USAGE).map(|extension| extension.place.clone());
        report.error("no extended key usage serverAuth", place);
    }
    hosts(certificate, report);
    if context.jurisdiction != Jurisdiction::NotQualified {
        let attributes = attributes(&certificate.subject).unwrap_or_default();
        let has = |wanted: &str| attributes.iter().any(|attribute| attribute.oid == wanted);
        let owner =
            has(oid::ORGANISATION) || has(oid::GIVEN_NAME) || has(oid::SURNAME) || has(oid::PSEUDONYM);
        if !owner || !has(oid::COUNTRY) {
            report.error(
                "a qualified certificate names the person whose site it is",
                certificate.subject.place(),
            );
        }
    }
}

/// The SAN's hosts, each of the right form; a CN that looks like a host is one of them.
fn hosts(certificate: &Certificate<'_>, report: &mut Report<'_>) {
    let Some(extension) = certificate.extension(oid::SUBJECT_ALT_NAME) else {
        return report.error("no subjectAltName", None);
    };
    let names = extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
    let is_host = |name: &&Tlv<'_>| matches!(name.tag, DNS_NAME | IP_ADDRESS);
    if names.iter().find(is_host).is_none() {
        report.error("subjectAltName has neither a dNSName nor an iPAddress", extension.place.clone());
    }
    for name in names.iter().filter(is_host) {
        let fits = match name.tag {
            IP_ADDRESS => matches!(name.content.len(), 4 | 16),
            _ => is_dns_name(name.content),
        };
        if !fits {
            report.error("a host's name is malformed", name.place());
        }
    }
}

/// RFC 1034 §3.5 with RFC 1123's digits; a first label `*` (RFC 9525 §6.3).
fn is_dns_name(octets: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(octets) else { return false };
    let text = text.strip_prefix("*.").unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::{DNS_NAME, IP_ADDRESS, oid};
    use crate::tests::{Sample, seq, tlv};

    #[test]
    fn hosts_are_well_formed_names_or_addresses() {
        let mut site = Sample::website();
        for good in [tlv(DNS_NAME, b"*.example.ge"), tlv(IP_ADDRESS, &[127, 0, 0, 1])] {
            site.replace_extension(oid::SUBJECT_ALT_NAME, false, seq(&[good]));
            site.must_be_clean();
        }
        for bad in [
            tlv(DNS_NAME, b"a..example.ge"),
            tlv(DNS_NAME, b"-a.example.ge"),
            tlv(DNS_NAME, b"www.*.ge"),
            tlv(IP_ADDRESS, &[127]),
            tlv(0x81, b"post@example.ge"),
        ] {
            site.replace_extension(oid::SUBJECT_ALT_NAME, false, seq(&[bad]));
            site.must_find("website");
        }
        site.remove_extension(oid::SUBJECT_ALT_NAME);
        site.must_find("website");
    }

    #[test]
    fn nobodys_site_and_no_server() {
        let mut site = Sample::website();
        site.subject = crate::tests::name(&[(oid::COMMON_NAME, 0x0c, "www.example.ge")]);
        site.must_find("website");
        let mut site = Sample::website();
        site.remove_extension(oid::EXT_KEY_USAGE);
        site.must_find("website");
    }
}
