use super::authority_info_access::URI;
use super::{Rule, oid};
use crate::certificate::{Certificate, attributes};
use crate::context::{CertificateKind, Context};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "qc-semantics",
    clause: "EN 319 412-1 §5.1.1, NAT-5.1.3-05, LEG-5.1.4-05; C-40, C-43, K-C10",
    about: "where an identifier has ETSI's form, the statement says so; a local scheme names its registration authority",
    effective: edition::STATEMENTS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let (attribute, wanted) = match context.kind {
        CertificateKind::NaturalPerson => (oid::SERIAL_NUMBER, oid::SEMANTICS_NATURAL),
        CertificateKind::LegalPerson => (oid::ORGANISATION_IDENTIFIER, oid::SEMANTICS_LEGAL),
        CertificateKind::TimeStampingUnit if certificate.is_qualified_as(context) => {
            (oid::ORGANISATION_IDENTIFIER, oid::SEMANTICS_LEGAL)
        }
        CertificateKind::Root
        | CertificateKind::IssuingCa
        | CertificateKind::OcspResponder
        | CertificateKind::TimeStampingUnit
        | CertificateKind::Website => return,
    };
    let attributes = attributes(&certificate.subject).unwrap_or_default();
    let Some(identifier) =
        attributes.iter().find(|found| found.oid == attribute).and_then(|found| found.value.text())
    else {
        return;
    };
    let Some(statement) = certificate.qc_statement(oid::QC_SYNTAX_V2) else {
        return report.decision("no statement with the identifier's semantics", None);
    };
    let fields = statement
        .information
        .and_then(|information| information.children_of(der::SEQUENCE))
        .unwrap_or_default();
    if !der::are_fields(&fields, &[der::OID, der::SEQUENCE]) {
        report.error("malformed semantics statement", statement.place.clone());
    }
    if !fields.iter().any(|field| Tlv::oid(field).as_deref() == Some(wanted)) {
        report.error("the semantics identifier is not the one for this subject", statement.place.clone());
    }
    if identifier.get(2..3) == Some(":") {
        let authorities =
            fields.iter().find_map(|field| field.children_of(der::SEQUENCE)).unwrap_or_default();
        if !authorities.iter().any(|name| name.tag == URI) {
            report.error("a local scheme wants nameRegistrationAuthorities with a URI", statement.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, oid as oid_der, organisation_name, seq, tlv};

    #[test]
    fn absent_or_the_others() {
        let mut sample = Sample::person();
        sample.replace_statement(oid::QC_SYNTAX_V2, Some(seq(&[oid_der(oid::SEMANTICS_LEGAL)])));
        sample.must_find("qc-semantics");
        sample.remove_statement(oid::QC_SYNTAX_V2);
        sample.must_find("qc-semantics");
    }

    #[test]
    fn a_local_scheme() {
        let mut sample = Sample::organisation();
        sample.subject = organisation_name("RG:GE-123");
        sample.must_find("qc-semantics");
        let authorities = seq(&[tlv(0x86, b"https://register.example.ge")]);
        sample.replace_statement(oid::QC_SYNTAX_V2, Some(seq(&[oid_der(oid::SEMANTICS_LEGAL), authorities])));
        sample.must_be_clean();
    }
}
