use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;
use crate::moment::Moment;

pub(super) const RULE: Rule = Rule {
    id: "private-key-usage-period",
    clause: "EN 319 421 TIS-7.6.7-02, -04; T-33, decision 9",
    about: "a TSU's key retires strictly before its certificate ends",
    effective: edition::TIME_STAMPING_NORMS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    if context.kind != CertificateKind::TimeStampingUnit {
        return;
    }
    let Some(extension) = certificate.extension(oid::PRIVATE_KEY_USAGE_PERIOD) else {
        return report.decision("no privateKeyUsagePeriod", None);
    };
    let fields = extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
    let is_time = |field: &Tlv<'_>| Moment::of(&Tlv { tag: der::GENERALIZED_TIME, ..*field }).is_some();
    if !der::are_fields(&fields, &[0x80, 0x81]) || !fields.iter().all(is_time) {
        report.error("malformed privateKeyUsagePeriod", extension.place.clone());
    }
    let end = fields.iter().find(|field| field.tag == 0x81);
    // IMPLICIT: the tag is [1], the content a GeneralizedTime's.
    let end = end.and_then(|end| Moment::of(&Tlv { tag: der::GENERALIZED_TIME, ..*end }));
    match (end, Moment::of(&certificate.not_after)) {
        (Some(end), Some(not_after)) if end < not_after => {}
        _ => report
            .error("the key's period has no end, or none before the certificate's", extension.place.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, seq, tlv};

    #[test]
    fn absent_endless_or_as_long() {
        let mut sample = Sample::tsu();
        for bad in [seq(&[]), seq(&[tlv(0x81, b"20281124000000Z")]), seq(&[tlv(0x81, b"281124000000Z")])] {
            sample.replace_extension(oid::PRIVATE_KEY_USAGE_PERIOD, false, bad);
            sample.must_find("private-key-usage-period");
        }
        sample.remove_extension(oid::PRIVATE_KEY_USAGE_PERIOD);
        sample.must_find("private-key-usage-period");
    }
}
