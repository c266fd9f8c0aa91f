//! The copy of the agreement that the subscriber signed: attached by an officer, named in what both officers sign
//! (P-12, P-13).

use ndoba_audit::EventKind;

use super::applications::{Seen, must_be_draft};
use super::copies::judge;
use super::{Officer, Once, Registration, ServiceError};
use crate::application::{
    AgreementContent, ApplicationContent, ApplicationId, CopyContent, SignatureContent, StoredState,
};
use crate::ports::{ApplicationRecord, ApplicationWithOrder, CopyRecord};

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
        if let Some(before) = self.edited_before(officer, once)? {
            return Ok(before);
        }
        let (from, record) = self.about(officer, at)?;
        must_be_draft(from, "a copy is attached to a draft")?;
        let Some(agreement) = record.content.agreement.clone() else {
            let message = "the agreement is not accepted yet: note that first";
            return Err(ServiceError::conflict("agreement.missing", message));
        };
        let media_type = judge(&octets, true)?;
        let signatures = self.signatures_on(officer, &record, &octets, media_type)?;
        let copy = self.copy_of(officer, &record, octets, media_type);
        let signed = signatures.iter().any(SignatureContent::is_valid);
        let added = EventKind::EvidenceAdded {
            application: record.id.into(),
            kind: if signed { "agreement-copy-signed" } else { "agreement-copy" }.into(),
            evidence: copy.sha256,
        };
        let sha256 = copy.sha256.to_string();
        let before = agreement.copy.as_ref().map(|copy| copy.sha256.as_str());
        let event = self.keep_copy(officer, &copy, added)?.filter(|_| before != Some(&sha256));
        let named = CopyContent { sha256, media_type: copy.media_type, signatures };
        let agreement = AgreementContent { copy: Some(named), ..agreement };
        let content = ApplicationContent { agreement: Some(agreement), ..record.content };
        let record = ApplicationRecord { content, ..record };
        self.move_to(officer, once, from, record, StoredState::Draft, event.into_iter().collect())
    }

    /// The signed copy. The read is an event.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`] where none is attached.
    pub fn signed_copy(&self, officer: &Officer, id: ApplicationId) -> Result<CopyRecord, ServiceError> {
        let found = self.visible(officer, id)?.application;
        let named = found.content.agreement.as_ref().and_then(|agreement| agreement.copy.as_ref());
        let named = named.and_then(|copy| copy.sha256.parse().ok());
        let sha256 = named.ok_or(ServiceError::Unknown { what: "copy" })?;
        self.kept_copy(officer, &found, sha256, "agreement-copy", "copy")
    }
}
