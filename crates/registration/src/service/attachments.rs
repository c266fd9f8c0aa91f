//! Copies of evidence: attached while the application can be changed, named in what both officers sign (P-11, P-12).

use ndoba_audit::{Event, EventKind, Word};
use ndoba_types::Sha256Digest;

use super::applications::{Seen, allowed};
use super::copies::{judge, too_many};
use super::{Officer, Once, Registration, ServiceError};
use crate::application::{ApplicationContent, ApplicationId, AttachmentContent, StoredState};
use crate::evidence::{ATTACHMENT, commitment_to_copy};
use crate::field_error::{FieldError, Refusals};
use crate::ports::{ApplicationRecord, ApplicationWithOrder, CopyRecord};
use crate::state::Step;
use crate::text::accept;

/// What copies show (P-11, P-12, SDP-6.5.1-04).
pub const ATTACHMENT_KINDS: &[&str] =
    &["authority", "device", "identity-document", "identity-proofing", "register-extract"];

/// The most that an application names: with what else is evidence, as many as an order takes.
const MAX_ATTACHMENTS: usize = 16;
/// The most characters of a name.
const MAX_NAME: usize = 100;

/// A file that is to be attached.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// One of [`ATTACHMENT_KINDS`].
    pub kind: String,
    /// What the officer calls it.
    pub name: Option<String>,
    /// The file.
    pub octets: Vec<u8>,
}

impl Registration {
    /// Attaches a copy of evidence to an application that can be changed; a returned or expired one becomes a draft with
    /// it, as by a change. The agreement stays as it was: it says nothing of copies.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] for a file that is too long or none of the kinds, an unknown kind and a name that could
    /// be a path; [`ServiceError::Conflict`] in another state, and after too many copies.
    pub fn attach(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        attachment: Attachment,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        if let Some(before) = self.edited_before(officer, once)? {
            return Ok(before);
        }
        let (from, record) = self.about(officer, at)?;
        allowed(from, Step::Edit)?;
        let Attachment { kind, name, octets } = attachment;
        let name = named(&kind, name.as_deref())?;
        let media_type = judge(&octets, false)?;
        let size = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        let copy = self.copy_of(officer, &record, octets, media_type);
        let sha256 = copy.sha256.to_string();
        // Once more is the same copy, by the name that it has now.
        let mut attachments = record.content.attachments.clone();
        attachments.retain(|other| (&other.kind, &other.sha256) != (&kind, &sha256));
        if attachments.len() >= MAX_ATTACHMENTS {
            return Err(too_many(MAX_ATTACHMENTS));
        }
        let added = AttachmentContent {
            kind,
            name,
            sha256,
            media_type: media_type.into(),
            size,
            added: copy.added.to_string(),
            added_by: officer.id.to_string(),
        };
        let what = EventKind::EvidenceAdded {
            application: record.id.into(),
            kind: format!("{ATTACHMENT}-{}", added.kind).parse().unwrap_or_else(|_| Word::from(ATTACHMENT)),
            evidence: commitment_to_copy(&added, &record.salt)?,
        };
        let event = self.keep_copy(officer, &copy, what)?;
        // Under another name it is no other evidence.
        let event = event.filter(|_| attachments.len() == record.content.attachments.len());
        attachments.push(added);
        self.with_attachments(officer, once, from, record, (attachments, event))
    }

    /// Takes a copy of evidence away from an application that can be changed: it is no longer named. Its octets are part of
    /// the record until the application is erased, since an order that was returned may name them.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`] where it is not attached; [`ServiceError::Conflict`] in another state.
    pub fn detach(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        sha256: Sha256Digest,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        if let Some(before) = self.edited_before(officer, once)? {
            return Ok(before);
        }
        let (from, record) = self.about(officer, at)?;
        allowed(from, Step::Edit)?;
        let mut attachments = record.content.attachments.clone();
        let sha256 = sha256.to_string();
        attachments.retain(|other| other.sha256 != sha256);
        if attachments.len() == record.content.attachments.len() {
            return Err(ServiceError::Unknown { what: ATTACHMENT });
        }
        self.with_attachments(officer, once, from, record, (attachments, None))
    }

    /// A file of an application, whether it is named still or not: what is kept can be seen. The read is an event.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`] where the application has no such file.
    pub fn attachment(
        &self,
        officer: &Officer,
        id: ApplicationId,
        sha256: Sha256Digest,
    ) -> Result<CopyRecord, ServiceError> {
        let found = self.visible(officer, id)?.application;
        self.kept_copy(officer, &found, sha256, ATTACHMENT, ATTACHMENT)
    }

    fn with_attachments(
        &self,
        officer: &Officer,
        once: Option<&Once>,
        from: crate::state::ApplicationState,
        record: ApplicationRecord,
        (attachments, added): (Vec<AttachmentContent>, Option<Event>),
    ) -> Result<ApplicationWithOrder, ServiceError> {
        let content = ApplicationContent { attachments, ..record.content };
        let record = ApplicationRecord { content, order: None, remark: None, ..record };
        self.move_to(officer, once, from, record, StoredState::Draft, added.into_iter().collect())
    }
}

/// The name, where kind and name may be.
fn named(kind: &str, name: Option<&str>) -> Result<Option<String>, ServiceError> {
    let mut found: Vec<FieldError> = Vec::new();
    let mut at = Refusals::at(&mut found, "");
    if !ATTACHMENT_KINDS.contains(&kind) {
        let message = format!("must be one of {}", ATTACHMENT_KINDS.join(", "));
        at.refuse::<()>("type", "attachment.type", Some("P-12"), message);
    }
    let name = name.and_then(|name| accept(&mut at, "name", name, MAX_NAME));
    if name.as_deref().is_some_and(could_be_a_path) {
        let message = "must be a plain name: no /, \\ or :, and no dot at its beginning";
        at.refuse::<()>("name", "attachment.name", None, message);
    }
    if found.is_empty() { Ok(name) } else { Err(ServiceError::Invalid(found)) }
}

/// Nothing of ours writes under such a name; another program that reads a record might.
fn could_be_a_path(name: &str) -> bool {
    name.starts_with('.') || name.contains(['/', '\\', ':'])
}
