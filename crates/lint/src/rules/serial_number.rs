use super::Rule;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "serial-number",
    clause: "RFC 5280 §4.1.2.2; C-02",
    about: "positive, at most 20 octets, and at least 8, because fewer cannot hold 64 random bits",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    let (content, place) = (certificate.serial.content, certificate.serial.place());
    if content.first().is_none_or(|first| first & 0x80 != 0) || content.iter().all(|octet| *octet == 0) {
        report.error("the serial number is not positive", place.clone());
    }
    if content.len() > 20 {
        report.error("the serial number has more than 20 octets", place.clone());
    }
    if content.len() < 8 {
        report.decision("the serial number is too short to be random", place);
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::Sample;

    #[test]
    fn zero_negative_long_short() {
        for bad in [vec![0; 16], vec![0x80; 16], vec![0x40; 21], vec![1]] {
            let mut sample = Sample::person();
            sample.serial = bad;
            sample.must_find("serial-number");
        }
    }
}
