//! Records as a whole: everything kept about a subject, and its end when the law's time has passed.

use ndoba_audit::{Actor, Event, EventKind};
use ndoba_types::{Span, UtcTime};

use super::reach::Sight;
use super::{Officer, Registration, ServiceError};
use crate::application::ApplicationId;
use crate::identifier::searched;
use crate::permission::Permission;
use crate::ports::{
    Act, ApplicationFilter, ApplicationWithOrder, CertificateRecord, Conflict, DeskRequest, EvidenceRecord,
    KeptCopy, OrderRecord, OrderState, PageRequest, RegistryError, RequestFilter,
};

/// Everything kept about a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRecord {
    /// The personal number or identification code; another identifier with its scheme and country.
    pub subject: String,
    /// When it was put together.
    pub at: UtcTime,
    /// Each application with what belongs to it, newest first.
    pub cases: Vec<CaseRecord>,
}

/// An application with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRecord {
    /// The application.
    pub application: ApplicationWithOrder,
    /// The orders made of it and those about its certificates, oldest first, with their signatures.
    pub orders: Vec<OrderRecord>,
    /// The evidence behind those orders.
    pub evidence: Vec<EvidenceRecord>,
    /// The certificates.
    pub certificates: Vec<CertificateRecord>,
    /// The requests to change their status, with their clocks, newest first.
    pub requests: Vec<DeskRequest>,
    /// The files, those among them that the application no longer names.
    pub copies: Vec<KeptCopy>,
}

/// A page of the look through a subject's applications.
const PAGE: u32 = 200;

impl Registration {
    /// The whole record of a subject, by personal number or identification code: of a natural person also what they did
    /// as a legal person's representative. Each case in it is an event.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`] where nothing is kept.
    pub fn subject_record(&self, officer: &Officer, subject: &str) -> Result<SubjectRecord, ServiceError> {
        self.admit(officer, Permission::ReadApplications)?;
        let filter = ApplicationFilter {
            concerning: Some(searched(subject).to_owned()),
            within: self.reach(officer, Sight::Applications)?,
            ..ApplicationFilter::default()
        };
        let mut cases = Vec::new();
        let mut page = PageRequest { limit: PAGE, after: None };
        loop {
            let found = self.registry.applications(&filter, &page)?;
            for application in found.items {
                cases.push(self.case(officer, application)?);
            }
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        if cases.is_empty() {
            return Err(ServiceError::Unknown { what: "subject" });
        }
        Ok(SubjectRecord { subject: subject.to_owned(), at: self.clock.now(), cases })
    }

    fn case(&self, officer: &Officer, application: ApplicationWithOrder) -> Result<CaseRecord, ServiceError> {
        let id = application.application.id;
        self.note_read(officer, id.into(), "record")?;
        let orders = self.registry.orders_of(id)?;
        let (mut evidence, mut certificates) = (Vec::new(), Vec::new());
        for order in &orders {
            evidence.extend(self.registry.evidence(order.id)?);
            if let (Some(_), OrderState::Done { serial }) = (order.application, &order.state) {
                certificates.extend(self.registry.certificate(serial)?);
            }
        }
        let mut requests = Vec::new();
        for certificate in &certificates {
            requests.extend(self.requests_about(certificate)?);
        }
        let copies = self.registry.copies(id)?;
        Ok(CaseRecord { application, orders, evidence, certificates, requests, copies })
    }

    fn requests_about(&self, certificate: &CertificateRecord) -> Result<Vec<DeskRequest>, ServiceError> {
        let filter =
            RequestFilter { certificate: Some(certificate.serial.clone()), ..RequestFilter::default() };
        let (mut found, mut page) = (Vec::new(), PageRequest { limit: PAGE, after: None });
        loop {
            let part = self.registry.requests(&filter, &page)?;
            found.extend(part.items);
            match part.next {
                Some(next) => page.after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Erases applications whose retention has ended, at most `limit`; gives how many. For a timer.
    ///
    /// Counted from the end of every certificate that the record was the base of, and from its last change: whichever
    /// is last (OVR-6.4.6-01). Certificates, orders and signatures stay, as proofs.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unavailable`]; what was erased before stays so.
    pub fn erase_due(&self, limit: u32) -> Result<usize, ServiceError> {
        // A day more for each year than most have: never too early.
        let kept = Span::days(u32::from(self.settings.retention_years) * 366);
        let before = self.clock.now().minus(kept);
        let mut erased = 0;
        for id in self.registry.erasable(before, limit)? {
            erased += usize::from(self.erase(id, before)?);
        }
        Ok(erased)
    }

    fn erase(&self, id: ApplicationId, before: UtcTime) -> Result<bool, ServiceError> {
        let what = EventKind::PersonalDataErased { record: id.into() };
        let actor = Actor::Role("registration".into());
        let event = Event::new(self.random.as_ref(), self.clock.now(), actor, what)?;
        let act = Act { events: &[event], receipt: None };
        match self.registry.erase_application(id, before, act) {
            Ok(()) => Ok(true),
            // Another node did it, or something happened to it at this very moment.
            Err(RegistryError::Conflict(Conflict::Stale | Conflict::Idempotency)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
