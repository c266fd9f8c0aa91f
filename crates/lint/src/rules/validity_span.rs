use super::Rule;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::Report;
use crate::moment::Moment;

pub(super) const RULE: Rule = Rule {
    id: "validity-span",
    clause: "EN 319 411-1 GEN-6.3.3-05; C-70 (stricter: refused, not only discouraged)",
    about: "ends after it begins, and not after its issuer",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let (Some(from), Some(to)) = (Moment::of(&certificate.not_before), Moment::of(&certificate.not_after))
    else {
        return; // `validity-encoding` says so.
    };
    if to <= from {
        report.error("validity ends before it begins", certificate.not_after.place());
    }
    if context.issuer.is_some_and(|issuer| to > Moment::at(issuer.not_after)) {
        report.error("validity ends after the issuer's", certificate.not_after.place());
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{Sample, tlv};

    #[test]
    fn reversed_or_outliving_the_ca() {
        for bad in [tlv(0x17, b"201124000000Z"), tlv(0x17, b"490101000000Z")] {
            let mut sample = Sample::person();
            sample.not_after = bad;
            sample.must_find("validity-span");
        }
    }
}
