//! An application as the officer enters it, before anything is checked.
//!
//! Everything is text here, so that every refusal can name its field: [`check`](crate::check) turns this into
//! values that keep their rules. The structure is the API's and the database's JSON.

use std::fmt;
use std::str::FromStr;

use ndoba_types::{BadId, Random, RandomUnavailable, RecordId};
use serde::{Deserialize, Serialize};

use crate::identifier::{CountryNumber, LocalNumber};

/// Names an application in paths, records and audit events: 16 random octets, 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationId([u8; 16]);

impl ApplicationId {
    /// Draws a new identifier.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] when the generator gives nothing.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Takes 16 octets that already are such an identifier.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 octets.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<ApplicationId> for RecordId {
    fn from(id: ApplicationId) -> Self {
        Self::from_bytes(id.0)
    }
}

impl FromStr for ApplicationId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadId)?;
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(BadId);
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApplicationId({self})")
    }
}

/// 32 random octets that make a commitment to short personal data unguessable (design §11).
///
/// Lives and dies with the personal record; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// Draws a new salt.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] when the generator gives nothing.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let mut bytes = [0; 32];
        random.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Takes the 32 octets as stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 octets.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// What registration itself decided about an application; the rest of its state is its order's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoredState {
    /// Being written.
    Draft,
    /// Frozen into an order.
    Submitted,
    /// Given back for correction by an approver.
    Returned,
    /// Refused for good.
    Rejected,
    /// Given up.
    Withdrawn,
    /// The certificate was handed to the subscriber.
    Delivered,
    /// The subscriber accepted the certificate.
    Accepted,
}

impl StoredState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Submitted,
        Self::Returned,
        Self::Rejected,
        Self::Withdrawn,
        Self::Delivered,
        Self::Accepted,
    ];

    /// The database's spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Delivered => "delivered",
            Self::Accepted => "accepted",
        }
    }

    /// Reads the spelling of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Everything an officer enters about an application.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApplicationContent {
    /// The certificate profile's name, as `GET /profiles` lists it.
    pub profile: String,
    /// Days of validity, 1 to the profile's most (C-71).
    pub days: u32,
    /// Whom the certificate will name.
    pub subject: SubjectContent,
    /// The identity document of the person, or of the legal person's representative (P-11).
    pub identity_document: IdentityDocument,
    /// How that person's identity was proved (P-10, P-12).
    pub identity_proofing: IdentityProofing,
    /// The PKCS#10 request, PEM (`CERTIFICATE REQUEST`).
    pub csr: String,
    /// The qualified device that the key is in, for profiles that want one (C-52, C-73).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceContent>,
    /// The subscriber agreement (P-13), once it was accepted: nobody enters it, `agree` notes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<AgreementContent>,
    /// Copies of evidence that are attached (P-12): nobody enters them, `attach` adds each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentContent>,
    /// Whether the subscriber lets the certificate be shown to third parties (P-14): said, one way or the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication_consent: Option<bool>,
}

/// The qualified device that a key is in, and what shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeviceContent {
    /// The model's name in the provider's register of devices.
    pub model: String,
    /// `key-attestation`, `personalisation-record` or `officers-declaration`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The evidence's number or other reference, such as the device's serial number.
    pub reference: String,
    /// Its date, YYYY-MM-DD.
    pub date: String,
}

/// Whom the certificate will name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SubjectContent {
    /// A person, who signs.
    NaturalPerson(NaturalPersonContent),
    /// A legal person in the law's wide sense (G-11), which seals.
    LegalPerson(LegalPersonContent),
}

/// A natural person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NaturalPersonContent {
    /// Given names as on the identity document, in its script: Georgian, or a foreigner's.
    pub given_names: String,
    /// Surname as on the identity document, in the same script.
    pub surname: String,
    /// The Latin spelling printed on the document, where wanted (C-26, C-28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latin: Option<LatinName>,
    /// The person's own country, two letters of ISO 3166-1, where it is not the one that gave the identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The personal number, 11 digits (G-40). The certificate shows it where no other identifier is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_number: Option<String>,
    /// A personal number of another country, which is shown in its place (C-41).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_number: Option<CountryNumber>,
    /// The passport, which is shown in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passport: Option<CountryNumber>,
    /// The identity card, which is shown in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_card: Option<CountryNumber>,
    /// The Georgian tax number, 9 or 11 digits, which is shown in its place (G-41).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// Where notices go.
    pub email: String,
    /// The organisation that the certificate names beside the person, for profiles that do (C-24).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<AffiliationContent>,
}

/// The organisation a person acts for, and why one may say so. The subject is still the person (GEN-6.3.3-11).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AffiliationContent {
    /// The full registered name, in Georgian script.
    pub name: String,
    /// The identification code, 9 digits (G-41).
    pub identification_code: String,
    /// Proof of the affiliation and of the organisation's consent to be named (P-11).
    pub authority: AuthorityProof,
}

/// A person's name in Latin letters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LatinName {
    /// Given names.
    pub given_names: String,
    /// Surname.
    pub surname: String,
}

