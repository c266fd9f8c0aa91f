use super::authority_info_access::is_url;
use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{Context, Jurisdiction};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "qc-pds",
    clause: "EN 319 412-5 QCS-4.3.4; C-51, K-C07",
    about: "disclosure statements over https, in English at least, each language once, lower-case ISO 639-1",
    effective: edition::STATEMENTS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let Some(statement) = certificate.qc_statement(oid::QC_PDS) else {
        // Optional today, mandatory in earlier editions: always there in ours (C-51).
        if certificate.is_qualified_as(context) && context.jurisdiction != Jurisdiction::NotQualified {
            report.decision("no QcPDS", None);
        }
        return;
    };
    let place = statement.place;
    let mut languages: Vec<&str> = Vec::new();
    for location in statement.information.and_then(|all| all.children_of(der::SEQUENCE)).unwrap_or_default() {
        let parts = location.children_of(der::SEQUENCE).unwrap_or_default();
        let (Some(url), Some(language), 2) = (
            parts.first().filter(|url| url.tag == der::IA5_STRING).and_then(Tlv::text),
            parts.get(1).filter(|language| language.tag == der::PRINTABLE_STRING).and_then(Tlv::text),
            parts.len(),
        ) else {
            report.error("malformed QcPDS", place.clone());
            continue;
        };
        if !is_url(url.as_bytes()) {
            report.error("an address has octets that no URL has", location.place());
        }
        if !url.starts_with("https://") || url.len() == "https://".len() {
            report.error("a disclosure statement's address is not https", location.place());
        }
        if language.len() != 2 || !language.bytes().all(|octet| octet.is_ascii_lowercase()) {
            report.error("a language is not two lower-case letters", location.place());
        }
        if languages.contains(&language) {
            report.error("a language occurs again", location.place());
        }
        languages.push(language);
    }
    if !languages.contains(&"en") {
        report.error("no disclosure statement in English", place);
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, disclosure};

    #[test]
    fn http_no_english_twice_upper_case_none() {
        let (en, ka) = (("https://pki.example.com/en", "en"), ("https://pki.example.com/ka", "ka"));
        let mut sample = Sample::person();
        for bad in [
            &[("http://pki.example.com/en", "en"), ka][..],
            &[ka],
            &[en, en],
            &[en, ("https://pki.example.com/ka", "KA")],
            &[("https://", "en")],
            &[],
        ] {
            sample.replace_statement(oid::QC_PDS, Some(disclosure(bad)));
            sample.must_find("qc-pds");
        }
        sample.remove_statement(oid::QC_PDS);
        sample.must_find("qc-pds");
    }
}
