//! Applications: opened, changed, frozen into orders, given back, refused, given up, delivered.

use ndoba_audit::{Event, EventKind, Word};
use ndoba_order::{Device, Issue, Office, Order, OrderContent, ProfileRef};
use ndoba_types::{CaName, OfficerId, OrderId, SerialNumber, Sha256Digest, UtcTime};
use ndoba_x509::KeyIdentifier;

use super::begun::Said;
use super::reach::Sight;
use super::{Officer, Once, Registration, Separation, ServiceError};
use crate::application::{ApplicationContent, ApplicationId, Salt, StoredState};
use crate::check::{CheckedApplication, check};
use crate::evidence::{self, DEVICE, Intake};
use crate::identifier::searched;
use crate::permission::Permission;
use crate::ports::{
    ApplicationFilter, ApplicationRecord, ApplicationWithOrder, EvidenceRecord, OrderRecord, OrderState,
    Page, PageRequest, ShownCertificate,
};
use crate::state::{ApplicationState, Step, next};

/// An application to act upon, and its version where who asks says which one they saw: another is then a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub id: ApplicationId,
    /// The version that was seen; absent: whatever it is now.
    pub version: Option<u32>,
}

impl From<ApplicationId> for Seen {
    fn from(id: ApplicationId) -> Self {
        Self { id, version: None }
    }
}

/// Which applications an officer looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationQuery {
    /// Only these.
    pub state: Option<ApplicationState>,
    /// Only of this personal number or identification code, or another identifier as certificates show it.
    pub subject: Option<String>,
    /// Only those that this officer opened.
    pub opened_by: Option<OfficerId>,
    /// Only those that were opened in this office and beneath it, by where who opened it works now.
    pub office: Option<Office>,
    /// Only by this profile.
    pub profile: Option<String>,
    /// Only those that were opened then or later.
    pub since: Option<UtcTime>,
    /// Only those that were opened before then.
    pub until: Option<UtcTime>,
}

impl Registration {
    /// Opens an application.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] with every field that is refused, [`Separation::OfficerIsSubject`].
    pub fn open(
        &self,
        officer: &Officer,
        content: &ApplicationContent,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        if let Some(id) = self.repeated(officer, once)? {
            return self.load(id);
        }
        self.open_with(officer, content, None, once)
    }

    /// Opens an application once it is vetted; `replaces` is vetted by [`Self::renew`].
    pub(super) fn open_with(
        &self,
        officer: &Officer,
        content: &ApplicationContent,
        replaces: Option<SerialNumber>,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        let content = self.vet(officer, content)?.content;
        let content = ApplicationContent { agreement: None, attachments: Vec::new(), ..content };
        let now = self.clock.now();
        let record = ApplicationRecord {
            id: ApplicationId::generate(self.random.as_ref())?,
            version: 1,
            state: StoredState::Draft,
            content,
            salt: Salt::generate(self.random.as_ref())?,
            opened_by: officer.id,
            opened: now,
            updated: now,
            order: None,
            remark: None,
            without_code: None,
            replaces,
        };
        let event = self.changed(officer, &record, None, ApplicationState::Draft)?;
        let id = self.commit(officer, once, record.id, &[event], |act| {
            self.registry.insert_application(&record, act)
        })?;
        self.load(id)
    }

    /// Replaces the content of a draft, returned or expired application. What is attached stays.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`]; [`ServiceError::Conflict`] in another state, `version.other` when `expected` is not
    /// the version now.
    pub fn edit(
        &self,
        officer: &Officer,
        id: ApplicationId,
        expected: Option<u32>,
        content: &ApplicationContent,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        if let Some(before) = self.edited_before(officer, once)? {
            return Ok(before);
        }
        let (from, record) = self.about(officer, Seen { id, version: expected })?;
        allowed(from, Step::Edit)?;
        let attachments = record.content.attachments.clone();
        let content = self.vet(officer, content)?.content;
        let content = ApplicationContent { agreement: None, attachments, ..content };
        let record = ApplicationRecord { content, order: None, remark: None, ..record };
        self.move_to(officer, once, from, record, StoredState::Draft, Vec::new())
    }

    /// Shows an application. The read is an event.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`].
    pub fn application(
        &self,
        officer: &Officer,
        id: ApplicationId,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        let found = self.visible(officer, id)?;
        self.note_read(officer, id.into(), "application")?;
        Ok(found)
    }

