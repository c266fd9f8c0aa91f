//! Identifiers of persons and organisations with their scheme and country (EN 319 412-1 §5.1, requirements §2.3).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::Findings;
use super::is_country;

/// The most characters; X.520's bound of serialNumber.
const MAX_LEN: usize = 64;

/// The subject serialNumber of a natural person: `PNOGE-01001012345` (C-41, G-42).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NaturalIdentifier(String);

/// The organizationIdentifier of a legal person: `NTRGE-404123456` (C-42, G-42).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegalIdentifier(String);

/// The kinds of identifiers that profiles choose from, as EN 319 412-1 §5.1 names them (C-41, C-42).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum IdentifierScheme {
    /// A personal number.
    Pno,
    /// A passport's number.
    Pas,
    /// An identity card's number.
    Idc,
    /// A person's tax number.
    Tin,
    /// A number of a register of organisations.
    Ntr,
    /// A VAT number.
    Vat,
    /// A legal entity identifier.
    Lei,
    /// A country's own scheme, `XX:`.
    #[serde(rename = "local")]
    Local,
}

impl IdentifierScheme {
    /// Those that name natural persons.
    pub const OF_PERSONS: [Self; 5] = [Self::Pno, Self::Pas, Self::Idc, Self::Tin, Self::Local];
    /// Those that name legal persons.
    pub const OF_ORGANISATIONS: [Self; 4] = [Self::Ntr, Self::Vat, Self::Lei, Self::Local];

    /// As certificates and profiles spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pno => "PNO",
            Self::Pas => "PAS",
            Self::Idc => "IDC",
            Self::Tin => "TIN",
            Self::Ntr => "NTR",
            Self::Vat => "VAT",
            Self::Lei => "LEI",
            Self::Local => "local",
        }
    }

    /// Of the first three characters of an identifier that was read.
    fn of(scheme: &str) -> Self {
        let all = Self::OF_PERSONS.into_iter().chain(Self::OF_ORGANISATIONS);
        all.into_iter().find(|one| one.name() == scheme).unwrap_or(Self::Local)
    }
}

