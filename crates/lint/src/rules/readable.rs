use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer as _, TbsCertificate};

use super::Rule;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "readable",
    clause: "RFC 5280 §4.1, §4.2",
    about: "another program reads all of it, every extension included, and sees the same serial number and subject",
    effective: edition::ALWAYS,
    check,
};

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    let whole = certificate.whole.place();
    let Ok((rest, theirs)) = TbsCertificate::from_der(certificate.bytes) else {
        return report.error("x509-parser cannot read it", whole);
    };
    if !rest.is_empty() {
        report.error("x509-parser leaves octets over", whole.clone());
    }
    if theirs.raw_serial() != certificate.serial.content {
        report.error("x509-parser sees another serial number", certificate.serial.place());
    }
    let subject = certificate.subject.place();
    if certificate.bytes.get(subject.clone()) != Some(theirs.subject.as_raw()) {
        report.error("x509-parser sees another subject", subject);
    }
    if theirs.extensions().len() != certificate.extensions.len() {
        report.error("x509-parser sees another number of extensions", whole);
    }
    for (theirs, ours) in theirs.extensions().iter().zip(&certificate.extensions) {
        if matches!(theirs.parsed_extension(), ParsedExtension::ParseError { .. }) {
            report.error(format!("x509-parser cannot read extension {}", ours.oid), ours.place.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::oid;
    use crate::tests::{Sample, tlv};

    #[test]
    fn a_malformed_extension() {
        let mut sample = Sample::person();
        sample.replace_extension(oid::BASIC_CONSTRAINTS, false, tlv(0x02, &[1]));
        sample.must_find("readable");
    }
}
