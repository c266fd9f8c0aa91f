use super::Rule;
use super::oid;
use crate::certificate::{Certificate, attributes};
use crate::context::{CertificateKind, Context};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "issuer-name",
    clause: "EN 319 412-2 GEN-4.2.3.1; RFC 5280 §4.1.2.4; C-04, C-21",
    about: "the issuer's own subject, byte for byte; it has C, O, organizationIdentifier and CN, once each",
    effective: edition::FIRST_NORMS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let place = certificate.issuer.place();
    let ours = certificate.bytes.get(place.clone());
    if context.issuer.is_some_and(|issuer| ours != Some(issuer.name)) {
        report.error("the issuer is not the CA's subject, byte for byte", place.clone());
    }
    if context.kind == CertificateKind::Root && ours != certificate.bytes.get(certificate.subject.place()) {
        report.error("a root's issuer is its subject", place.clone());
    }
    let Some(attributes) = attributes(&certificate.issuer) else {
        return report.error("the issuer is no name", place);
    };
    let count = |oid: &str| attributes.iter().filter(|attribute| attribute.oid == oid).count();
    for (wanted, name) in [(oid::COUNTRY, "C"), (oid::ORGANISATION, "O"), (oid::COMMON_NAME, "CN")] {
        if count(wanted) != 1 {
            report.error(format!("the issuer has {name} {} times, not once", count(wanted)), place.clone());
        }
    }
    // Required where a registration number is known; we know our own (C-21), and strangers' we cannot judge.
    match count(oid::ORGANISATION_IDENTIFIER) {
        1 => {}
        0 if context.issuer.is_none() => report.warning("the issuer has no organizationIdentifier", place),
        _ => report.error("the issuer has organizationIdentifier not once", place),
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, issuer_name, name};

    #[test]
    fn another_encoding_is_another_name() {
        let mut sample = Sample::person();
        // The same letters, but a PrintableString where the CA has UTF8String.
        sample.issuer = issuer_name(0x13);
        sample.must_find("issuer-name");
    }

    #[test]
    fn no_organisation_identifier() {
        let mut sample = Sample::person();
        sample.issuer = name(&[
            (oid::COUNTRY, 0x13, "GE"),
            (oid::ORGANISATION, 0x0c, "O"),
            (oid::COMMON_NAME, 0x0c, "CA"),
        ]);
        sample.issuer_facts.name = sample.issuer.clone();
        sample.must_find("issuer-name");
    }
}
