//! Electronic signatures on the signed copy: those made with certificates of this provider are checked when the copy is
//! attached (P-13, 411-2 OVR-6.3.4-02).

use std::cell::OnceCell;

use ndoba_types::{SerialNumber, UtcTime};
use ndoba_x509::{BadCms, Certificate, SignedData, SignerInfo, oid};

use super::copies::{DETACHED, PDF};
use super::{Officer, Registration, ServiceError};
use crate::application::{AffiliationContent, ApplicationContent, SignatureContent, SubjectContent};
use crate::check::organisation;
use crate::identifier::PersonIdentifier;
use crate::ports::{ApplicationRecord, CertificateRecord, CertificateStatus, LedgerState};
use crate::signed_copy::{PdfSignature, UpdateError, Updates, signatures_in};

/// Why nothing is said about a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotChecked {
    /// A form that is not read.
    Form,
    /// No certificate of ours.
    Issuer,
    /// Nobody knows who may sign for the organisation.
    Signer,
    /// A time-stamp.
    TimeStamp,
}

/// What a signature of ours is refused for. Codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// Signature, attributes and octets do not fit each other.
    Broken,
    /// The certificate is not good now, not for signatures, or not in the ledger.
    Certificate,
    /// More was added to the agreement than signatures.
    Changed,
    /// It is over something else.
    OtherDocument,
    /// By nobody who is to sign.
    OtherSigner,
    /// It leaves something out.
    Partial,
}

/// What was found of one signature.
enum Finding {
    Valid { signer: &'static str, certificate: SerialNumber },
    NotChecked(NotChecked),
}

/// A copy with the agreement that it must be of.
struct Copy<'a> {
    octets: &'a [u8],
    agreement: &'a [u8],
    content: &'a ApplicationContent,
    /// Read once, and only when a signature of ours asks.
    updates: OnceCell<Result<Updates, UpdateError>>,
}

impl Registration {
    /// What is found of each signature on a copy of the application's accepted agreement.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] for a signature by a certificate of ours that does not hold for this agreement; the refusal
    /// is recorded.
    pub(super) fn signatures_on(
        &self,
        officer: &Officer,
        record: &ApplicationRecord,
        octets: &[u8],
        media_type: &str,
    ) -> Result<Vec<SignatureContent>, ServiceError> {
        let places = if media_type == PDF { signatures_in(octets) } else { Vec::new() };
        if places.is_empty() && media_type != DETACHED {
            return Ok(Vec::new());
        }
        let agreement = self.agreed_document(record)?;
        let copy = Copy { octets, agreement: &agreement, content: &record.content, updates: OnceCell::new() };
        let mut findings = Vec::new();
        if media_type == DETACHED {
            findings.extend(self.judge_all(officer, &copy, octets, None)?);
        }
        for place in &places {
            findings.extend(match place {
                Some(place) => self.judge_all(officer, &copy, &place.cms, Some(place))?,
                None => vec![Finding::NotChecked(NotChecked::Form)],
            });
        }
        let checked = self.clock.now().to_string();
        Ok(findings.into_iter().map(|finding| noted(finding, checked.clone())).collect())
    }

    /// Judges every signer of one CMS.
    fn judge_all(
        &self,
        officer: &Officer,
        copy: &Copy<'_>,
        cms: &[u8],
        place: Option<&PdfSignature<'_>>,
    ) -> Result<Vec<Finding>, ServiceError> {
        let signed = match SignedData::from_der(cms) {
            Ok(signed) if signed.is_detached() => signed,
            Ok(signed) if signed.content_type() == oid::TST_INFO => {
                return Ok(vec![Finding::NotChecked(NotChecked::TimeStamp)]);
            }
            Ok(_) | Err(_) => return Ok(vec![Finding::NotChecked(NotChecked::Form)]),
        };
        let mut findings = Vec::new();
        for signer in signed.signers() {
            let judged = match self.issued_by_us(signer)? {
                Some((row, certificate)) => copy
                    .judge(signer, &certificate, place)
                    .and_then(|finding| usable(&row, &certificate, self.clock.now()).map(|()| finding)),
                None if self.claims_to_be_ours(&signed, signer) => Err(Refused::Certificate),
                None => Ok(Finding::NotChecked(NotChecked::Issuer)),
            };
            findings.push(match judged {
                Ok(finding) => finding,
                Err(refused) => return Err(self.refused_copy(officer, refused)?),
            });
        }
        Ok(findings)
    }

