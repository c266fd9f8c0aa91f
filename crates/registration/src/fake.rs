//! A [`Registry`] in memory, for tests here and in the shells. Keeps every promise of the port but durability.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "for tests: a broken fixture must stop them"
)]

mod copies;
mod desk;
mod enrolment;
mod publication;
mod spool;
mod world;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ndoba_audit::Event;
use ndoba_order::{Named, Signed, SignedLine};
use ndoba_types::{OfficerId, OrderId, SerialNumber, UtcTime};

use crate::application::ApplicationId;
use crate::identifier::{representative_identifier, subject_identifier};
use crate::ports::{
    Act, ApplicationFilter, ApplicationRecord, ApplicationWithOrder, CaHeartbeat, CertificateFilter,
    CertificateRecord, CertificateStatus, Conflict, CopyRecord, EnrolmentRecord, EvidenceRecord, GrantRecord,
    OrderRecord, OrderState, Page, PageRequest, Receipt, Registry, RegistryError, RevocationCodeRecord,
    RevocationRequestRecord, ShownCertificate, SignatureRecord,
};

pub use spool::{Kept, MemorySpool};
pub use world::{
    CountingRandom, HandClock, INSTALLATION, TestOfficer, World, association, clerk, csr, foreigner,
    municipality, person, with_device,
};

/// The tables.
#[derive(Debug, Default)]
pub struct Tables {
    /// `audit_events`.
    pub events: Vec<Event>,
    /// `officer_grants`.
    pub grants: Vec<GrantRecord>,
    /// `idempotency`.
    pub receipts: Vec<Receipt>,
    /// `applications`, oldest first.
    pub applications: Vec<ApplicationRecord>,
    /// `copies`.
    pub copies: Vec<CopyRecord>,
    /// `published_certificates`.
    pub shown: Vec<ShownCertificate>,
    /// `orders`.
    pub orders: BTreeMap<OrderId, OrderRecord>,
    /// `evidence`.
    pub evidence: Vec<EvidenceRecord>,
    /// `revocation_records`.
    pub requests: Vec<RevocationRequestRecord>,
    /// `revocation_codes`.
    pub codes: Vec<RevocationCodeRecord>,
    /// `officer_enrolments`, oldest first.
    pub enrolments: Vec<EnrolmentRecord>,
    /// Orders whose suspension by code was confirmed.
    pub confirmed: Vec<OrderId>,
    /// `certificates`, oldest first.
    pub certificates: Vec<CertificateRecord>,
    /// `heartbeat` of the `ca` role.
    pub heartbeat: Option<CaHeartbeat>,
    /// Every call fails as if the database were gone.
    pub gone: bool,
    /// No change commits, as on a full disk.
    pub full: bool,
}

/// The registry.
#[derive(Debug, Default)]
pub struct FakeRegistry {
    tables: Mutex<Tables>,
}

impl FakeRegistry {
    /// The tables, to look at and to play the CA in.
    pub fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, Tables>, RegistryError> {
        let tables = self.tables();
        if tables.gone { Err(RegistryError::Unavailable("gone, for a test".into())) } else { Ok(tables) }
    }
}

const STALE: RegistryError = RegistryError::Conflict(Conflict::Stale);

impl Tables {
    /// Takes the act, or refuses the whole change.
    fn act(&mut self, act: Act<'_>) -> Result<(), RegistryError> {
        if self.full {
            return Err(RegistryError::Unavailable("full, for a test".into()));
        }
        if let Some(receipt) = act.receipt {
            let used = |other: &Receipt| other.officer == receipt.officer && other.key == receipt.key;
            if self.receipts.iter().any(used) {
                return Err(RegistryError::Conflict(Conflict::Idempotency));
            }
            self.receipts.push(receipt.clone());
        }
        self.events.extend_from_slice(act.events);
        Ok(())
    }

