//! Why a certificate is not planned.

use ndoba_types::UtcTime;

use crate::{BadKey, BadUrl, IdentifierScheme, KeyKind};

/// A rule that does not hold. All of these refuse the order; none is cured by trying again unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The profile's template is a root's where it must not be, or the other way round.
    #[error("the profile's template does not fit this kind of certificate")]
    WrongTemplate,
    /// A person in a seal profile, an organisation in a signature profile, a subscriber in a CA profile.
    #[error("the subject is not of the kind that the profile is for")]
    SubjectDoesNotFit,
    /// A person with an organisation in a profile that names none, or without one in a profile that does (C-24).
    #[error("the subject names an organisation where the profile does not, or none where it does")]
    OrganisationDoesNotFit,
    /// An identifier of a kind that the profile does not list (C-41, C-42).
    #[error("the profile does not name subjects by an identifier of the kind {kind}")]
    IdentifierDoesNotFit {
        /// The kind.
        kind: IdentifierScheme,
    },
    /// A subscriber's certificate without a request signed by its key (C-73).
    #[error("a subscriber's key needs a certificate request that proves its possession")]
    NoProofOfPossession,
    /// The profile demands evidence that the key is in a qualified device (K-C09).
    #[error("the profile needs evidence that the key is in a qualified device")]
    DeviceEvidenceMissing,
    /// The key is no usable key.
    #[error("the subject's key is not usable")]
    Key(#[source] BadKey),
    /// The profile does not list such a key.
    #[error("the profile does not allow a key of {kind}")]
    KeyNotAllowed {
        /// The key.
        kind: KeyKind,
    },
    /// RSA below 3000 bits after 2026 (C-82).
    #[error("RSA keys below 3000 bits get no certificates after 2026-12-31; this one has {bits} bits")]
    RsaTooShort {
        /// The modulus' bits.
        bits: u16,
    },
    /// RSA below 3000 bits with an end after 2028 (C-82).
    #[error(
        "a certificate for an RSA key below 3000 bits must end by 2028-12-31; this one would end {not_after}"
    )]
    RsaTooLong {
        /// The end it would have.
        not_after: UtcTime,
    },
    /// The subject's key is the issuer's (GEN-6.5.3-03).
    #[error("the subject's key is the issuer's own")]
    IssuersKey,
    /// The subject's name is the issuer's; it would look self-signed.
    #[error("the subject's name is the issuer's own")]
    IssuersName,
    /// Fewer than one day, more than the profile allows, or beyond the year 9999.
    #[error("the validity must be from 1 to {max} days")]
    Days {
        /// The profile's most.
        max: u32,
    },
    /// The issuer's certificate is not valid yet, or not any more.
    #[error("the issuer's certificate is not valid at this time")]
    IssuerNotValid,
    /// It would end after the issuer's certificate (C-70).
    #[error("the certificate would end {not_after}, after its issuer's at {issuer_not_after}")]
    OutlivesIssuer {
        /// The end it would have.
        not_after: UtcTime,
        /// The issuer's end.
        issuer_not_after: UtcTime,
    },
    /// A document's address cannot be put together.
    #[error("the address of a document cannot be put together")]
    Address(#[source] BadUrl),
}

impl PlanError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongTemplate => "template-wrong",
            Self::SubjectDoesNotFit => "subject-does-not-fit",
            Self::OrganisationDoesNotFit => "organisation-does-not-fit",
            Self::IdentifierDoesNotFit { .. } => "identifier-does-not-fit",
            Self::NoProofOfPossession => "no-proof-of-possession",
            Self::DeviceEvidenceMissing => "device-evidence-missing",
            Self::Key(bad) => bad.code(),
            Self::KeyNotAllowed { .. } => "key-not-allowed",
            Self::RsaTooShort { .. } => "rsa-too-short",
            Self::RsaTooLong { .. } => "rsa-too-long",
            Self::IssuersKey => "key-is-issuers",
            Self::IssuersName => "name-is-issuers",
            Self::Days { .. } => "days",
            Self::IssuerNotValid => "issuer-not-valid",
            Self::OutlivesIssuer { .. } => "outlives-issuer",
            Self::Address(_) => "address",
        }
    }

    /// The clause of the requirements.
    pub fn clause(&self) -> &'static str {
        match self {
            Self::WrongTemplate | Self::SubjectDoesNotFit => "§2.6",
            Self::OrganisationDoesNotFit => "C-24",
            Self::IdentifierDoesNotFit { .. } => "C-41",
            Self::NoProofOfPossession => "C-73",
            Self::DeviceEvidenceMissing => "K-C09",
            Self::Key(_) | Self::KeyNotAllowed { .. } => "C-80",
            Self::RsaTooShort { .. } | Self::RsaTooLong { .. } => "C-82",
            Self::IssuersKey => "GEN-6.5.3-03",
            Self::IssuersName => "C-04",
            Self::Days { .. } => "C-71",
            Self::IssuerNotValid | Self::OutlivesIssuer { .. } => "C-70",
            Self::Address(_) => "C-51",
        }
    }
}