    /// The certificate that a signer names, where the ledger has it: who issued it is known from there alone.
    fn issued_by_us(
        &self,
        signer: &SignerInfo<'_>,
    ) -> Result<Option<(CertificateRecord, Certificate)>, ServiceError> {
        let Some(row) = self.registry.certificate(signer.serial())? else { return Ok(None) };
        let certificate = row.der.as_ref().and_then(|der| Certificate::from_der(der).ok());
        Ok(certificate.filter(|certificate| signer.names(certificate)).map(|certificate| (row, certificate)))
    }

    /// A certificate that names a key of ours as its issuer's and is not in the ledger.
    fn claims_to_be_ours(&self, signed: &SignedData<'_>, signer: &SignerInfo<'_>) -> bool {
        let issuer = signed.certificate_of(signer).and_then(Certificate::authority_key_identifier);
        issuer.is_some_and(|key| self.settings.authorities.iter().any(|(_, own)| own.as_bytes() == key))
    }

    /// The refusal, recorded.
    fn refused_copy(&self, officer: &Officer, refused: Refused) -> Result<ServiceError, ServiceError> {
        let (code, message) = refused.told();
        self.refuse(officer.id, "attach-copy".into(), code.into())?;
        Ok(ServiceError::field("/content", code, Some("P-13"), message))
    }
}

impl Copy<'_> {
    /// Whether the signature is over this agreement, by somebody who is to sign it.
    fn judge(
        &self,
        signer: &SignerInfo<'_>,
        certificate: &Certificate,
        place: Option<&PdfSignature<'_>>,
    ) -> Result<Finding, Refused> {
        let content = place.map_or_else(|| vec![self.agreement], |place| place.covered.to_vec());
        match signer.verify(certificate, oid::DATA, &content) {
            Ok(()) => {}
            Err(BadCms::Unsupported) => return Ok(Finding::NotChecked(NotChecked::Form)),
            // A signature beside the document that is over another one; within a file, the file was changed.
            Err(BadCms::Content) if place.is_none() => return Err(Refused::OtherDocument),
            Err(BadCms::Content | BadCms::Malformed | BadCms::OtherCertificate | BadCms::Signature) => {
                return Err(Refused::Broken);
            }
        }
        if let Some(place) = place {
            if !self.octets.starts_with(self.agreement) {
                return Err(Refused::OtherDocument);
            }
            match self.updates.get_or_init(|| Updates::read(self.octets, self.agreement)) {
                Ok(updates) if updates.covered_by(place) => {}
                Ok(_) => return Err(Refused::Partial),
                Err(UpdateError::Changed) => return Err(Refused::Changed),
                Err(UpdateError::Unreadable) => return Ok(Finding::NotChecked(NotChecked::Form)),
            }
        }
        match who(certificate, self.content) {
            Who::Expected(signer) => Ok(Finding::Valid { signer, certificate: certificate.serial().clone() }),
            Who::NotKnown => Ok(Finding::NotChecked(NotChecked::Signer)),
            Who::SomebodyElse => Err(Refused::OtherSigner),
        }
    }
}

