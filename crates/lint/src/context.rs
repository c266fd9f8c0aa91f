//! What a linter is told beside the bytes.

use std::fmt;

use ndoba_types::UtcTime;

/// What a certificate is for (requirements §2.6). We issue all but the website's, which only strangers' can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateKind {
    /// A self-signed root CA.
    Root,
    /// A CA beneath a root.
    IssuingCa,
    /// A natural person's, for signatures.
    NaturalPerson,
    /// A legal person's, for seals.
    LegalPerson,
    /// A delegated OCSP responder's.
    OcspResponder,
    /// A time-stamping unit's.
    TimeStampingUnit,
    /// A website's: qualified (EN 319 412-4) or not.
    Website,
}

impl CertificateKind {
    /// Whether it is a CA's.
    pub fn is_ca(self) -> bool {
        matches!(self, Self::Root | Self::IssuingCa)
    }

    /// Whether it is a subscriber's.
    pub fn is_subscriber(self) -> bool {
        matches!(self, Self::NaturalPerson | Self::LegalPerson | Self::Website)
    }
}

/// Under whose law a subscriber's certificate is qualified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Jurisdiction {
    /// A country outside the Union: QcCompliance with QcCClegislation (requirements §0.1).
    Country(CountryCode),
    /// Regulation (EU) No 910/2014: QcCompliance alone.
    EuropeanUnion,
    /// Not qualified: no QcCompliance.
    NotQualified,
}

impl Jurisdiction {
    /// Georgia.
    pub const GEORGIA: Self = Self::Country(CountryCode(*b"GE"));
}

/// A country's code in ISO 3166-1 alpha-2's form: two upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads two upper-case letters; which codes are assigned is not for a linter to know.
    pub fn new(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        // Only `new` and `GEORGIA` make one, of ASCII letters.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose document it is, and so how far the rules go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One that we are about to sign, or have signed: our own decisions bind it too, and they are stricter than the
    /// standards.
    Ours,
    /// Anybody's: what only our decisions ask is a warning.
    Anyone,
}

/// What is known of the issuer; for a root, of itself.
#[derive(Clone, Copy, Debug)]
pub struct Issuer<'a> {
    /// The DER of its subject name.
    pub name: &'a [u8],
    /// Its subject key identifier.
    pub key_identifier: &'a [u8],
    /// The end of its validity.
    pub not_after: UtcTime,
}

/// What a certificate is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What it is meant to be.
    pub kind: CertificateKind,
    /// Whose it is.
    pub scope: Scope,
    /// Whose law makes it qualified; only subscribers' certificates look at it.
    pub jurisdiction: Jurisdiction,
    /// When it is issued: rules with a date of effect go by it.
    pub issued_at: UtcTime,
    /// Who issues; none when unknown (other people's certificates), and what it would tell is not judged.
    pub issuer: Option<Issuer<'a>>,
    /// Where its issuer will list it, which it must name if it names a list; none when unknown.
    pub crl: Option<&'a str>,
    /// Whether evidence says that the key is in a QSCD; none when unknown.
    pub qscd: Option<bool>,
}
