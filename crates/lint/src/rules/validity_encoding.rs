use super::Rule;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::der;
use crate::edition;
use crate::finding::Report;
use crate::moment::Moment;

pub(super) const RULE: Rule = Rule {
    id: "validity-encoding",
    clause: "RFC 5280 §4.1.2.5; C-03",
    about: "UTCTime through 2049, GeneralizedTime from 2050; seconds, `Z`, no fraction, a date of the calendar",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    for time in [&certificate.not_before, &certificate.not_after] {
        match Moment::of(time) {
            None => report.error("malformed time", time.place()),
            Some(moment) if (moment.year() < 2050) != (time.tag == der::UTC_TIME) => {
                report.error("UTCTime serves through 2049, GeneralizedTime from 2050", time.place());
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{Sample, tlv};

    #[test]
    fn wrong_types_and_forms() {
        for bad in [
            tlv(0x18, b"20281124000000Z"),
            tlv(0x17, b"2811240000Z"),
            tlv(0x17, b"281124000000+0400"),
            tlv(0x18, b"20511124000000.0Z"),
            tlv(0x17, b"281324000000Z"),
        ] {
            let mut sample = Sample::person();
            sample.not_after = bad;
            sample.must_find("validity-encoding");
        }
    }
}