    /// Lists applications, newest first. Every one shown is an event.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub fn applications(
        &self,
        officer: &Officer,
        query: &ApplicationQuery,
        page: &PageRequest,
    ) -> Result<Page<ApplicationWithOrder>, ServiceError> {
        self.admit(officer, Permission::ReadApplications)?;
        let ApplicationQuery { state, subject, opened_by, office, profile, since, until } = query;
        let reach = self.reach(officer, Sight::Applications)?;
        let filter = ApplicationFilter {
            states: state.map(|state| state.stored_as().to_vec()).unwrap_or_default(),
            subject: subject.as_deref().map(|typed| searched(typed).to_owned()),
            concerning: None,
            opened_by: *opened_by,
            within: match office {
                Some(office) => Some(self.of_office(office, reach.as_deref())?),
                None => reach,
            },
            profile: profile.clone(),
            since: *since,
            until: *until,
        };
        let page = self.registry.applications(&filter, page)?;
        self.note_reads(officer, page.items.iter().map(|item| item.application.id.into()), "applications")?;
        Ok(page)
    }

    /// Freezes an application into the order that two officers sign. From here nothing in it changes.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`], since dates may have passed; [`ServiceError::Conflict`] in another state than draft.
    pub fn freeze(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        once: Option<&Once>,
    ) -> Result<OrderRecord, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        let at = at.into();
        let order = self.once(officer, once, || self.freeze_anew(officer, at, once))?;
        self.load_order(order)
    }

    fn freeze_anew(&self, officer: &Officer, at: Seen, once: Option<&Once>) -> Result<OrderId, ServiceError> {
        let (from, record) = self.about(officer, at)?;
        allowed(from, Step::Submit)?;
        let checked = self.vet(officer, &record.content)?;
        // Accepted before issuance, and before anybody signs (REG-6.3.4-08).
        self.agreed(&record)?;
        self.lacks_copies(&record)?;
        let order_id = OrderId::generate(self.random.as_ref())?;
        let intake = Intake {
            installation: self.settings.installation,
            accepted_by: record.opened_by,
            accepted: record.opened,
            submitted_by: officer.id,
            proofing_use: self.proofing_use(&record)?,
        };
        let evidence = evidence::of_application(&checked.content, &intake, order_id, self.random.as_ref())?;
        if let Some(serial) = &record.replaces {
            self.may_replace(serial, &checked)?;
        }
        let order = self.issue_order(officer, &record, order_id, checked, &evidence)?;
        let record = ApplicationRecord {
            version: record.version.saturating_add(1),
            state: StoredState::Submitted,
            updated: self.clock.now(),
            order: Some(order.id),
            remark: None,
            ..record
        };

        let mut events = vec![self.changed(officer, &record, Some(from), ApplicationState::Submitted)?];
        for item in &evidence {
            let kind = item.kind.parse::<Word>().unwrap_or_else(|_| "evidence".into());
            let added = EventKind::EvidenceAdded { application: at.id.into(), kind, evidence: item.digest };
            events.push(self.event(officer.id, added)?);
        }
        self.commit(officer, once, order.id, &events, |act| {
            self.registry.freeze_application(&record, &order, &evidence, act)
        })
    }

    /// Gives an application up; an order of it that is not fully signed ends with it.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Conflict`] when it is fully signed or over.
    pub fn withdraw(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        self.step(officer, at.into(), once, (Step::Withdraw, StoredState::Withdrawn), Said::default())
    }

    /// Gives an application back for correction.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Conflict`] in another state than submitted; [`ServiceError::Invalid`] for the remark.
    pub fn send_back(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        remark: &str,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.admit(officer, Permission::DecideApplications)?;
        let said = Said::remark(remark)?;
        self.step(officer, at.into(), once, (Step::Return, StoredState::Returned), said)
    }

    /// Refuses an application for good.
    ///
    /// # Errors
    ///
    /// As for [`Self::send_back`]; a returned application can be refused, too.
    pub fn reject(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        remark: &str,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.admit(officer, Permission::DecideApplications)?;
        let said = Said::remark(remark)?;
        self.step(officer, at.into(), once, (Step::Reject, StoredState::Rejected), said)
    }

    pub(super) fn step(
        &self,
        officer: &Officer,
        at: Seen,
        once: Option<&Once>,
        (step, to): (Step, StoredState),
        said: Said,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        let Said { remark, without_code } = said;
        if let Some(id) = self.repeated(officer, once)? {
            return self.load(id);
        }
        let (from, record) = self.about(officer, at)?;
        allowed(from, step)?;
        let (mut events, mut shown) = (Vec::new(), None);
        if let Some(order) = record.order {
            let order = self.load_order(order)?;
            match order.state {
                OrderState::Open => {
                    events.push(self.event(officer.id, EventKind::OrderWithdrawn { order: order.id })?);
                }
                OrderState::Done { serial } if step == Step::Deliver => {
                    self.comes_with_code(&serial, without_code.is_some())?;
                    let channel =
                        if without_code.is_some() { "officer-without-code" } else { "officer" }.into();
                    let published = self.shown_from_delivery(officer, &record, &serial)?;
                    let delivered = EventKind::CertificateDelivered { ca: order.ca, serial, channel };
                    events.push(self.event(officer.id, delivered)?);
                    if let Some((certificate, consented)) = published {
                        events.push(consented);
                        shown = Some(certificate);
                    }
                }
                OrderState::Done { serial } if step == Step::Accept => {
                    let accepted = EventKind::CertificateAccepted { ca: order.ca, serial };
                    events.push(self.event(officer.id, accepted)?);
                }
                OrderState::Done { .. }
                | OrderState::Queued
                | OrderState::Claimed
                | OrderState::Refused { .. }
                | OrderState::Withdrawn
                | OrderState::Expired => {}
            }
        }
        let (remark, without_code) = match (step, record.without_code) {
            // A delivery that was noted before the reason had a place of its own has it in the remark, and nothing else there.
            (Step::Accept, None) => (remark, record.remark),
            (_, before) => (remark.or(record.remark), without_code.or(before)),
        };
        let record = ApplicationRecord { remark, without_code, ..record };
        self.move_with(officer, once, (from, to), record, events, shown)
    }

    /// Writes the row in its new state, with its event before `more`.
    pub(super) fn move_to(
        &self,
        officer: &Officer,
        once: Option<&Once>,
        from: ApplicationState,
        record: ApplicationRecord,
        to: StoredState,
        more: Vec<Event>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.move_with(officer, once, (from, to), record, more, None)
    }

    /// The same, and shows a certificate from then on.
    fn move_with(
        &self,
        officer: &Officer,
        once: Option<&Once>,
        (from, to): (ApplicationState, StoredState),
        record: ApplicationRecord,
        more: Vec<Event>,
        shown: Option<ShownCertificate>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        let record = ApplicationRecord {
            version: record.version.saturating_add(1),
            state: to,
            updated: self.clock.now(),
            ..record
        };
        let mut events =
            vec![self.changed(officer, &record, Some(from), ApplicationState::shown(to, None))?];
        events.extend(more);
        let id = self.commit(officer, once, record.id, &events, |act| match &shown {
            None => self.registry.update_application(&record, act),
            Some(shown) => self.registry.deliver_application(&record, shown, act),
        })?;
        self.load(id)
    }

    /// The order's bytes and row.
    fn issue_order(
        &self,
        officer: &Officer,
        application: &ApplicationRecord,
        order_id: OrderId,
        checked: CheckedApplication,
        evidence: &[EvidenceRecord],
    ) -> Result<OrderRecord, ServiceError> {
        let person = self.person(&checked.person());
        let CheckedApplication { content, profile, subject, csr, device, agreement } = checked;
        let shown = evidence.iter().find(|item| item.kind == DEVICE).map(|item| item.digest);
        let device =
            device.zip(shown).map(|((model, shown_by), evidence)| Device { model, shown_by, evidence });
        let issue = Issue {
            profile: ProfileRef { name: profile.name.clone(), digest: profile.digest },
            subject,
            csr: csr.digest,
            spki: csr.spki,
            evidence: evidence.iter().map(|item| item.digest).collect(),
            agreement,
            person: Some(person),
            days: content.days,
            device,
            replaces: application.replaces.clone(),
        };
        let content = match issue.replaces {
            None => OrderContent::Issue(issue),
            Some(_) => OrderContent::Reissue(issue),
        };
        let ca = self.issuing(&profile.ca)?;
        let order = self.order_of(order_id, &ca, content)?;
        let kind = order.kind();
        let bytes = order.to_bytes().map_err(|error| ServiceError::internal("writing an order", error))?;
        Ok(OrderRecord {
            id: order_id,
            kind,
            digest: Sha256Digest::of(&bytes),
            content: bytes,
            ca,
            csr: Some(csr.der),
            application: Some(application.id),
            target: None,
            drafted_by: officer.id,
            created: order.created,
            expires: order.expires,
            state: OrderState::Open,
            signatures: Vec::new(),
        })
    }

    /// An order of this installation to `ca`, from now on for as long as orders live.
    pub(super) fn order_of(
        &self,
        order_id: OrderId,
        ca: &CaName,
        content: OrderContent,
    ) -> Result<Order, ServiceError> {
        // Whole seconds: people read these.
        let created = self.clock.now().floor_to_second();
        Ok(Order {
            installation: self.settings.installation,
            order_id,
            ca: self.key_of(ca)?,
            created,
            expires: created.plus(self.settings.order_life),
            content,
        })
    }

    /// The generation of the CA that issues now: of one that has a successor, that one's name, once its time has come.
    fn issuing(&self, ca: &CaName) -> Result<CaName, ServiceError> {
        let first = self.key_of(ca)?;
        let issuing = self.register()?.generation_at(first, self.clock.now());
        let found = self.settings.authorities.iter().find(|(_, key)| *key == issuing);
        found.map(|(name, _)| name.clone()).ok_or_else(|| ServiceError::Internal {
            what: format!("addressing an order: the CA that follows {ca} is not configured"),
            source: None,
        })
    }

    fn key_of(&self, ca: &CaName) -> Result<KeyIdentifier, ServiceError> {
        let found = self.settings.authorities.iter().find(|(name, _)| name == ca);
        found.map(|(_, key)| *key).ok_or_else(|| ServiceError::Internal {
            what: format!("addressing an order: the CA {ca} is not configured"),
            source: None,
        })
    }

    /// Every rule for the content, and that the officer is not the person in it (C-75).
    pub(super) fn vet(
        &self,
        officer: &Officer,
        content: &ApplicationContent,
    ) -> Result<CheckedApplication, ServiceError> {
        let checked = check(content, self.rules(self.clock.now())).map_err(ServiceError::Invalid)?;
        self.not_themselves(officer, &checked.person())?;
        Ok(checked)
    }

    pub(super) fn not_themselves(&self, officer: &Officer, identifier: &str) -> Result<(), ServiceError> {
        if officer.person == Some(self.person(identifier)) {
            let refused = EventKind::ActionRefused {
                operation: "application".into(),
                code: "officer-is-subject".into(),
            };
            self.registry.record(&[self.event(officer.id, refused)?])?;
            return Err(ServiceError::Separation(Separation::OfficerIsSubject));
        }
        Ok(())
    }

    pub(super) fn load(&self, id: ApplicationId) -> Result<ApplicationWithOrder, ServiceError> {
        self.registry.application(id)?.ok_or(ServiceError::Unknown { what: "application" })
    }

    fn changed(
        &self,
        officer: &Officer,
        record: &ApplicationRecord,
        from: Option<ApplicationState>,
        to: ApplicationState,
    ) -> Result<Event, ServiceError> {
        let content = Some(evidence::commitment(&record.content, &record.salt)?);
        let what = EventKind::ApplicationChanged {
            application: record.id.into(),
            from: from.map(|state| state.name().into()),
            to: to.name().into(),
            content,
        };
        self.event(officer.id, what)
    }
}

pub(super) fn allowed(from: ApplicationState, step: Step) -> Result<ApplicationState, ServiceError> {
    next(from, step).ok_or_else(|| {
        ServiceError::conflict("application.state", format!("the application is {}", from.name()))
    })
}

/// What is about a draft is refused in every other state; `rule` says what is.
pub(super) fn must_be_draft(state: ApplicationState, rule: &str) -> Result<(), ServiceError> {
    if state != ApplicationState::Draft {
        let message = format!("the application is {}: {rule}", state.name());
        return Err(ServiceError::conflict("application.state", message));
    }
    Ok(())
}
