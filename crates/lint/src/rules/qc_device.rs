use super::qc_legislation::countries;
use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "qc-device",
    clause: "EN 319 412-5 QCS-4.2.2, §4.2.5; EN 319 411-2 GEN-6.6.1-03, -04; C-52, K-C09, decision 2",
    about: "device statements only with evidence, and one with it; QcQSCDlegislation names no country of the Union or EEA",
    effective: edition::STATEMENTS,
    check,
};

/// Members of the Union and of the EEA, and the Union itself.
const UNION_AND_EEA: [&str; 31] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "EU", "FI", "FR", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let place = certificate.extension(oid::QC_STATEMENTS).map(|extension| extension.place.clone());
    let union = certificate.qc_statement(oid::QC_SSCD).is_some();
    let elsewhere = certificate.qc_statement(oid::QC_QSCD_LEGISLATION);
    if let Some(statement) = &elsewhere {
        let codes = countries(statement.information);
        let fits = |code: &Option<String>| code.as_deref().is_some_and(|code| !UNION_AND_EEA.contains(&code));
        if codes.is_empty() || !codes.iter().all(fits) {
            report.error("QcQSCDlegislation lists countries outside the Union and the EEA", place.clone());
        }
    }
    if !context.kind.is_subscriber() {
        return;
    }
    match context.qscd {
        Some(false) if union || elsewhere.is_some() => {
            report.error("a device statement without evidence of a device", place)
        }
        Some(true) if !union && elsewhere.is_none() => {
            report.error("the key is in a device, and no statement says so", place)
        }
        None | Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, countries};

    #[test]
    fn the_unions_countries_and_none() {
        let mut sample = Sample::person();
        for codes in [&["EE"][..], &["EU"], &["GE", "IS"], &[], &["georgia"]] {
            sample.replace_statement(oid::QC_QSCD_LEGISLATION, Some(countries(codes)));
            sample.must_find("qc-device");
        }
    }

    #[test]
    fn statements_follow_the_evidence() {
        let mut sample = Sample::person();
        sample.qscd = Some(false);
        sample.must_find("qc-device");
        sample.qscd = Some(true);
        sample.remove_statement(oid::QC_QSCD_LEGISLATION);
        sample.remove_statement(oid::QC_SSCD);
        sample.must_find("qc-device");
    }
}
