//! The certificate that follows from a profile, a subject, a key and an issuer, complete but for its signature.
//!
//! Planning leaves no choice to what comes after: [`CertificatePlan::to_tbs`] gives the exact bytes to sign.
//! Everything that can refuse refuses here; a plan exists only when every rule holds.

mod error;
mod extensions;
mod rules;

use ndoba_types::{SerialNumber, Sha256Digest, SignatureAlgorithm, Span, SubjectPublicKeyInfo, UtcTime};

pub use error::PlanError;
pub use rules::check_subject_key;

use crate::extension::{RawExtension, extensions_der};
use crate::name::{Authority, DistinguishedName, Subject};
use crate::time::time_der;
use crate::url::HttpsUrl;
use crate::{
    IssuerFacts, KeyIdentifier, KeyKind, Profile, Template, VerifiedCsr, algorithm_identifier, encode,
};

/// Whose key it is and how that is known.
#[derive(Clone, Copy, Debug)]
pub enum SubjectKey<'a> {
    /// A subscriber's, with proof of possession (C-73). The certificate gets the request's SPKI, byte for byte.
    Requested(&'a VerifiedCsr),
    /// The provider's own, read from its token.
    Token(&'a SubjectPublicKeyInfo),
}

impl<'a> SubjectKey<'a> {
    fn spki(self) -> &'a SubjectPublicKeyInfo {
        match self {
            Self::Requested(csr) => csr.spki(),
            Self::Token(spki) => spki,
        }
    }
}

/// What a certificate is planned from.
#[derive(Clone, Copy, Debug)]
pub struct IssueRequest<'a> {
    /// The profile; its template is not a root's.
    pub profile: &'a Profile,
    /// The subject.
    pub subject: &'a Subject,
    /// The subject's key.
    pub key: SubjectKey<'a>,
    /// The CA that will sign.
    pub issuer: &'a IssuerFacts,
    /// Where the installation's documents are: practice statement and disclosure statements.
    pub documents: &'a HttpsUrl,
    /// Digest of the evidence that the key is in a qualified device (K-C09).
    pub device_evidence: Option<Sha256Digest>,
    /// Reserved for this certificate, never used before by the issuer.
    pub serial: &'a SerialNumber,
    /// Start of validity: nothing is backdated. Fractions of a second are dropped.
    pub now: UtcTime,
    /// Length of validity, in days of 24 hours.
    pub days: u32,
}

/// What a root is planned from.
#[derive(Clone, Copy, Debug)]
pub struct RootRequest<'a> {
    /// The profile; its template is a root's.
    pub profile: &'a Profile,
    /// The root's name.
    pub subject: &'a Authority,
    /// The root's key, as its token has it.
    pub key: &'a SubjectPublicKeyInfo,
    /// How that key signs.
    pub algorithm: SignatureAlgorithm,
    /// The root's own serial number.
    pub serial: &'a SerialNumber,
    /// Start of validity.
    pub now: UtcTime,
    /// Length of validity, in days of 24 hours.
    pub days: u32,
}

/// From when to when a certificate is valid, both inclusive and in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// notBefore.
    pub not_before: UtcTime,
    /// notAfter.
    pub not_after: UtcTime,
}

impl Validity {
    /// `days` days from `now`.
    ///
    /// The end is inclusive (RFC 5280 §4.1.2.5), so it lies one second before the same time of day: with that
    /// second the certificate would be a second longer than the profile allows.
    pub fn starting(now: UtcTime, days: u32) -> Self {
        let not_before = now.floor_to_second();
        Self { not_before, not_after: not_before.plus(Span::days(days)).minus(Span::seconds(1)) }
    }

    /// A short-term certificate's: ten minutes under a day, because it must end before a revocation would have to be
    /// published, which is within 24 hours (C-100, C-110).
    pub fn short_term(now: UtcTime) -> Self {
        let not_before = now.floor_to_second();
        Self { not_before, not_after: not_before.plus(Span::days(1)).minus(Span::minutes(10)) }
    }

    /// The DER `Validity`.
    fn to_der(self) -> Vec<u8> {
        encode::sequence(&[&time_der(self.not_before), &time_der(self.not_after)])
    }
}

