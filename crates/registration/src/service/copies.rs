//! Files that belong to an application, signed copies and copies of evidence alike: what may be one, how many, and that
//! each is kept under its digest (P-12).

use ndoba_audit::{Event, EventKind};
use ndoba_types::Sha256Digest;
use ndoba_x509::SignedData;

use super::{Officer, Registration, ServiceError};
use crate::ports::{Act, ApplicationRecord, Conflict, CopyRecord, RegistryError};

/// The most octets of a copy: a few scanned pages.
pub const MAX_COPY: usize = 2 * 1024 * 1024;
/// The most copies that are kept for an application, those among them that it no longer names.
pub(super) const MAX_KEPT: usize = 24;

/// What a copy may be, by how its octets begin: what a file is called says nothing.
const KINDS: [(&[u8], &str); 3] =
    [(b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg")];
pub(super) const PDF: &str = "application/pdf";
/// A signature beside the document (RFC 8551 §3.2.1), known by its structure.
pub(super) const DETACHED: &str = "application/pkcs7-signature";

impl Registration {
    /// A copy as it will be kept.
    pub(super) fn copy_of(
        &self,
        officer: &Officer,
        record: &ApplicationRecord,
        octets: Vec<u8>,
        media_type: &str,
    ) -> CopyRecord {
        CopyRecord {
            application: record.id,
            sha256: Sha256Digest::of(&octets),
            media_type: media_type.into(),
            content: octets,
            added_by: officer.id,
            added: self.clock.now(),
        }
    }

    /// Keeps a copy before anything names it, so that nothing ever names what is not there; `added` is its event. Where
    /// the octets are kept already the event is given back: it belongs to the act that names them once more.
    pub(super) fn keep_copy(
        &self,
        officer: &Officer,
        copy: &CopyRecord,
        added: EventKind,
    ) -> Result<Option<Event>, ServiceError> {
        let event = self.event(officer.id, added)?;
        if self.registry.copy(copy.application, copy.sha256)?.is_some() {
            return Ok(Some(event));
        }
        if self.registry.copies(copy.application)?.len() >= MAX_KEPT {
            return Err(too_many(MAX_KEPT));
        }
        let events = [event];
        match self.registry.put_copy(copy, Act { events: &events, receipt: None }) {
            Ok(()) => Ok(None),
            // Another request kept the same octets at this very moment: this act's event was not written.
            Err(RegistryError::Conflict(Conflict::Stale)) => Ok(events.into_iter().next()),
            Err(error) => Err(error.into()),
        }
    }

    /// A file of an application. The read is an event.
    pub(super) fn kept_copy(
        &self,
        officer: &Officer,
        record: &ApplicationRecord,
        sha256: Sha256Digest,
        operation: &'static str,
        what: &'static str,
    ) -> Result<CopyRecord, ServiceError> {
        self.note_read(officer, record.id.into(), operation)?;
        self.registry.copy(record.id, sha256)?.ok_or(ServiceError::Unknown { what })
    }
}

pub(super) fn too_many(most: usize) -> ServiceError {
    ServiceError::conflict("copy.too-many", format!("an application has {most} copies at most"))
}

/// What the octets are: a page, or where `detached` says so a signature over a document that is elsewhere.
pub(super) fn judge(octets: &[u8], detached: bool) -> Result<&'static str, ServiceError> {
    if octets.len() > MAX_COPY {
        let message = format!("must be at most {MAX_COPY} octets");
        return Err(ServiceError::field("/content", "copy.too-long", Some("P-12"), message));
    }
    let kind = KINDS.iter().find(|(beginning, _)| octets.starts_with(beginning));
    let kind = kind.map(|(_, media_type)| *media_type);
    let kind = kind.or_else(|| (detached && is_detached(octets)).then_some(DETACHED));
    kind.ok_or_else(|| {
        let message = match detached {
            true => "must be a PDF, PNG or JPEG file, or a detached signature (.p7s) in DER",
            false => "must be a PDF, PNG or JPEG file",
        };
        ServiceError::field("/content", "copy.type", Some("P-12"), message)
    })
}

/// A signature over a document that is elsewhere.
fn is_detached(octets: &[u8]) -> bool {
    SignedData::from_der(octets).is_ok_and(|signed| signed.is_detached() && !signed.signers().is_empty())
}