impl fmt::Display for IdentifierScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! identifier {
    ($name:ident) => {
        impl $name {
            /// The whole text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The scheme: three letters, or two and a colon.
            pub fn scheme(&self) -> &str {
                &self.0[..3]
            }

            /// The kind of it.
            pub fn kind(&self) -> IdentifierScheme {
                IdentifierScheme::of(self.scheme())
            }

            /// The country that assigned it; `XG` (global) for an LEI.
            pub fn country(&self) -> &str {
                &self.0[3..5]
            }

            /// The number itself.
            pub fn number(&self) -> &str {
                &self.0[6..]
            }

            /// Whether the scheme is a country's own (`XX:`) and must name its authorities (C-43).
            pub fn is_local_scheme(&self) -> bool {
                self.scheme().ends_with(':')
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(NaturalIdentifier);
identifier!(LegalIdentifier);

/// Scheme, country, number; all ASCII.
struct Parts<'a> {
    scheme: &'a str,
    country: &'a str,
    number: &'a str,
}

/// Cuts `TTTCC-number`, or notes that it is not so.
fn cut<'a>(
    findings: &mut Findings,
    field: &'static str,
    clause: &'static str,
    text: &'a str,
) -> Option<Parts<'a>> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+-./:".contains(&b);
    let shaped = text.len() > 6
        && text.len() <= MAX_LEN
        && text.bytes().all(plain)
        && text.as_bytes()[5] == b'-'
        && text.bytes().take(2).all(|b| b.is_ascii_uppercase())
        && (text.as_bytes()[2].is_ascii_uppercase() || text.as_bytes()[2] == b':');
    if !shaped {
        findings.add(
            field,
            clause,
            format!("must be a scheme, a country, a hyphen and a number of at most {MAX_LEN} characters in all, such as PNOGE-01001012345 or NTRGE-404123456"),
        );
        return None;
    }
    Some(Parts { scheme: &text[..3], country: &text[3..5], number: &text[6..] })
}

fn digits(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

impl NaturalIdentifier {
    /// Reads one, or notes what is wrong with it.
    pub(crate) fn read(findings: &mut Findings, field: &'static str, text: &str) -> Option<Self> {
        let parts = cut(findings, field, "C-41", text)?;
        // TAX is deprecated in favour of TIN; EID is new and linters do not know it yet, so it waits.
        if !matches!(parts.scheme, "PNO" | "PAS" | "IDC" | "TIN") && !parts.scheme.ends_with(':') {
            findings.add(
                field,
                "C-41",
                "has an unknown scheme; use PNO, PAS, IDC, TIN or two letters and a colon",
            );
            return None;
        }
        if !is_country(parts.country) {
            findings.add(field, "C-41", "has no country of ISO 3166-1 after the scheme");
            return None;
        }
        // No checksum and no birth date: the number has neither (G-40).
        if parts.scheme == "PNO" && parts.country == "GE" && !digits(parts.number, &[11]) {
            findings.add(field, "G-40", "must have 11 digits: a Georgian personal number");
            return None;
        }
        if parts.scheme == "TIN" && parts.country == "GE" && !digits(parts.number, &[9, 11]) {
            findings.add(field, "G-41", "must have 9 or 11 digits: a Georgian tax number");
            return None;
        }
        Some(Self(text.into()))
    }
}

impl LegalIdentifier {
    /// Reads one, or notes what is wrong with it.
    pub(crate) fn read(findings: &mut Findings, field: &'static str, text: &str) -> Option<Self> {
        let parts = cut(findings, field, "C-42", text)?;
        let known = matches!(parts.scheme, "NTR" | "VAT" | "LEI") || parts.scheme.ends_with(':');
        if !known {
            findings.add(
                field,
                "C-42",
                "has an unknown scheme; use NTR, VAT, LEI or two letters and a colon",
            );
            return None;
        }
        let country_ok = match parts.scheme {
            "LEI" => parts.country == "XG",
            // The EU writes Greece as EL and Northern Ireland as XI in VAT numbers.
            "VAT" => is_country(parts.country) || matches!(parts.country, "EL" | "XI"),
            _ => is_country(parts.country),
        };
        if !country_ok {
            findings.add(
                field,
                "C-42",
                "has no country that fits the scheme (XG for an LEI, else ISO 3166-1)",
            );
            return None;
        }
        // Eleven digits are a sole trader's, who uses the personal number (G-41).
        if matches!(parts.scheme, "NTR" | "VAT") && parts.country == "GE" && !digits(parts.number, &[9, 11]) {
            findings.add(
                field,
                "G-41",
                "must have 9 digits (11 for a sole trader): a Georgian identification code",
            );
            return None;
        }
        if parts.scheme == "LEI"
            && !(parts.number.len() == 20 && parts.number.bytes().all(|b| b.is_ascii_alphanumeric()))
        {
            findings.add(field, "C-42", "must have the 20 characters of an LEI");
            return None;
        }
        Some(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn natural(text: &str) -> Result<(), &'static str> {
        let mut findings = Findings::default();
        match NaturalIdentifier::read(&mut findings, "serial_number", text) {
            Some(_) => Ok(()),
            None => Err(findings.into_errors().as_slice()[0].clause),
        }
    }

    fn legal(text: &str) -> Result<(), &'static str> {
        let mut findings = Findings::default();
        match LegalIdentifier::read(&mut findings, "organization_identifier", text) {
            Some(_) => Ok(()),
            None => Err(findings.into_errors().as_slice()[0].clause),
        }
    }

    #[test]
    fn natural_identifiers() {
        for good in [
            "PNOGE-01001012345",
            "PNOEE-38001085718",
            "PASTR-U123456",
            "IDCGE-11IA12345",
            "TINGE-123456789",
            "GE:GE-77",
        ] {
            assert_eq!(natural(good), Ok(()), "{good}");
        }
        for (bad, clause) in [
            ("PNOGE-0100101234", "G-40"),
            ("PNOGE-0100101234a", "G-40"),
            ("PNO-GE-01001012345", "C-41"),
            ("01001012345", "C-41"),
            ("XXXGE-1", "C-41"),
            ("TAXGE-123456789", "C-41"),
            ("PNOge-01001012345", "C-41"),
            ("PNOGE-", "C-41"),
            ("PNOGE-01001012345\n", "C-41"),
        ] {
            assert_eq!(natural(bad), Err(clause), "{bad}");
        }
    }

    #[test]
    fn legal_identifiers() {
        for good in [
            "NTRGE-404123456",
            "NTRGE-01001012345",
            "VATEL-123",
            "LEIXG-5493001KJTIIGC8Y1R12",
            "NTRDE-DED2601V.HRB12345",
            "NTRUS-CA+123",
        ] {
            assert_eq!(legal(good), Ok(()), "{good}");
        }
        for (bad, clause) in [
            ("NTRGE-40412345", "G-41"),
            ("LEIGE-5493001KJTIIGC8Y1R12", "C-42"),
            ("PNOGE-01001012345", "C-42"),
            ("404123456", "C-42"),
        ] {
            assert_eq!(legal(bad), Err(clause), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = natural(&text);
            let _ = legal(&text);
        }
    }
}