/// A certificate, complete but for its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePlan {
    template: Template,
    profile_digest: Sha256Digest,
    serial: SerialNumber,
    algorithm: SignatureAlgorithm,
    issuer: DistinguishedName,
    validity: Validity,
    subject: DistinguishedName,
    spki: SubjectPublicKeyInfo,
    extensions: Vec<RawExtension>,
}

impl CertificatePlan {
    /// Plans a certificate signed by a CA.
    ///
    /// # Errors
    ///
    /// [`PlanError`]: a rule does not hold; nothing was used up.
    pub fn new(request: &IssueRequest<'_>) -> Result<Self, PlanError> {
        let IssueRequest { profile, subject, key, issuer, documents, device_evidence: _, serial, now, days } =
            *request;
        rules::check_template(profile, subject, key)?;
        let validity = rules::check_validity(profile, now, days)?;
        rules::check_issuer(issuer, subject, key.spki(), validity)?;
        let kind = KeyKind::of(key.spki()).map_err(PlanError::Key)?;
        check_subject_key(profile, kind, now, validity.not_after)?;
        if profile.requires_device_evidence() && request.device_evidence.is_none() {
            return Err(PlanError::DeviceEvidenceMissing);
        }
        let ski = KeyIdentifier::of(key.spki()).map_err(PlanError::Key)?;
        Ok(Self {
            template: profile.template(),
            profile_digest: profile.digest(),
            serial: serial.clone(),
            algorithm: issuer.algorithm,
            issuer: issuer.name.clone(),
            validity,
            subject: subject.distinguished_name(),
            spki: key.spki().clone(),
            extensions: extensions::of(profile, subject, &ski, issuer, documents, validity)?,
        })
    }

    /// Plans a self-signed root.
    ///
    /// # Errors
    ///
    /// [`PlanError`]: a rule does not hold.
    pub fn root(request: &RootRequest<'_>) -> Result<Self, PlanError> {
        let RootRequest { profile, subject, key, algorithm, serial, now, days } = *request;
        if profile.template() != Template::Root {
            return Err(PlanError::WrongTemplate);
        }
        let validity = rules::check_validity(profile, now, days)?;
        let kind = KeyKind::of(key).map_err(PlanError::Key)?;
        check_subject_key(profile, kind, now, validity.not_after)?;
        if !kind.can_sign_with(algorithm) {
            return Err(PlanError::KeyNotAllowed { kind });
        }
        let name = subject.distinguished_name();
        Ok(Self {
            template: Template::Root,
            profile_digest: profile.digest(),
            serial: serial.clone(),
            algorithm,
            issuer: name.clone(),
            validity,
            subject: name,
            spki: key.clone(),
            extensions: extensions::of_root(&KeyIdentifier::of(key).map_err(PlanError::Key)?),
        })
    }

    /// The DER TBSCertificate: the exact bytes to sign. Always the same for the same plan.
    pub fn to_tbs(&self) -> Vec<u8> {
        let Self {
            template: _,
            profile_digest: _,
            serial,
            algorithm,
            issuer,
            validity,
            subject,
            spki,
            extensions,
        } = self;
        encode::sequence(&[
            &encode::context_constructed(0, &encode::integer(2)),
            &encode::integer_content(&serial.to_der_content()),
            &algorithm_identifier(*algorithm),
            issuer.as_der(),
            &validity.to_der(),
            subject.as_der(),
            spki.as_der(),
            &encode::context_constructed(3, &extensions_der(extensions)),
        ])
    }

    /// The template it was made from.
    pub fn template(&self) -> Template {
        self.template
    }

    /// The profile it was made from.
    pub fn profile_digest(&self) -> Sha256Digest {
        self.profile_digest
    }

    /// The serial number.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// The signature algorithm, the same inside and outside the TBS (C-01).
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The issuer's name.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// The validity.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The subject's name.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// The subject's key.
    pub fn spki(&self) -> &SubjectPublicKeyInfo {
        &self.spki
    }

    /// The extensions in their order.
    pub fn extensions(&self) -> &[RawExtension] {
        &self.extensions
    }
}

#[cfg(test)]
mod tests;
