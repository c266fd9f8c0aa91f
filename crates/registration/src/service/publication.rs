//! Whether a certificate is shown to third parties: as its subscriber said in the agreement, from the day it is handed over,
//! and until they take it back (P-14, DIS-6.1-01A, -01B).

use ndoba_audit::{Event, EventKind};
use ndoba_types::{SerialNumber, UtcTime};

use super::{Officer, Once, Registration, ServiceError};
use crate::application::StoredState;
use crate::identifier::person_of;
use crate::permission::Permission;
use crate::ports::{ApplicationRecord, CertificateRecord, ShownCertificate};

/// How a certificate stands with third parties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Which.
    pub serial: SerialNumber,
    /// Since when it is shown; absent where it is not.
    pub shown_since: Option<UtcTime>,
}

impl Registration {
    /// Whether a certificate is shown to third parties.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`].
    pub fn publication(&self, officer: &Officer, serial: &SerialNumber) -> Result<Publication, ServiceError> {
        self.admit(officer, Permission::ReadCertificates)?;
        self.issued_within_reach(officer, serial)?;
        Ok(Publication { serial: serial.clone(), shown_since: self.registry.shown_since(serial)? })
    }

    /// Notes that a subscriber lets the certificate be shown to third parties, or no longer. At once.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`]; [`ServiceError::Conflict`] before the certificate was handed over, whatever is said.
    pub fn consent_to_publication(
        &self,
        officer: &Officer,
        serial: &SerialNumber,
        consent: bool,
        once: Option<&Once>,
    ) -> Result<Publication, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        let done = self.once(officer, once, || self.note_consent(officer, serial, consent, once))?;
        Ok(Publication { shown_since: self.registry.shown_since(&done)?, serial: done })
    }

    fn note_consent(
        &self,
        officer: &Officer,
        serial: &SerialNumber,
        consent: bool,
        once: Option<&Once>,
    ) -> Result<SerialNumber, ServiceError> {
        let certificate = self.issued_within_reach(officer, serial)?;
        let application = self.behind(serial)?.application;
        self.not_themselves(officer, &person_of(&application.content))?;
        // What the agreement says takes effect at the delivery, which would undo a withdrawal that came before it.
        if !matches!(application.state, StoredState::Delivered | StoredState::Accepted) {
            let message = "the certificate was not handed over yet and is shown to nobody: note what the subscriber says \
                           once its delivery is noted";
            return Err(ServiceError::conflict("application.state", message));
        }
        let events = [self.consent_event(officer, &certificate, consent)?];
        if !consent {
            return self.commit(officer, once, serial.clone(), &events, |act| {
                self.registry.withhold_certificate(serial, act)
            });
        }
        let shown = self.to_be_shown(certificate)?;
        self.commit(officer, once, serial.clone(), &events, |act| self.registry.show_certificate(&shown, act))
    }

    /// What is shown from the delivery of an application's certificate on, and its event: nothing where the subscriber did
    /// not say so.
    pub(super) fn shown_from_delivery(
        &self,
        officer: &Officer,
        application: &ApplicationRecord,
        serial: &SerialNumber,
    ) -> Result<Option<(ShownCertificate, Event)>, ServiceError> {
        if application.content.publication_consent != Some(true) {
            return Ok(None);
        }
        let certificate = self.issued(serial)?;
        let event = self.consent_event(officer, &certificate, true)?;
        Ok(Some((self.to_be_shown(certificate)?, event)))
    }

    fn to_be_shown(&self, certificate: CertificateRecord) -> Result<ShownCertificate, ServiceError> {
        let CertificateRecord { serial, der, .. } = certificate;
        let der = der.ok_or(ServiceError::Unknown { what: "certificate" })?;
        Ok(ShownCertificate { serial, der, since: self.clock.now() })
    }

    fn consent_event(
        &self,
        officer: &Officer,
        certificate: &CertificateRecord,
        consent: bool,
    ) -> Result<Event, ServiceError> {
        let (ca, serial) = (certificate.ca.clone(), certificate.serial.clone());
        let consent = if consent { "given" } else { "withdrawn" }.into();
        self.event(officer.id, EventKind::PublicationConsentChanged { ca, serial, consent })
    }
}
