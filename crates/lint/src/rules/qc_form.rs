use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{Context, Jurisdiction};
use crate::der;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "qc-form",
    clause: "EN 319 412-5 V2.6.1 QCS-4.1, QCS-4.3.1 to -4.3.3; K-C08",
    about: "well-formed statements, none twice; QcCompliance and QcSSCD say nothing more, retention and limits are numbers",
    effective: edition::STATEMENTS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let Some(extension) = certificate.extension(oid::QC_STATEMENTS) else {
        if context.kind.is_subscriber() && context.jurisdiction != Jurisdiction::NotQualified {
            report.error("a qualified certificate has no qcStatements", None);
        }
        return;
    };
    let listed =
        extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).map_or(0, |all| all.len());
    let statements = certificate.qc_statements();
    if listed == 0 || statements.len() != listed {
        report.error("malformed or empty qcStatements", extension.place.clone());
    }
    for (at, statement) in statements.iter().enumerate() {
        if statements[..at].iter().any(|earlier| earlier.oid == statement.oid) {
            report.error(format!("statement {} occurs again", statement.oid), statement.place.clone());
        }
        let information = statement.information;
        let fits = match statement.oid.as_str() {
            oid::QC_COMPLIANCE | oid::QC_SSCD => information.is_none(),
            oid::QC_RETENTION_PERIOD => {
                information.is_some_and(|years| years.tag == der::INTEGER && years.small().is_some())
            }
            oid::QC_LIMIT_VALUE => information
                .and_then(|value| value.children_of(der::SEQUENCE))
                .is_some_and(|value| value.len() == 3),
            other => !other.starts_with(oid::ETSI_QCS) || information.is_some(),
        };
        if !fits {
            report.error(
                format!("statement {} has the wrong information", statement.oid),
                statement.place.clone(),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Jurisdiction, oid};
    use crate::tests::{Sample, statement, tlv};

    #[test]
    fn twice_or_with_wrong_information() {
        for bad in [
            statement(oid::QC_COMPLIANCE, None),
            statement(oid::QC_RETENTION_PERIOD, Some(tlv(0x0c, b"10"))),
            statement(oid::QC_LIMIT_VALUE, None),
            tlv(0x05, &[]),
        ] {
            let mut sample = Sample::person();
            sample.statements.push(bad);
            sample.must_find("qc-form");
        }
    }

    #[test]
    fn absent() {
        let mut sample = Sample::person();
        sample.statements.clear();
        sample.must_find("qc-form");
        sample.jurisdiction = Jurisdiction::NotQualified;
        sample.must_not_find("qc-form");
    }
}
