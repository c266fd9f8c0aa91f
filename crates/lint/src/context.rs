//! What a linter is told beside the bytes.

use ndoba_types::UtcTime;

/// What a certificate is for (requirements §2.6). Nothing else is issued.
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
}

impl CertificateKind {
    /// Whether it is a CA's.
    pub fn is_ca(self) -> bool {
        matches!(self, Self::Root | Self::IssuingCa)
    }

    /// Whether it is a subscriber's.
    pub fn is_subscriber(self) -> bool {
        matches!(self, Self::NaturalPerson | Self::LegalPerson)
    }
}

/// Under whose law a subscriber's certificate is qualified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Jurisdiction {
    /// A country outside the Union, by its ISO 3166-1 code: QcCompliance with QcCClegislation (requirements §0.1).
    Country(&'static str),
    /// Regulation (EU) No 910/2014: QcCompliance alone.
    EuropeanUnion,
    /// Not qualified: no QcCompliance.
    NotQualified,
}

impl Jurisdiction {
    /// Georgia.
    pub const GEORGIA: Self = Self::Country("GE");
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
    /// Whose law makes it qualified; only subscribers' certificates look at it.
    pub jurisdiction: Jurisdiction,
    /// When it is issued: rules with a date of effect go by it.
    pub issued_at: UtcTime,
    /// Who issues; none when unknown (other people's certificates), and what it would tell is not judged.
    pub issuer: Option<Issuer<'a>>,
    /// Whether evidence says that the key is in a QSCD; none when unknown.
    pub qscd: Option<bool>,
}