    fn replace(&mut self, application: &ApplicationRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let found = self.applications.iter().position(|row| row.id == application.id).ok_or(STALE)?;
        if self.applications[found].version + 1 != application.version {
            return Err(STALE);
        }
        let order = self.applications[found].order.and_then(|id| self.orders.get(&id));
        if matches!(order.map(|order| &order.state), Some(OrderState::Queued | OrderState::Claimed)) {
            return Err(STALE);
        }
        self.act(act)?;
        let order = self.applications[found].order.and_then(|id| self.orders.get_mut(&id));
        if let Some(order) = order.filter(|order| order.state == OrderState::Open) {
            order.state = OrderState::Withdrawn;
        }
        self.applications[found] = application.clone();
        Ok(())
    }

    /// Whether nothing of the application lasted beyond `before`.
    fn is_over(&self, application: &ApplicationRecord, before: UtcTime) -> bool {
        let certificates = self.certificates.iter().filter(|one| one.application == Some(application.id));
        application.updated < before && certificates.into_iter().all(|one| one.not_after < before)
    }

    /// The orders of an application, and about its certificates.
    fn about(&self, application: ApplicationId) -> impl Iterator<Item = &OrderRecord> {
        let own = self.certificates.iter().filter(move |one| one.application == Some(application));
        let serials: Vec<SerialNumber> = own.map(|one| one.serial.clone()).collect();
        self.orders.values().filter(move |order| {
            order.application == Some(application)
                || order.target.as_ref().is_some_and(|target| serials.contains(target))
        })
    }

    fn with_order(&self, application: &ApplicationRecord) -> ApplicationWithOrder {
        let order = application.order.and_then(|id| self.orders.get(&id));
        ApplicationWithOrder {
            application: application.clone(),
            order_state: order.map(|order| order.state.clone()),
        }
    }
}

/// Newest first; the cursor is the place from the oldest.
fn page<T>(rows: Vec<T>, page: &PageRequest) -> Page<T> {
    let end = page.after.as_ref().and_then(|after| after.parse::<usize>().ok()).unwrap_or(rows.len());
    let start = end.saturating_sub(usize::try_from(page.limit).unwrap_or(usize::MAX));
    let items: Vec<T> = rows
        .into_iter()
        .enumerate()
        .filter(|(place, _)| (start..end).contains(place))
        .map(|(_, row)| row)
        .rev()
        .collect();
    Page { items, next: (start > 0).then(|| start.to_string()) }
}

impl Registry for FakeRegistry {
    fn grant_head(&self) -> Result<u64, RegistryError> {
        Ok(self.open()?.grants.last().map_or(0, |grant| grant.seq))
    }

    fn grants(&self) -> Result<Vec<GrantRecord>, RegistryError> {
        Ok(self.open()?.grants.clone())
    }

    fn append_grant(&self, grant: &GrantRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        if grant.seq != tables.grants.last().map_or(0, |grant| grant.seq) + 1 {
            return Err(STALE);
        }
        tables.act(act)?;
        tables.grants.push(grant.clone());
        Ok(())
    }

    fn receipt(&self, officer: OfficerId, key: &str) -> Result<Option<Receipt>, RegistryError> {
        Ok(self.open()?.receipts.iter().find(|one| one.officer == officer && one.key == key).cloned())
    }

    fn insert_application(&self, application: &ApplicationRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.act(act)?;
        tables.applications.push(application.clone());
        Ok(())
    }

    fn application(&self, id: ApplicationId) -> Result<Option<ApplicationWithOrder>, RegistryError> {
        let tables = self.open()?;
        Ok(tables.applications.iter().find(|row| row.id == id).map(|row| tables.with_order(row)))
    }

