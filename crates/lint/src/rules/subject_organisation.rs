use std::ops::Range;

use super::Rule;
use super::oid;
use crate::certificate::{Attribute, Certificate, attributes};
use crate::context::{CertificateKind, Context};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "subject-organisation",
    clause: "EN 319 412-3 LEG-4.2.1-2 to -8; C-33",
    about: "a legal person has C, O, organizationIdentifier and CN, once each; the identifier is not O",
    effective: edition::FIRST_NORMS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    if context.kind == CertificateKind::LegalPerson {
        organisation(certificate, |message, place| report.error(message, place));
    }
}

/// Shared with `subject-own`: our own certificates are a legal person's too, though with less weight in strangers'.
pub(super) fn organisation(certificate: &Certificate<'_>, mut report: impl FnMut(String, Range<usize>)) {
    let place = certificate.subject.place();
    let Some(attributes) = attributes(&certificate.subject) else {
        return; // `name-encoding` says so.
    };
    let all = |oid: &str| {
        attributes.iter().filter(|attribute| attribute.oid == oid).collect::<Vec<&Attribute<'_>>>()
    };
    for (wanted, name) in [
        (oid::COUNTRY, "C"),
        (oid::ORGANISATION, "O"),
        (oid::ORGANISATION_IDENTIFIER, "organizationIdentifier"),
        (oid::COMMON_NAME, "CN"),
    ] {
        let count = all(wanted).len();
        if count != 1 {
            report(format!("the subject has {name} {count} times, not once"), place.clone());
        }
    }
    if let ([o], [identifier]) = (&all(oid::ORGANISATION)[..], &all(oid::ORGANISATION_IDENTIFIER)[..])
        && o.value.content == identifier.value.content
    {
        report("organizationIdentifier repeats O".into(), place);
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, name};

    #[test]
    fn missing_and_repeating() {
        let mut sample = Sample::organisation();
        let base = [
            (oid::COUNTRY, 0x13, "GE"),
            (oid::ORGANISATION, 0x0c, "თელავი"),
            (oid::COMMON_NAME, 0x0c, "თელავი"),
        ];
        sample.subject = name(&base);
        sample.must_find("subject-organisation");
        sample.subject = name(&[base[0], base[1], (oid::ORGANISATION_IDENTIFIER, 0x0c, "თელავი"), base[2]]);
        sample.must_find("subject-organisation");
    }
}
