use super::Rule;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "version",
    clause: "RFC 5280 §4.1.2.1, §4.1.2.8; C-01",
    about: "version 3, and no unique identifiers",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    if certificate.version.and_then(|version| version.small()) != Some(2) {
        report.error("the version is not v3", certificate.version.map(|version| version.place()));
    }
    if certificate.has_unique_ids {
        report.error("unique identifiers are not to be used", None);
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::Sample;

    #[test]
    fn v2() {
        let mut sample = Sample::person();
        sample.version = vec![0xa0, 3, 2, 1, 1];
        sample.must_find("version");
        sample.version = Vec::new();
        sample.must_find("version");
    }
}