    fn applications(
        &self,
        filter: &ApplicationFilter,
        wanted: &PageRequest,
    ) -> Result<Page<ApplicationWithOrder>, RegistryError> {
        let ApplicationFilter { states, subject, concerning, opened_by, within, profile, since, until } =
            filter;
        let tables = self.open()?;
        let fits = |row: &ApplicationWithOrder| {
            let order = row.order_state.as_ref().map(OrderState::name);
            let state = |(stored, name): &(_, Option<&str>)| {
                *stored == row.application.state && (name.is_none() || *name == order)
            };
            (states.is_empty() || states.iter().any(state))
                && subject.as_ref().is_none_or(|text| subject_identifier(&row.application.content) == **text)
                && concerning.as_ref().is_none_or(|text| {
                    subject_identifier(&row.application.content) == **text
                        || representative_identifier(&row.application.content).as_deref() == Some(text)
                })
                && opened_by.is_none_or(|officer| officer == row.application.opened_by)
                && within.as_ref().is_none_or(|those| those.contains(&row.application.opened_by))
                && profile.as_ref().is_none_or(|name| row.application.content.profile == **name)
                && since.is_none_or(|since| row.application.opened >= since)
                && until.is_none_or(|until| row.application.opened < until)
        };
        Ok(page(tables.applications.iter().map(|row| tables.with_order(row)).filter(fits).collect(), wanted))
    }

    fn update_application(&self, application: &ApplicationRecord, act: Act<'_>) -> Result<(), RegistryError> {
        self.open()?.replace(application, act)
    }

    fn freeze_application(
        &self,
        application: &ApplicationRecord,
        order: &OrderRecord,
        evidence: &[EvidenceRecord],
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.replace(application, act)?;
        tables.orders.insert(order.id, order.clone());
        tables.evidence.extend_from_slice(evidence);
        Ok(())
    }

