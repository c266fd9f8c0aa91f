use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "forbidden-extensions",
    clause: "EN 319 412-2 GEN-4.3.4, -8, -9, -12; requirements §2.6; C-31",
    about: "no constraints or mappings in end entities, and nothing in any certificate that its kind does not have",
    effective: edition::FIRST_NORMS,
    check,
};

const NEVER_IN_END_ENTITIES: [&str; 4] =
    [oid::POLICY_MAPPINGS, oid::NAME_CONSTRAINTS, oid::POLICY_CONSTRAINTS, oid::INHIBIT_ANY_POLICY];

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let kind = context.kind;
    for extension in &certificate.extensions {
        // Wrong by a standard, or by ours alone.
        let by_standard = match extension.oid.as_str() {
            constraint if NEVER_IN_END_ENTITIES.contains(&constraint) => !kind.is_ca(),
            oid::VALIDITY_ASSURED | oid::NO_REV_AVAIL => kind.is_ca(),
            _ => false,
        };
        let by_ours = match extension.oid.as_str() {
            oid::QC_STATEMENTS => !kind.is_subscriber() && kind != CertificateKind::TimeStampingUnit,
            oid::OCSP_NOCHECK => kind != CertificateKind::OcspResponder,
            oid::PRIVATE_KEY_USAGE_PERIOD => kind != CertificateKind::TimeStampingUnit,
            oid::FRESHEST_CRL => true, // no deltas (C-96)
            _ => false,
        };
        let message = || format!("a certificate of this kind has no extension {}", extension.oid);
        if by_standard {
            report.error(message(), extension.place.clone());
        } else if by_ours {
            report.decision(message(), extension.place.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, tlv};

    #[test]
    fn constraints_in_a_persons() {
        for forbidden in [oid::POLICY_CONSTRAINTS, oid::OCSP_NOCHECK, oid::FRESHEST_CRL] {
            let mut sample = Sample::person();
            sample.add_extension(forbidden, false, tlv(0x05, &[]));
            sample.must_find("forbidden-extensions");
        }
        let mut ca = Sample::issuing_ca();
        ca.add_extension(oid::NO_REV_AVAIL, false, tlv(0x05, &[]));
        ca.must_find("forbidden-extensions");
    }
}
