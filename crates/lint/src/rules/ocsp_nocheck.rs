use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "ocsp-nocheck",
    clause: "RFC 6960 §4.2.2.2.1, EN 319 411-1 CSS-6.6.3-01A; O-19",
    about: "a responder's certificate says that its own status need not be asked for",
    effective: edition::FIRST_NORMS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    match certificate.extension(oid::OCSP_NOCHECK) {
        None if context.kind == CertificateKind::OcspResponder => {
            report.warning("no id-pkix-ocsp-nocheck", None)
        }
        Some(extension) if extension.value != [0x05, 0x00] => {
            report.error("id-pkix-ocsp-nocheck is NULL", extension.place.clone());
        }
        None | Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, tlv};

    #[test]
    fn absent_or_not_null() {
        let mut sample = Sample::responder();
        sample.replace_extension(oid::OCSP_NOCHECK, false, tlv(0x04, &[]));
        sample.must_find("ocsp-nocheck");
        sample.remove_extension(oid::OCSP_NOCHECK);
        sample.must_find("ocsp-nocheck");
    }
}
