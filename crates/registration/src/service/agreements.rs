//! The agreement: made, accepted, and there before anything is signed (P-13, K-P08).

use ndoba_audit::EventKind;
use ndoba_types::Sha256Digest;

use super::applications::{Seen, must_be_draft};
use super::{Officer, Once, Registration, ServiceError};
use crate::application::{AgreementContent, ApplicationContent, ApplicationId, StoredState};
use crate::check::organisation;
use crate::field_error::{FieldError, Refusals};
use crate::form::{is_day, past_day};
use crate::ports::{AgreementError, AgreementOf, ApplicationRecord, ApplicationWithOrder};

/// What `copies_at` says of copies that are with the application.
const ATTACHED: &str = "attached";
/// The kind of attachment that it speaks of.
const IDENTITY_DOCUMENT: &str = "identity-document";

/// What an officer notes of an acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// SHA-256 over the document that was signed, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The day on which the subscriber signed it.
    pub accepted: String,
    /// The day on which the subject signed the second part, where the subscriber is somebody else.
    pub subject_accepted: Option<String>,
}

impl Registration {
    /// The agreement of an application as it is now, PDF: by the terms that were accepted, or by those in force.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`]; [`ServiceError::Invalid`] where a text of the application cannot be printed.
    pub fn agreement(&self, officer: &Officer, id: ApplicationId) -> Result<Vec<u8>, ServiceError> {
        let found = self.visible(officer, id)?.application;
        self.note_read(officer, id.into(), "agreement")?;
        self.document(&found)
    }

    /// Notes that the subscriber accepted the agreement, and where the subject is somebody else, the subject the second
    /// part. It is forgotten when the application is changed: what was accepted is then another document.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] for another document than the application's, and for days; [`ServiceError::Conflict`]
    /// in another state than draft.
    pub fn agree(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        acceptance: &Acceptance,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        if let Some(before) = self.edited_before(officer, once)? {
            return Ok(before);
        }
        let (from, record) = self.about(officer, at)?;
        must_be_draft(from, "an agreement is accepted for a draft")?;
        let Acceptance { sha256, accepted, subject_accepted } = acceptance;
        let mut content = record.content;
        content.agreement = None;
        let record = ApplicationRecord { content, ..record };
        let digest = Sha256Digest::of(&self.document(&record)?);
        let mut found: Vec<FieldError> = Vec::new();
        let mut at = Refusals::at(&mut found, "");
        if *sha256 != digest.to_string() {
            let message = "must be of the application's agreement as it is now: fetch it again";
            at.refuse::<()>("sha256", "agreement.other", Some("P-13"), message);
        }
        let now = self.clock.now();
        self.signed_then(&mut at, "accepted", accepted, &record);
        match (has_two_parts(&record.content), subject_accepted) {
            (true, None) => {
                let message = "must be given: the subject is not the subscriber and accepts the second part";
                at.refuse::<()>("subject_accepted", "field.missing", Some("P-13"), message);
            }
            (false, Some(_)) => {
                let message = "must be absent: the subject is the subscriber";
                at.refuse::<()>("subject_accepted", "field.unknown", Some("P-13"), message);
            }
            (true, Some(day)) => self.signed_then(&mut at, "subject_accepted", day, &record),
            (false, None) => {}
        }
        if !found.is_empty() {
            return Err(ServiceError::Invalid(found));
        }
        let noted = AgreementContent {
            sha256: sha256.clone(),
            terms: self.agreements.terms().to_owned(),
            accepted: accepted.clone(),
            subject_accepted: subject_accepted.clone(),
            noted: now.to_string(),
            noted_by: officer.id.to_string(),
            copy: None,
        };
        let content = ApplicationContent { agreement: Some(noted), ..record.content };
        let record = ApplicationRecord { content, ..record };
        let accepted = EventKind::AgreementAccepted { application: record.id.into(), agreement: digest };
        let events = vec![self.event(officer.id, accepted)?];
        self.move_to(officer, once, from, record, StoredState::Draft, events)
    }

