use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context, Jurisdiction};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "qc-type",
    clause: "EN 319 412-5 QCS-4.2.3; K-C06 (present always, ours)",
    about: "exactly one type: esign for a natural person, eseal for a legal one, web for a website",
    effective: edition::STATEMENTS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let wanted = match context.kind {
        CertificateKind::NaturalPerson => oid::QC_TYPE_ESIGN,
        CertificateKind::LegalPerson => oid::QC_TYPE_ESEAL,
        // A token is the provider's seal.
        CertificateKind::TimeStampingUnit if certificate.is_qualified_as(context) => oid::QC_TYPE_ESEAL,
        CertificateKind::Website => oid::QC_TYPE_WEB,
        CertificateKind::Root
        | CertificateKind::IssuingCa
        | CertificateKind::OcspResponder
        | CertificateKind::TimeStampingUnit => return,
    };
    let Some(statement) = certificate.qc_statement(oid::QC_TYPE) else {
        if context.jurisdiction != Jurisdiction::NotQualified {
            report.decision("no QcType", None);
        }
        return;
    };
    let types = statement.information.and_then(|types| types.children_of(der::SEQUENCE)).unwrap_or_default();
    if !matches!(&types[..], [only] if Tlv::oid(only).as_deref() == Some(wanted)) {
        report.error("QcType is not the one that fits the subject", statement.place);
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, oid as oid_der, seq};

    #[test]
    fn absent_wrong_or_two() {
        for (mut sample, other) in
            [(Sample::person(), oid::QC_TYPE_ESEAL), (Sample::organisation(), oid::QC_TYPE_ESIGN)]
        {
            sample.replace_statement(oid::QC_TYPE, Some(seq(&[oid_der(other)])));
            sample.must_find("qc-type");
            sample.replace_statement(
                oid::QC_TYPE,
                Some(seq(&[oid_der(oid::QC_TYPE_ESIGN), oid_der(oid::QC_TYPE_ESEAL)])),
            );
            sample.must_find("qc-type");
            sample.remove_statement(oid::QC_TYPE);
            sample.must_find("qc-type");
        }
    }
}
