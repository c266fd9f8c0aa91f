use super::Rule;
use super::oid;
use crate::certificate::{Certificate, attributes};
use crate::context::{CertificateKind, Context};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "subject-person",
    clause: "EN 319 412-2 NAT-4.2.4; C-22, C-23",
    about: "a person has C and CN once, givenName or surname, or else a pseudonym, and a serialNumber",
    effective: edition::FIRST_NORMS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    if context.kind != CertificateKind::NaturalPerson {
        return;
    }
    let place = certificate.subject.place();
    let Some(attributes) = attributes(&certificate.subject) else {
        return; // `name-encoding` says so.
    };
    let count = |oid: &str| attributes.iter().filter(|attribute| attribute.oid == oid).count();
    for (wanted, name) in [(oid::COUNTRY, "C"), (oid::COMMON_NAME, "CN")] {
        if count(wanted) != 1 {
            report.error(format!("the person has {name} {} times, not once", count(wanted)), place.clone());
        }
    }
    let named = count(oid::GIVEN_NAME) + count(oid::SURNAME) > 0;
    if named == (count(oid::PSEUDONYM) > 0) {
        report.error("the person has names or a pseudonym: one of them, not both", place.clone());
    }
    match count(oid::SERIAL_NUMBER) {
        1 => {}
        // The standard asks for it where names may coincide; in Georgia they do (C-23).
        0 if context.jurisdiction == crate::Jurisdiction::GEORGIA => {
            report.error("the person has no serialNumber", place);
        }
        0 => report.warning("the person has no serialNumber", place),
        _ => report.error("the person has several serialNumbers", place),
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, name, person_name};

    #[test]
    fn missing_and_repeated() {
        for more in [
            (oid::COMMON_NAME, 0x0c, "ნინო"),
            (oid::PSEUDONYM, 0x0c, "ნინო"),
            (oid::SERIAL_NUMBER, 0x13, "PNOGE-01001012345"),
        ] {
            let mut sample = Sample::person();
            sample.subject = person_name(&[more, more]);
            sample.must_find("subject-person");
        }
        let mut sample = Sample::person();
        sample.subject = name(&[(oid::COUNTRY, 0x13, "GE"), (oid::COMMON_NAME, 0x0c, "ნინო")]);
        sample.must_find("subject-person");
    }
}
