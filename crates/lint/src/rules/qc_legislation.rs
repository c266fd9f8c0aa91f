use super::name_encoding::is_country;
use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{Context, Jurisdiction};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "qc-legislation",
    clause: "EN 319 412-5 Table 1A, QCS-4.2.4; C-50, decision 1",
    about: "QcCompliance with QcCClegislation of the one country outside the Union, without it inside; neither if not qualified",
    effective: edition::LEGISLATION,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    if !certificate.is_qualified_as(context) {
        return;
    }
    let place = certificate.extension(oid::QC_STATEMENTS).map(|extension| extension.place.clone());
    let compliance = certificate.qc_statement(oid::QC_COMPLIANCE).is_some();
    let legislation = certificate.qc_statement(oid::QC_CC_LEGISLATION);
    let countries = legislation.as_ref().map(|statement| countries(statement.information));
    match context.jurisdiction {
        Jurisdiction::Country(country) => {
            if !compliance {
                report.error("a qualified certificate lacks QcCompliance", place.clone());
            }
            // Without it the certificate claims to be qualified in the Union, and lints clean elsewhere.
            if countries.as_deref() != Some(&[Some(country.as_str().to_owned())]) {
                report.error(format!("QcCClegislation is not exactly {}", country.as_str()), place);
            }
        }
        Jurisdiction::EuropeanUnion => {
            if !compliance {
                report.error("a qualified certificate lacks QcCompliance", place.clone());
            }
            if legislation.is_some() {
                report.error("an EU qualified certificate names no other legislation", place);
            }
        }
        Jurisdiction::NotQualified => {
            if compliance || legislation.is_some() {
                report.error("a certificate that is not qualified says that it is", place);
            }
        }
    }
}

/// The list of codes; an entry that is no country code becomes none.
pub(super) fn countries(information: Option<Tlv<'_>>) -> Vec<Option<String>> {
    let list = information.and_then(|list| list.children_of(der::SEQUENCE)).unwrap_or_default();
    let code = |entry: &Tlv<'_>| {
        let text = entry.text().filter(|text| entry.tag == der::PRINTABLE_STRING && is_country(text))?;
        Some(text.to_owned())
    };
    list.iter().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::{Jurisdiction, oid};
    use crate::tests::{Sample, countries, oid as oid_der, seq};

    #[test]
    fn a_lost_foreign_or_misspelt_statement() {
        let mut sample = Sample::person();
        for codes in [&["EE"][..], &["ge"], &["GE", "EE"], &[]] {
            sample.replace_statement(oid::QC_CC_LEGISLATION, Some(countries(codes)));
            sample.must_find("qc-legislation");
        }
        sample.remove_statement(oid::QC_CC_LEGISLATION);
        sample.must_find("qc-legislation");
        let mut sample = Sample::organisation();
        sample.remove_statement(oid::QC_COMPLIANCE);
        sample.must_find("qc-legislation");
    }

    /// A time-stamping unit's statements are an option; where they are, they are whole.
    #[test]
    fn a_units_statements() {
        Sample::tsu().must_be_clean();
        let mut sample = Sample::tsu();
        sample.statements = Sample::organisation().statements;
        sample.must_be_clean();
        sample.replace_statement(oid::QC_TYPE, Some(seq(&[oid_der(oid::QC_TYPE_ESIGN)])));
        sample.must_find("qc-type");
        let mut sample = Sample::tsu();
        sample.statements = Sample::organisation().statements;
        sample.remove_statement(oid::QC_CC_LEGISLATION);
        sample.must_find("qc-legislation");
        let mut responder = Sample::responder();
        responder.statements = Sample::organisation().statements;
        responder.must_find("forbidden-extensions");
    }

    #[test]
    fn claims_that_do_not_hold() {
        let mut sample = Sample::person();
        for jurisdiction in [Jurisdiction::EuropeanUnion, Jurisdiction::NotQualified] {
            sample.jurisdiction = jurisdiction;
            sample.must_find("qc-legislation");
        }
    }
}