/// Whether the certificate makes signatures on agreements at `now`.
fn usable(row: &CertificateRecord, certificate: &Certificate, now: UtcTime) -> Result<(), Refused> {
    let good = row.ledger == LedgerState::Issued && row.status == CertificateStatus::Good;
    let in_time = certificate.not_before() <= now && now <= certificate.not_after();
    if good && in_time && for_signatures(certificate) { Ok(()) } else { Err(Refused::Certificate) }
}

/// Whose certificate it is, as an application sees it.
enum Who {
    Expected(&'static str),
    NotKnown,
    SomebodyElse,
}

fn who(certificate: &Certificate, content: &ApplicationContent) -> Who {
    let attributes = certificate.subject().attributes();
    let has = |id, value: &str| attributes.iter().any(|(own, text)| *own == id && text == value);
    let is_person = attributes.iter().any(|(id, _)| *id == oid::SERIAL_NUMBER);
    // An older certificate may show the one identifier, a newer the other.
    let (identifiers, name, body) = match &content.subject {
        SubjectContent::NaturalPerson(person) => (
            [person.identifier(), person.person()],
            "applicant",
            organisation(&content.subject).map(AffiliationContent::identifier),
        ),
        SubjectContent::LegalPerson(person) => (
            [person.representative.identifier(), person.representative.person()],
            "representative",
            person.identifier(),
        ),
    };
    let is = |one: PersonIdentifier<'_>| has(oid::SERIAL_NUMBER, &one.semantic());
    if identifiers.into_iter().flatten().any(is) {
        return Who::Expected(name);
    }
    if body.is_some_and(|body| !is_person && has(oid::ORGANIZATION_IDENTIFIER, &body.semantic())) {
        return Who::Expected("organisation");
    }
    // The organisation beside a person is a subscriber of its own, and nobody entered who signs for it.
    if organisation(&content.subject).is_some() { Who::NotKnown } else { Who::SomebodyElse }
}

/// Whether keyUsage has nonRepudiation (EN 319 412-2 NAT-4.3.2, types A, B and F).
fn for_signatures(certificate: &Certificate) -> bool {
    let bits = certificate.extension(&oid::KEY_USAGE).and_then(|usage| usage.value.get(3).copied());
    bits.is_some_and(|bits| bits & 0x40 != 0)
}

fn noted(finding: Finding, checked: String) -> SignatureContent {
    let not_checked = |reason: &str| SignatureContent {
        outcome: "not-checked".into(),
        reason: Some(reason.into()),
        signer: None,
        certificate: None,
        checked: checked.clone(),
    };
    match finding {
        Finding::NotChecked(NotChecked::Form) => not_checked("form"),
        Finding::NotChecked(NotChecked::Issuer) => not_checked("issuer"),
        Finding::NotChecked(NotChecked::Signer) => not_checked("signer"),
        Finding::NotChecked(NotChecked::TimeStamp) => not_checked("time-stamp"),
        Finding::Valid { signer, certificate } => SignatureContent {
            outcome: SignatureContent::VALID.into(),
            reason: None,
            signer: Some(signer.into()),
            certificate: Some(certificate.to_string()),
            checked,
        },
    }
}

impl Refused {
    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Broken => (
                "signature.broken",
                "has an electronic signature that does not hold: have the agreement signed again, and attach the file as the \
                 signing program wrote it",
            ),
            Self::Certificate => (
                "signature.certificate",
                "is signed with a certificate that is revoked, suspended, out of its time, not for signatures, or not in the \
                 ledger: have it signed with one that is good, or on paper",
            ),
            Self::Changed => (
                "signature.changed",
                "holds more than the agreement and signatures: fetch the agreement, and have that signed",
            ),
            Self::OtherDocument => (
                "signature.other-document",
                "is a signature on another document: fetch the agreement as it is now, and have that signed",
            ),
            Self::OtherSigner => (
                "signature.other-signer",
                "is signed by somebody else: the applicant or the representative must sign",
            ),
            Self::Partial => (
                "signature.partial",
                "has a signature that does not cover the whole file: attach it as the signing program wrote it",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
