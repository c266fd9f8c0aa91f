use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "short-term",
    clause: "EN 319 411-1 GEN-6.6.1-03 to -05, EN 319 412-2 GEN-4.3.11-2A, RFC 9608; C-111, C-112",
    about: "validity-assured and noRevAvail are NULL and stand only where nothing says how to ask for revocation",
    effective: edition::SHORT_TERM,
    check,
};

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    let revocable = certificate.extension(oid::CRL_DISTRIBUTION_POINTS).is_some();
    for wanted in [oid::NO_REV_AVAIL, oid::VALIDITY_ASSURED] {
        let Some(extension) = certificate.extension(wanted) else { continue };
        if extension.value != [0x05, 0x00] {
            report.error(format!("extension {wanted} is NULL"), extension.place.clone());
        }
        if revocable {
            report.error(
                format!("extension {wanted} stands in a revocable certificate"),
                extension.place.clone(),
            );
        }
    }
    let assured = certificate.extension(oid::VALIDITY_ASSURED);
    if let Some(extension) = assured.filter(|_| certificate.extension(oid::NO_REV_AVAIL).is_none()) {
        report.error("validity is assured, but noRevAvail is absent", extension.place.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, tlv};

    #[test]
    fn in_a_revocable_certificate() {
        for oid in [oid::NO_REV_AVAIL, oid::VALIDITY_ASSURED] {
            let mut sample = Sample::person();
            sample.add_extension(oid, false, tlv(0x05, &[]));
            sample.must_find("short-term");
        }
    }

    #[test]
    fn a_short_term_certificate() {
        let mut sample = Sample::person();
        sample.remove_extension(oid::CRL_DISTRIBUTION_POINTS);
        sample.add_extension(oid::VALIDITY_ASSURED, false, tlv(0x05, &[]));
        sample.must_find("short-term");
        sample.add_extension(oid::NO_REV_AVAIL, false, tlv(0x05, &[]));
        sample.must_not_find("short-term");
    }
}
