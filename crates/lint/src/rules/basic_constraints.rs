use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "basic-constraints",
    clause: "RFC 5280 §4.2.1.9; C-05, requirements §2.6",
    about: "a CA says so, an issuing CA with path length 0; others have none, or an empty one",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let Some(extension) = certificate.extension(oid::BASIC_CONSTRAINTS) else {
        if context.kind.is_ca() {
            report.error("a CA certificate has no basicConstraints", None);
        }
        return;
    };
    let fields = extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
    let is_ca = fields.first().is_some_and(|first| first.tag == der::BOOLEAN && first.content == [0xff]);
    if is_ca != context.kind.is_ca() || (!is_ca && !fields.is_empty()) {
        report.error("cA does not fit what the certificate is for", extension.place.clone());
    }
    let length = fields.get(1).and_then(Tlv::small);
    if context.kind == CertificateKind::IssuingCa && length != Some(0) {
        report.decision("an issuing CA has pathLenConstraint 0", extension.place.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, seq, tlv};

    #[test]
    fn a_person_who_is_a_ca_and_a_ca_that_is_none() {
        let mut person = Sample::person();
        person.add_extension(oid::BASIC_CONSTRAINTS, false, seq(&[tlv(0x01, &[0xff])]));
        person.must_find("basic-constraints");
        let mut ca = Sample::issuing_ca();
        ca.replace_extension(oid::BASIC_CONSTRAINTS, true, seq(&[tlv(0x01, &[0xff])]));
        ca.must_find("basic-constraints");
        ca.remove_extension(oid::BASIC_CONSTRAINTS);
        ca.must_find("basic-constraints");
    }
}
