use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context};
use crate::der;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "authority-key-identifier",
    clause: "EN 319 412-2 GEN-4.3.1-1; RFC 5280 §4.2.1.1; C-05, C-31",
    about: "the issuer's subject key identifier, in everything but a root",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let Some(extension) = certificate.extension(oid::AUTHORITY_KEY_IDENTIFIER) else {
        if context.kind != CertificateKind::Root {
            report.error("no authorityKeyIdentifier", None);
        }
        return;
    };
    let place = extension.place.clone();
    let fields = extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
    if !der::are_fields(&fields, &[0x80, 0xa1, 0x82]) {
        report.error("malformed authorityKeyIdentifier", place.clone());
    }
    match fields.iter().find(|field| field.tag == 0x80) {
        None => report.error("authorityKeyIdentifier has no keyIdentifier", place),
        Some(identifier)
            if context.issuer.is_some_and(|issuer| issuer.key_identifier != identifier.content) =>
        {
            report.error("authorityKeyIdentifier is not the issuer's subjectKeyIdentifier", place);
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, seq, tlv};

    #[test]
    fn absent_empty_or_anothers() {
        let mut sample = Sample::person();
        for bad in [seq(&[]), seq(&[tlv(0x80, &[9; 20])])] {
            sample.replace_extension(oid::AUTHORITY_KEY_IDENTIFIER, false, bad);
            sample.must_find("authority-key-identifier");
        }
        sample.remove_extension(oid::AUTHORITY_KEY_IDENTIFIER);
        sample.must_find("authority-key-identifier");
    }
}