    /// Notes a refusal of a day on which this agreement cannot have been signed: one that is not over, or one before there
    /// was the application that it names, or the terms that it has.
    fn signed_then(&self, at: &mut Refusals<'_>, member: &str, day: &str, record: &ApplicationRecord) {
        past_day(at, member, day, self.clock.now(), Some("P-13"));
        // Days as texts: of one form, they order as days do. In UTC, which is never later than the day in Georgia.
        let opened = record.opened.to_date_time().date().to_string();
        let first = opened.as_str().max(self.agreements.in_force_since());
        if is_day(day) && day < first {
            let message = format!(
                "must not be before {first}: the agreement names this application and the terms in force"
            );
            at.refuse::<()>(member, "date.before-agreement", Some("P-13"), message);
        }
    }

    /// What an application lacks before anybody may sign: an acceptance that can be proved, and the copies that it says
    /// are attached.
    pub(super) fn lacks_copies(&self, record: &ApplicationRecord) -> Result<(), ServiceError> {
        let mut found: Vec<FieldError> = Vec::new();
        let mut at = Refusals::at(&mut found, "");
        let content = &record.content;
        let copy = content.agreement.as_ref().and_then(|agreement| agreement.copy.as_ref());
        if self.settings.signed_copy_required && copy.is_none() {
            let message =
                "must be attached: a scan of what was signed, or the file with its electronic signature";
            at.within("agreement").refuse::<()>(
                "copy",
                "agreement.copy-missing",
                Some("REG-6.3.4-08"),
                message,
            );
        }
        let attached = content.attachments.iter().any(|one| one.kind == IDENTITY_DOCUMENT);
        if content.identity_document.copies_at.as_deref() == Some(ATTACHED) && !attached {
            let message =
                "says that the copy of the identity document is attached: attach it, or say where it is";
            at.within("identity_document").refuse::<()>(
                "copies_at",
                "copies.not-attached",
                Some("REG-6.4.5-04"),
                message,
            );
        }
        if found.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(found)) }
    }

    /// The digest of the agreement that was accepted, which must be the application's own still.
    pub(super) fn agreed(&self, record: &ApplicationRecord) -> Result<Sha256Digest, ServiceError> {
        Ok(Sha256Digest::of(&self.agreed_document(record)?))
    }

    /// The document itself.
    pub(super) fn agreed_document(&self, record: &ApplicationRecord) -> Result<Vec<u8>, ServiceError> {
        let refuse =
            |code, message: &str| Err(ServiceError::field("/agreement", code, Some("P-13"), message));
        let Some(accepted) = &record.content.agreement else {
            return refuse(
                "agreement.missing",
                "must be accepted by the subscriber before anything is signed",
            );
        };
        let document = self.document(record)?;
        if Sha256Digest::of(&document).to_string() != accepted.sha256 {
            return refuse(
                "agreement.other",
                "is not the one that this application makes: it must be accepted anew",
            );
        }
        Ok(document)
    }

    fn document(&self, record: &ApplicationRecord) -> Result<Vec<u8>, ServiceError> {
        let accepted = record.content.agreement.as_ref();
        let terms = accepted.map_or_else(|| self.agreements.terms(), |agreement| agreement.terms.as_str());
        let of = AgreementOf { application: record.id, content: &record.content, terms };
        self.agreements.render(&of).map_err(|error| match error {
            AgreementError::NotPrintable(c) => {
                let message =
                    format!("has a character that the agreement cannot print: U+{:04X}", u32::from(c));
                ServiceError::field("", "agreement.unprintable", Some("P-13"), message)
            }
            AgreementError::Font(_) | AgreementError::UnknownTerms(_) => {
                ServiceError::internal("making an agreement", error)
            }
        })
    }
}

/// Whether the subscriber is somebody else than the subject: the organisation that a person is named with.
fn has_two_parts(content: &ApplicationContent) -> bool {
    organisation(&content.subject).is_some()
}
