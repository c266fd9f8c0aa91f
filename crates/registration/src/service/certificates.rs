//! Certificates as officers look at them.

use ndoba_audit::EventKind;
use ndoba_order::signed_header;
use ndoba_types::SerialNumber;

use super::reach::Sight;
use super::{Officer, Registration, ServiceError};
use crate::identifier::searched;
use crate::permission::Permission;
use crate::ports::{
    CertificateFilter, CertificateRecord, LedgerState, Page, PageRequest, RevocationClock, TimeLeft,
};

impl Registration {
    /// A certificate with its status and clocks. The read is an event.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`] when it was never issued: what is merely reserved or being signed is none.
    pub fn certificate(
        &self,
        officer: &Officer,
        serial: &SerialNumber,
    ) -> Result<CertificateRecord, ServiceError> {
        self.admit(officer, Permission::ReadCertificates)?;
        let found = self.issued_within_reach(officer, serial)?;
        if let Some(application) = found.application {
            self.note_read(officer, application.into(), "certificate")?;
        }
        Ok(found)
    }

    /// Lists certificates, newest first. Every one of a subscriber's is an event: the search says whose it is.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub fn certificates(
        &self,
        officer: &Officer,
        filter: &CertificateFilter,
        page: &PageRequest,
    ) -> Result<Page<CertificateRecord>, ServiceError> {
        self.admit(officer, Permission::ReadCertificates)?;
        let subject = filter.subject.as_deref().map(|typed| searched(typed).to_owned());
        let within = self.reach(officer, Sight::Certificates)?;
        let filter = CertificateFilter { subject, within, ..filter.clone() };
        let page = self.registry.certificates(&filter, page)?;
        let shown = page.items.iter().filter_map(|item| item.application).map(Into::into);
        self.note_reads(officer, shown, "certificates")?;
        Ok(page)
    }

    /// Streams the sealed part of the audit log. That is an event, too.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]; what was written before is then not the whole log.
    pub fn export_audit(&self, officer: &Officer, out: &mut dyn std::io::Write) -> Result<(), ServiceError> {
        self.admit(officer, Permission::ExportAudit)?;
        self.registry.record(&[self.event(officer.id, EventKind::AuditExported {})?])?;
        Ok(self.registry.export_audit(out)?)
    }

    /// Streams what officers signed, as the log names it, for the log to be verified by it. The read is an event: orders are
    /// personal data.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]; what was written before is then not all of it.
    pub fn export_signed(&self, officer: &Officer, out: &mut dyn std::io::Write) -> Result<(), ServiceError> {
        self.admit(officer, Permission::ExportAudit)?;
        let unfit = |error| ServiceError::internal("writing the pin", error);
        let header = signed_header(&self.settings.pins).map_err(unfit)?;
        let pin = self.settings.pins.digest().map_err(unfit)?;
        self.registry.record(&[self.event(officer.id, EventKind::SignedDocumentsExported { pin })?])?;
        Ok(self.registry.export_signed(&header, out)?)
    }

    /// How long a request about a certificate may still take; nothing once it owes nothing.
    pub fn time_left(&self, clock: &RevocationClock) -> Option<TimeLeft> {
        clock.left(self.settings.revocation, self.clock.now())
    }

    /// The same, where it came about in an office that the officer's own covers; the provider's own are everyone's.
    pub(super) fn issued_within_reach(
        &self,
        officer: &Officer,
        serial: &SerialNumber,
    ) -> Result<CertificateRecord, ServiceError> {
        let found = self.issued(serial)?;
        if let Some(opened_by) = found.opened_by {
            self.within_reach(officer, Sight::Certificates, opened_by, "certificate")?;
        }
        Ok(found)
    }

    pub(super) fn issued(&self, serial: &SerialNumber) -> Result<CertificateRecord, ServiceError> {
        let found = self.registry.certificate(serial)?;
        let found = found.filter(|record| match record.ledger {
            LedgerState::Issued | LedgerState::IssuedLost => true,
            LedgerState::Reserved | LedgerState::Prepared | LedgerState::Signing => false,
        });
        found.ok_or(ServiceError::Unknown { what: "certificate" })
    }
}
