use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::Context;
use crate::der;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "subject-key-identifier",
    clause: "RFC 5280 §4.2.1.2, RFC 7093; C-05, C-06",
    about: "20 octets that name the key; every certificate of ours has them",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let Some(extension) = certificate.extension(oid::SUBJECT_KEY_IDENTIFIER) else {
        return if context.kind.is_ca() {
            report.error("a CA certificate has no subjectKeyIdentifier", None);
        } else {
            report.warning("no subjectKeyIdentifier", None);
        };
    };
    match extension.der() {
        Ok(value) if value.tag == der::OCTET_STRING && value.content.len() == 20 => {}
        // RFC 5280 leaves the length to the CA.
        Ok(value) if value.tag == der::OCTET_STRING && !value.content.is_empty() => {
            report.decision("subjectKeyIdentifier is not 20 octets", extension.place.clone());
        }
        _ => report.error("subjectKeyIdentifier is not 20 octets", extension.place.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, tlv};

    #[test]
    fn absent_or_short() {
        let mut sample = Sample::issuing_ca();
        sample.replace_extension(oid::SUBJECT_KEY_IDENTIFIER, false, tlv(0x04, &[1; 8]));
        sample.must_find("subject-key-identifier");
        sample.remove_extension(oid::SUBJECT_KEY_IDENTIFIER);
        sample.must_find("subject-key-identifier");
    }
}