/// A legal person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LegalPersonContent {
    /// The full registered name, in Georgian script.
    pub name: String,
    /// The commonly used name, where it is another (C-33).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// The registered name in Latin letters, where wanted (C-28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latin_name: Option<String>,
    /// The identification code, 9 digits (G-41). Exactly one of this and the two below is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identification_code: Option<String>,
    /// The VAT number, 9 digits or 11 (C-42).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
    /// A number of a local scheme, for bodies without the other two (G-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_number: Option<LocalNumber>,
    /// Where notices go.
    pub email: String,
    /// The address for letters (REG-6.2.2-21).
    pub contact_address: String,
    /// Who applies in its name.
    pub representative: Representative,
    /// Why that person may (REG-6.2.2-19, -20).
    pub authority: AuthorityProof,
}

/// The natural person who represents a legal person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Representative {
    /// Full name as on the identity document.
    pub name: String,
    /// The personal number, 11 digits (G-40).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_number: Option<String>,
    /// A personal number of another country (C-41).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_number: Option<CountryNumber>,
    /// The passport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passport: Option<CountryNumber>,
    /// The identity card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_card: Option<CountryNumber>,
    /// The Georgian tax number, 9 or 11 digits (G-41).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// Position or function.
    pub position: String,
}

/// Proof that somebody may act for a legal person, or be named with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuthorityProof {
    /// `registry-extract`, `power-of-attorney`, `order-of-appointment` or `other`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its number or other reference.
    pub reference: String,
    /// Its date, YYYY-MM-DD.
    pub date: String,
}

/// An identity document.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityDocument {
    /// `identity-card`, `passport`, `residence-card` or `neutral-document`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its number.
    pub number: String,
    /// The authority that issued it.
    pub issued_by: String,
    /// How it was found genuine: `visual-inspection`, `chip-read` or `register-check` (REG-6.4.5-04).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<String>,
    /// Where the copies of the documents and of the signed agreement are kept: `attached`, or a place (REG-6.4.5-04).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies_at: Option<String>,
    /// Date of issue, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<String>,
    /// Last day of validity, YYYY-MM-DD; absent where the document has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// How an identity was proved.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityProofing {
    /// `physical-presence`, `electronic-identification`, `qualified-certificate` or `remote-video` (P-10).
    pub method: String,
    /// The day, YYYY-MM-DD.
    pub date: String,
    /// Who saw the person: the officer's identifier or, for a delegated office, name and office.
    pub seen_by: String,
}

/// That the agreement with the subscriber was accepted (P-13, REG-6.3.4-08): which, when, and who noted it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AgreementContent {
    /// SHA-256 over the document that was accepted, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The version of the terms.
    pub terms: String,
    /// The day on which the subscriber accepted it, YYYY-MM-DD.
    pub accepted: String,
    /// The day on which the subject accepted the second part, where the subscriber is somebody else (REG-6.3.4-09).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_accepted: Option<String>,
    /// When that was noted, RFC 3339.
    pub noted: String,
    /// The officer who noted it.
    pub noted_by: String,
    /// The copy that was signed, where it is attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyContent>,
}

/// A signed copy of an agreement: which, and what it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CopyContent {
    /// SHA-256 over the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// `application/pdf`, `image/png`, `image/jpeg` or `application/pkcs7-signature`.
    pub media_type: String,
    /// The electronic signatures found in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<SignatureContent>,
}

/// A copy of evidence that is attached to an application: what it shows, and which file it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AttachmentContent {
    /// What it is a copy of: `authority`, `device`, `identity-document`, `identity-proofing` or `register-extract`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the officer calls it. Nothing is ever written under this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// SHA-256 over the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// `application/pdf`, `image/png` or `image/jpeg`, by what the file is.
    pub media_type: String,
    /// How many octets it has.
    pub size: u64,
    /// When it was attached, RFC 3339.
    pub added: String,
    /// The officer who attached it.
    pub added_by: String,
}

/// An electronic signature on a copy, and what was found of it when the copy was attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignatureContent {
    /// `valid`: it is by a certificate of this provider that was good then, and over this agreement. `not-checked`: nothing
    /// is said about it.
    pub outcome: String,
    /// Why it was not checked: `form` (not read here), `issuer` (no certificate of this provider), `signer` (who signs for
    /// the organisation cannot be told) or `time-stamp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who signed: `applicant`, `representative` or `organisation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// The serial number of the signer's certificate, hexadecimal, where it is this provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// When that was found, RFC 3339.
    pub checked: String,
}

impl SignatureContent {
    /// The outcome of a signature that holds.
    pub(crate) const VALID: &str = "valid";

    /// Whether it holds.
    pub fn is_valid(&self) -> bool {
        self.outcome == Self::VALID
    }
}

macro_rules! without_personal_data {
    ($($name:ident),*) => {$(
        /// Says nothing: a stray `{:?}` must not put personal data into a log (K-P13).
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

without_personal_data!(
    ApplicationContent,
    SubjectContent,
    NaturalPersonContent,
    LatinName,
    LegalPersonContent,
    CountryNumber,
    LocalNumber,
    Representative,
    AuthorityProof,
    IdentityDocument,
    IdentityProofing,
    AgreementContent,
    AttachmentContent
);