    fn erasable(&self, before: UtcTime, limit: u32) -> Result<Vec<ApplicationId>, RegistryError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let tables = self.open()?;
        let over = tables.applications.iter().filter(|row| tables.is_over(row, before));
        Ok(over.map(|row| row.id).take(limit).collect())
    }

    fn erase_application(
        &self,
        application: ApplicationId,
        before: UtcTime,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        let found = tables.applications.iter().position(|row| row.id == application).ok_or(STALE)?;
        if !tables.is_over(&tables.applications[found], before) {
            return Err(STALE);
        }
        tables.act(act)?;
        let orders: Vec<OrderId> = tables.about(application).map(|order| order.id).collect();
        tables.evidence.retain(|item| !orders.contains(&item.order));
        tables.copies.retain(|copy| copy.application != application);
        tables.applications.remove(found);
        Ok(())
    }

    fn orders_of(&self, application: ApplicationId) -> Result<Vec<OrderRecord>, RegistryError> {
        Ok(self.open()?.about(application).cloned().collect())
    }

    fn insert_order(
        &self,
        order: &OrderRecord,
        evidence: &[EvidenceRecord],
        request: &RevocationRequestRecord,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.act(act)?;
        tables.orders.insert(order.id, order.clone());
        tables.evidence.extend_from_slice(evidence);
        tables.requests.push(request.clone());
        Ok(())
    }

    fn order(&self, id: OrderId) -> Result<Option<OrderRecord>, RegistryError> {
        Ok(self.open()?.orders.get(&id).cloned())
    }

    fn evidence(&self, order: OrderId) -> Result<Vec<EvidenceRecord>, RegistryError> {
        Ok(self.open()?.evidence.iter().filter(|item| item.order == order).cloned().collect())
    }

    fn add_signature(
        &self,
        order: OrderId,
        already: usize,
        signature: &SignatureRecord,
        complete: bool,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        let fits = |row: &OrderRecord| row.state == OrderState::Open && row.signatures.len() == already;
        if !tables.orders.get(&order).is_some_and(fits) {
            return Err(STALE);
        }
        tables.act(act)?;
        if let Some(row) = tables.orders.get_mut(&order) {
            row.signatures.push(signature.clone());
            if complete {
                row.state = OrderState::Queued;
            }
        }
        if let Some(request) = tables.requests.iter_mut().find(|request| complete && request.order == order) {
            request.decided = Some(signature.added);
        }
        Ok(())
    }

    fn close_order(&self, order: OrderId, to: &OrderState, act: Act<'_>) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        if !tables.orders.get(&order).is_some_and(|row| row.state == OrderState::Open) {
            return Err(STALE);
        }
        tables.act(act)?;
        if let Some(row) = tables.orders.get_mut(&order) {
            row.state = to.clone();
        }
        Ok(())
    }

    fn decline_request(
        &self,
        order: OrderId,
        reason: &EvidenceRecord,
        _: UtcTime,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        if tables
            .orders
            .get(&order)
            .is_none_or(|row| matches!(row.state, OrderState::Claimed | OrderState::Done { .. }))
        {
            return Err(STALE);
        }
        tables.act(act)?;
        tables.evidence.push(reason.clone());
        if let Some(row) = tables.orders.get_mut(&order)
            && matches!(row.state, OrderState::Open | OrderState::Queued)
        {
            row.state = OrderState::Withdrawn;
        }
        Ok(())
    }

    fn orders_due(&self, now: UtcTime, limit: u32) -> Result<Vec<OrderId>, RegistryError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let tables = self.open()?;
        let due = tables.orders.values().filter(|row| row.state == OrderState::Open && row.expires <= now);
        Ok(due.map(|row| row.id).take(limit).collect())
    }

    fn certificate(&self, serial: &SerialNumber) -> Result<Option<CertificateRecord>, RegistryError> {
        Ok(self.open()?.certificates.iter().find(|row| row.serial == *serial).cloned())
    }

    fn certificates(
        &self,
        filter: &CertificateFilter,
        wanted: &PageRequest,
    ) -> Result<Page<CertificateRecord>, RegistryError> {
        let CertificateFilter { subject, name: called, profile, key, device, status, within } = filter;
        let tables = self.open()?;
        let subject_of = |row: &CertificateRecord| {
            let application = tables.applications.iter().find(|one| Some(one.id) == row.application)?;
            Some(subject_identifier(&application.content).into_owned())
        };
        let fits = |row: &&CertificateRecord| {
            let name = match row.status {
                CertificateStatus::Good => "good",
                CertificateStatus::Suspended { .. } => "suspended",
                CertificateStatus::Revoked { .. } => "revoked",
            };
            // Certificates of tests have no keys and no names, and are in no device.
            key.is_none()
                && called.is_none()
                && device.is_none()
                && profile.as_ref().is_none_or(|wanted| row.profile == *wanted)
                && status.as_ref().is_none_or(|wanted| name == wanted)
                && (subject.is_none() || subject_of(row) == *subject)
                && within.as_ref().is_none_or(|those| row.opened_by.is_some_and(|one| those.contains(&one)))
        };
        Ok(page(tables.certificates.iter().filter(fits).cloned().collect(), wanted))
    }

    fn ca_heartbeat(&self) -> Result<Option<CaHeartbeat>, RegistryError> {
        Ok(self.open()?.heartbeat)
    }

    fn record(&self, events: &[Event]) -> Result<(), RegistryError> {
        self.open()?.events.extend_from_slice(events);
        Ok(())
    }

    fn export_audit(&self, out: &mut dyn Write) -> Result<(), RegistryError> {
        for event in &self.open()?.events {
            let line = [event.to_bytes(), b"\n".to_vec()].concat();
            out.write_all(&line).map_err(|error| RegistryError::Unavailable(error.into()))?;
        }
        Ok(())
    }

    fn export_signed(&self, header: &[u8], out: &mut dyn Write) -> Result<(), RegistryError> {
        let tables = self.open()?;
        let mut lines = vec![header.to_vec()];
        for (record, event) in (0..).zip(&tables.events) {
            let event = serde_json::from_slice(&event.to_bytes()).expect("an event is JSON");
            let Some(Named::Order(id)) = Named::by(&event) else { continue };
            let Some(order) = tables.orders.get(&id) else { continue };
            let signed = Signed {
                document: Some(order.content.clone()),
                signatures: order.signatures.iter().map(|one| one.jws.clone().into_bytes()).collect(),
            };
            lines.push(SignedLine { record, signed }.to_bytes().expect("a line"));
        }
        let text = [lines.join(&b'\n'), b"\n".to_vec()].concat();
        out.write_all(&text).map_err(|error| RegistryError::Unavailable(error.into()))
    }
}
