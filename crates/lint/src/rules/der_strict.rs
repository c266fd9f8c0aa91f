use super::Rule;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::der;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "der-strict",
    clause: "X.690 §10, §11; C-07",
    about: "DER throughout: shortest lengths and numbers, sorted sets, no default written out, also inside extensions",
    effective: edition::ALWAYS,
    check,
};

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    if let Err(not) = der::strict(&certificate.whole) {
        report.error(not.why, not.at..not.at + 1);
    }
    for extension in &certificate.extensions {
        if extension.default_written {
            report.error("`critical` is written out although FALSE is its default", extension.place.clone());
        }
        if let Err(not) = extension.der().and_then(|value| der::strict(&value)) {
            report.error(format!("extension {}: {}", extension.oid, not.why), not.at..not.at + 1);
        }
        if matches!(extension.oid.as_str(), super::oid::KEY_USAGE) && has_trailing_zero_bits(extension.value)
        {
            report.error("a named bit list ends with its last set bit", extension.place.clone());
        }
    }
}

/// Of a BIT STRING that lists named bits (X.690 §11.2.2): the last bit it holds is not set.
fn has_trailing_zero_bits(bit_string: &[u8]) -> bool {
    match bit_string {
        [der::BIT_STRING, _, unused @ 0..=7, .., last] if bit_string.len() > 3 => last >> unused & 1 == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::oid;
    use crate::tests::{Sample, tlv};

    #[test]
    fn named_bits_with_zeros_behind() {
        let mut sample = Sample::person();
        sample.replace_extension(oid::KEY_USAGE, true, tlv(0x03, &[0, 0x40]));
        sample.must_find("der-strict");
    }

    #[test]
    fn a_boolean_that_is_one() {
        let mut sample = Sample::issuing_ca();
        sample.replace_extension(oid::BASIC_CONSTRAINTS, true, tlv(0x30, &tlv(0x01, &[1])));
        sample.must_find("der-strict");
    }

    #[test]
    fn octets_behind_an_extension() {
        let mut sample = Sample::person();
        let mut value = tlv(0x03, &[6, 0x40]);
        value.push(0);
        sample.replace_extension(oid::KEY_USAGE, true, value);
        sample.must_find("der-strict");
    }
}
