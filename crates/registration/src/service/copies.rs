//! The copy of the agreement that the subscriber signed: attached by an officer, named in what both officers sign
//! (P-12, P-13).

use ndoba_audit::EventKind;
use ndoba_types::Sha256Digest;
use ndoba_x509::SignedData;

use super::applications::{Seen, must_be_draft};
use super::reach::Sight;
use super::{Officer, Once, Registration, ServiceError};
use crate::application::{
    AgreementContent, ApplicationContent, ApplicationId, CopyContent, SignatureContent, StoredState,
};
use crate::permission::Permission;
use crate::ports::{Act, ApplicationRecord, ApplicationWithOrder, Conflict, CopyRecord, RegistryError};

/// The most octets of a copy: a few scanned pages.
pub const MAX_COPY: usize = 2 * 1024 * 1024;
/// The most copies of an application: one, and its corrections.
const MAX_COPIES: usize = 8;

/// What a copy may be, by how its octets begin: what a file is called says nothing.
const KINDS: [(&[u8], &str); 3] =
    [(b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg")];
pub(super) const PDF: &str = "application/pdf";
/// A signature beside the document (RFC 8551 §3.2.1), known by its structure.
pub(super) const DETACHED: &str = "application/pkcs7-signature";

impl Registration {
    /// Attaches the signed copy to a draft whose agreement is accepted. Another one takes its place; both are kept until
    /// the application is erased. A change of the application forgets it together with the acceptance.
    ///
    /// Electronic signatures in it that were made with certificates of this provider are checked, and what was found is
    /// noted with the copy (P-13, 411-2 OVR-6.3.4-02); of all others it is noted that they were not.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] for a file that is too long or none of the kinds, and for a signature of ours that does not
    /// hold; [`ServiceError::Conflict`] in another state than draft, before the agreement is accepted, and after too many
    /// copies.
    pub fn attach_copy(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        octets: Vec<u8>,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        if let Some(id) = self.repeated(officer, once)? {
            return self.load(id);
        }
        let (from, record) = self.about(officer, at)?;
        must_be_draft(from, "a copy is attached to a draft")?;
        let Some(agreement) = record.content.agreement.clone() else {
            let message = "the agreement is not accepted yet: note that first";
            return Err(ServiceError::conflict("agreement.missing", message));
        };
        let media_type = judge(&octets)?;
        let signatures = self.signatures_on(officer, &record, &octets, media_type)?;
        let copy = CopyRecord {
            application: record.id,
            sha256: Sha256Digest::of(&octets),
            media_type: media_type.into(),
            content: octets,
            added_by: officer.id,
            added: self.clock.now(),
        };
        // The octets first: nothing ever names what is not there.
        self.keep_copy(officer, &copy, &signatures)?;
        let named = CopyContent { sha256: copy.sha256.to_string(), media_type: copy.media_type, signatures };
        let agreement = AgreementContent { copy: Some(named), ..agreement };
        let content = ApplicationContent { agreement: Some(agreement), ..record.content };
        let record = ApplicationRecord { content, ..record };
        self.move_to(officer, once, from, record, StoredState::Draft, Vec::new())
    }

    /// The signed copy. The read is an event.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`] where none is attached.
    pub fn signed_copy(&self, officer: &Officer, id: ApplicationId) -> Result<CopyRecord, ServiceError> {
        self.admit(officer, Permission::ReadApplications)?;
        let found = self.load(id)?.application;
        self.within_reach(officer, Sight::Applications, found.opened_by, "application")?;
        let named = found.content.agreement.and_then(|agreement| agreement.copy);
        let sha256 = named.and_then(|copy| copy.sha256.parse().ok());
        let unknown = ServiceError::Unknown { what: "copy" };
        let Some(sha256) = sha256 else { return Err(unknown) };
        self.note_read(officer, id.into(), "agreement-copy")?;
        self.registry.copy(id, sha256)?.ok_or(unknown)
    }

    fn keep_copy(
        &self,
        officer: &Officer,
        copy: &CopyRecord,
        signatures: &[SignatureContent],
    ) -> Result<(), ServiceError> {
        if self.registry.copy(copy.application, copy.sha256)?.is_some() {
            return Ok(());
        }
        if self.registry.copies(copy.application)? >= MAX_COPIES {
            let message = format!("an application has {MAX_COPIES} copies at most");
            return Err(ServiceError::conflict("copy.too-many", message));
        }
        let signed = signatures.iter().any(SignatureContent::is_valid);
        let what = EventKind::EvidenceAdded {
            application: copy.application.into(),
            kind: if signed { "agreement-copy-signed" } else { "agreement-copy" }.into(),
            evidence: copy.sha256,
        };
        let act = Act { events: &[self.event(officer.id, what)?], receipt: None };
        match self.registry.put_copy(copy, act) {
            // Another request kept the same octets at this very moment.
            Ok(()) | Err(RegistryError::Conflict(Conflict::Stale)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What the octets are.
fn judge(octets: &[u8]) -> Result<&'static str, ServiceError> {
    if octets.len() > MAX_COPY {
        let message = format!("must be at most {MAX_COPY} octets");
        return Err(ServiceError::field("/content", "copy.too-long", Some("P-13"), message));
    }
    let kind = KINDS.iter().find(|(beginning, _)| octets.starts_with(beginning));
    let kind = kind.map(|(_, media_type)| *media_type).or_else(|| is_detached(octets).then_some(DETACHED));
    kind.ok_or_else(|| {
        let message = "must be a PDF, PNG or JPEG file, or a detached signature (.p7s) in DER";
        ServiceError::field("/content", "copy.type", Some("P-13"), message)
    })
}

/// A signature over a document that is elsewhere.
fn is_detached(octets: &[u8]) -> bool {
    SignedData::from_der(octets).is_ok_and(|signed| signed.is_detached() && !signed.signers().is_empty())
}
