use super::Rule;
use super::public_key::modulus_bits;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::Report;
use crate::moment::Moment;

pub(super) const RULE: Rule = Rule {
    id: "rsa-dates",
    clause: "TS 119 312 V2.1.1; C-82, decision 5",
    about: "RSA under 3000 bits: no certificate issued after 2026-12-31, none that ends after 2028-12-31",
    effective: edition::ALWAYS,
    check,
};

const NO_MORE_ISSUED_FROM: Moment = Moment::date(b"20270101");
const ENDS_BEFORE: Moment = Moment::date(b"20290101");

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    if modulus_bits(&certificate.spki, certificate.bytes).is_none_or(|bits| bits >= 3000) {
        return;
    }
    let place = certificate.spki.place();
    // The later of the two, so that a notBefore put back does not open the door.
    let issued = Moment::of(&certificate.not_before).max(Some(Moment::at(context.issued_at)));
    if issued >= Some(NO_MORE_ISSUED_FROM) {
        report
            .decision("RSA under 3000 bits goes into no certificate issued after 2026-12-31", place.clone());
    }
    if Moment::of(&certificate.not_after).is_none_or(|end| end >= ENDS_BEFORE) {
        report.decision("a certificate with RSA under 3000 bits ends by 2028-12-31", place);
    }
}

#[cfg(test)]
mod tests {
    use ndoba_types::UtcTime;

    use crate::tests::{Sample, rsa_key, tlv};

    #[test]
    fn both_dates_to_the_second() {
        let mut sample = Sample::person();
        sample.spki = rsa_key(2048);
        sample.not_after = tlv(0x17, b"281231235959Z");
        sample.must_be_clean();
        sample.not_after = tlv(0x17, b"290101000000Z");
        sample.must_find("rsa-dates");
        sample.not_after = tlv(0x17, b"281231235959Z");
        // 2026-12-31T23:59:59Z and the second after it.
        sample.issued_at = UtcTime::from_unix_seconds(1_798_761_599).unwrap();
        sample.must_be_clean();
        sample.issued_at = UtcTime::from_unix_seconds(1_798_761_600).unwrap();
        sample.must_find("rsa-dates");
        sample.spki = rsa_key(3072);
        sample.must_be_clean();
    }
}
