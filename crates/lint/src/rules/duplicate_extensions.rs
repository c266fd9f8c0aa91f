use super::Rule;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "duplicate-extensions",
    clause: "RFC 5280 §4.2; C-07",
    about: "each extension once",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    for (at, extension) in certificate.extensions.iter().enumerate() {
        if certificate.extensions[..at].iter().any(|earlier| earlier.oid == extension.oid) {
            report.error(format!("extension {} occurs again", extension.oid), extension.place.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::oid;
    use crate::tests::{Sample, tlv};

    #[test]
    fn twice() {
        let mut sample = Sample::person();
        sample.add_extension(oid::KEY_USAGE, true, tlv(0x03, &[6, 0x40]));
        sample.must_find("duplicate-extensions");
    }
}
