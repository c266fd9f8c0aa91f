use super::Rule;
use super::oid;
use crate::certificate::{Attribute, Certificate, attributes};
use crate::context::Context;
use crate::der;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "name-encoding",
    clause: "RFC 5280 §4.1.2.4, §4.1.2.6; C-04",
    about: "C and serialNumber are PrintableString, the rest UTF8String or PrintableString; nothing empty; one value an RDN",
    effective: edition::RFC_5280,
    check,
};

fn check(certificate: &Certificate<'_>, _: &Context<'_>, report: &mut Report<'_>) {
    for name in [&certificate.issuer, &certificate.subject] {
        let Some(attributes) = attributes(name) else {
            report.error("malformed name", name.place());
            continue;
        };
        if attributes.is_empty() {
            report.error("an empty name", name.place());
        }
        for attribute in &attributes {
            let value = &attribute.value;
            let fits = match attribute.oid.as_str() {
                oid::COUNTRY | oid::SERIAL_NUMBER | oid::DN_QUALIFIER => value.tag == der::PRINTABLE_STRING,
                oid::DOMAIN_COMPONENT | oid::EMAIL_ADDRESS => value.tag == der::IA5_STRING,
                _ => matches!(value.tag, der::UTF8_STRING | der::PRINTABLE_STRING),
            };
            if !fits {
                report.error(format!("attribute {} has the wrong string type", attribute.oid), value.place());
            }
            let text = value.text().unwrap_or_default();
            if text.trim().is_empty() || text.trim() != text {
                report.decision(
                    format!("attribute {} is empty or begins or ends with a space", attribute.oid),
                    value.place(),
                );
            }
            if attribute.oid == oid::COUNTRY && !is_country(text) {
                report.error("C is not two upper-case letters", value.place());
            }
        }
        let in_one_rdn = |pair: &[Attribute<'_>]| pair[0].rdn == pair[1].rdn;
        // The RDN is a sorted SET, so that the same type stands beside itself (X.501 §9.3).
        if attributes.windows(2).any(|pair| in_one_rdn(pair) && pair[0].oid == pair[1].oid) {
            report.error("an attribute type twice in one RDN", name.place());
        } else if attributes.windows(2).any(in_one_rdn) {
            report.warning("several attributes in one RDN", name.place());
        }
    }
}

/// ISO 3166-1 alpha-2 in form; which codes are assigned is not for a parser to know.
pub(super) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|octet| octet.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, name};

    #[test]
    fn types_blanks_and_countries() {
        for bad in [
            (oid::COUNTRY, 0x0c, "GE"),
            (oid::COUNTRY, 0x13, "ge"),
            (oid::SERIAL_NUMBER, 0x0c, "PNOGE-01001012345"),
            (oid::COMMON_NAME, 0x16, "Nino"),
            (oid::COMMON_NAME, 0x0c, " "),
            (oid::COMMON_NAME, 0x0c, "ნინო "),
        ] {
            let mut sample = Sample::person();
            sample.subject = name(&[bad]);
            sample.must_find("name-encoding");
        }
        let mut sample = Sample::person();
        sample.subject = name(&[]);
        sample.must_find("name-encoding");
    }
}
