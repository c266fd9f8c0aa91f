use super::Rule;
use super::name_encoding::is_country;
use super::oid;
use crate::certificate::{Certificate, attributes};
use crate::context::{CertificateKind, Context, Scope};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "identifier-numbers",
    clause: "EN 319 412-1 §5.1.3, §5.1.4; C-41, C-42, G-40, G-41",
    about: "identifiers are scheme, country, hyphen, number; Georgian personal numbers have 11 digits, identification codes 9",
    effective: edition::FIRST_NORMS,
    check,
};

const NATURAL: [&str; 6] = ["PAS", "IDC", "PNO", "TAX", "TIN", "EID"];
const LEGAL: [&str; 6] = ["VAT", "NTR", "PSD", "LEI", "EOR", "EXC"];

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    // Strangers may number persons as they like, unless they say that the number has ETSI's form.
    let says_so = context.scope == Scope::Ours || certificate.qc_statement(oid::QC_SYNTAX_V2).is_some();
    for attribute in attributes(&certificate.subject).unwrap_or_default() {
        let schemes = match (attribute.oid.as_str(), context.kind) {
            (oid::SERIAL_NUMBER, CertificateKind::NaturalPerson) if says_so => &NATURAL,
            (oid::ORGANISATION_IDENTIFIER, _) => &LEGAL,
            _ => continue,
        };
        if let Err(why) = judge(attribute.value.text().unwrap_or_default(), schemes) {
            report.error(why, attribute.value.place());
        }
    }
}

fn judge(text: &str, schemes: &[&str]) -> Result<(), &'static str> {
    let Some((head, number)) = text.split_once('-') else {
        return Err("an identifier has a hyphen before its number");
    };
    if head.len() < 5 || !head.is_ascii() {
        return Err("an identifier begins with a scheme of three characters and a country of two letters");
    }
    let (scheme, country) = head.split_at(3);
    let local = scheme.ends_with(':') && is_country(&scheme[..2]);
    if !local && !schemes.contains(&scheme) {
        return Err("an identifier's scheme is not one of those for this subject");
    }
    // NTR may name a sub-national register, as in NTRUS+CA-123456 (C-42).
    let country = if scheme == "NTR" { country.split('+').next().unwrap_or_default() } else { country };
    if !is_country(country) {
        return Err("an identifier's country is not two upper-case letters");
    }
    if number.is_empty() || number.trim() != number {
        return Err("an identifier has no number");
    }
    let digits = |counts: &[usize]| {
        counts.contains(&number.len()) && number.bytes().all(|octet| octet.is_ascii_digit())
    };
    let upper = number.bytes().all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit());
    match (scheme, country) {
        ("PNO", "GE") if !digits(&[11]) => Err("a Georgian personal number has 11 digits"),
        ("TIN", "GE") if !digits(&[9, 11]) => {
            Err("a Georgian tax number has 9 digits, or the 11 of the personal number")
        }
        // Sole traders register under their personal number (G-41).
        ("NTR" | "VAT", "GE") if !digits(&[9, 11]) => {
            Err("a Georgian identification code has 9 digits, a sole trader's 11")
        }
        ("LEI", country) if country != "XG" || number.len() != 20 || !upper => {
            Err("an LEI is LEIXG- and 20 characters")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{LEGAL, NATURAL, judge, oid};
    use crate::tests::{Sample, name, organisation_name, person_name};

    #[test]
    fn natural() {
        for good in ["PNOGE-01001012345", "PASTR-U1234567", "IDCGE-12IA34567", "TINGE-123456789", "XY:GE-7"] {
            assert_eq!(judge(good, &NATURAL), Ok(()), "{good}");
        }
        for bad in [
            "01001012345",
            "PNO-GE-01001012345",
            "PNOGE01001012345",
            "PNOGE-0100101234",
            "TINGE-12345678",
            "TINGE-12345678A",
            "PNOGE-0100101234a",
            "XXXGE-1",
            "PNOge-01001012345",
            "NTRGE-404123456",
            "PNOGE-",
            "PN",
            "პირადი-1",
        ] {
            assert!(judge(bad, &NATURAL).is_err(), "{bad}");
        }
    }

    #[test]
    fn legal() {
        for good in [
            "NTRGE-404123456",
            "NTRGE-01001012345",
            "VATGE-404123456",
            "NTRUS+CA-123456",
            "NTRDE-D2601V.HRB12345",
            "LEIXG-529900T8BM49AURSDO55",
        ] {
            assert_eq!(judge(good, &LEGAL), Ok(()), "{good}");
        }
        for bad in
            ["NTRGE-40412345", "404123456", "PNOGE-01001012345", "LEIGE-529900T8BM49AURSDO55", "LEIXG-529900"]
        {
            assert!(judge(bad, &LEGAL).is_err(), "{bad}");
        }
    }

    #[test]
    fn in_a_certificate() {
        let mut sample = Sample::person();
        sample.subject = person_name(&[(oid::SERIAL_NUMBER, 0x13, "PNOGE-0100101234")]);
        sample.must_find("identifier-numbers");
        let mut sample = Sample::organisation();
        sample.subject = organisation_name("NTRGE-4041234567");
        sample.must_find("identifier-numbers");
        sample.subject = name(&[]);
        sample.must_find("name-encoding");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,20}") {
            let _ = judge(&text, &NATURAL);
            let _ = judge(&text, &LEGAL);
        }
    }
}
