//! Registration's port: each method a transaction, with its events and its idempotency receipt.

mod copies;
mod data_keys;
mod desk;
mod enrolment;
mod publication;

use std::io::Write;

use ndoba_audit::Event;
use ndoba_registration::application::ApplicationId;
use ndoba_registration::ports::{
    Act, ApplicationFilter, ApplicationRecord, ApplicationWithOrder, CaHeartbeat, CertificateFilter,
    CertificateRecord, EvidenceRecord, GrantRecord, OrderRecord, OrderState, Page, PageRequest, Receipt,
    Registry, RegistryError, RevocationRequestRecord, SignatureRecord,
};
use ndoba_types::{OfficerId, OrderId, SerialNumber, UtcTime};

use crate::Store;
use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::{
    applications, certificate_views, events, grants, heartbeat, orders, receipts, retention,
};

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(cause) | StoreError::Unavailable(cause) => Self::Unavailable(cause),
            StoreError::Conflict(conflict) => Self::Conflict(conflict),
            StoreError::Corrupt { what } => Self::Damaged { what },
            StoreError::Locked => Self::Locked,
        }
    }
}

impl Store {
    /// A change with what must commit with it. The receipt comes first: of two requests with one key, the second
    /// waits there and changes nothing.
    fn act(
        &self,
        name: &'static str,
        act: Act<'_>,
        change: impl Fn(&mut Conn) -> Result<(), StoreError>,
    ) -> Result<(), RegistryError> {
        let Act { events, receipt } = act;
        if events.is_empty() {
            return Err(RegistryError::Damaged { what: format!("{name} without an event: no log, no act") });
        }
        Ok(self.write(name, |conn| {
            if let Some(receipt) = receipt {
                receipts::add(conn, receipt)?;
            }
            change(conn)?;
            events::append(conn, events)
        })?)
    }
}

impl Registry for Store {
    fn grant_head(&self) -> Result<u64, RegistryError> {
        Ok(self.read("grant_head", grants::head)?)
    }

    fn grants(&self) -> Result<Vec<GrantRecord>, RegistryError> {
        Ok(self.snapshot("grants", |conn| grants::after(conn, 0))?)
    }

    fn append_grant(&self, grant: &GrantRecord, act: Act<'_>) -> Result<(), RegistryError> {
        self.act("append_grant", act, |conn| grants::append(conn, grant))
    }

    fn receipt(&self, officer: OfficerId, key: &str) -> Result<Option<Receipt>, RegistryError> {
        Ok(self.read("receipt", |conn| receipts::find(conn, officer, key))?)
    }

    fn insert_application(&self, application: &ApplicationRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let keys = self.data_keys_in_memory()?;
        self.act("insert_application", act, |conn| applications::insert(conn, &keys, application))
    }

    fn application(&self, id: ApplicationId) -> Result<Option<ApplicationWithOrder>, RegistryError> {
        let keys = self.data_keys_in_memory()?;
        Ok(self.read("application", |conn| applications::find(conn, &keys, id))?)
    }

    fn applications(
        &self,
        filter: &ApplicationFilter,
        page: &PageRequest,
    ) -> Result<Page<ApplicationWithOrder>, RegistryError> {
        let keys = self.data_keys_in_memory()?;
        Ok(self.snapshot("applications", |conn| applications::list(conn, &keys, filter, page))?)
    }

    fn update_application(&self, application: &ApplicationRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let keys = self.data_keys_in_memory()?;
        self.act("update_application", act, |conn| applications::update(conn, &keys, application))
    }

    fn freeze_application(
        &self,
        application: &ApplicationRecord,
        order: &OrderRecord,
        evidence: &[EvidenceRecord],
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let keys = self.data_keys_in_memory()?;
        self.act("freeze_application", act, |conn| {
            applications::update(conn, &keys, application)?;
            orders::insert(conn, order)?;
            orders::insert_evidence(conn, &*keys, evidence)
        })
    }

    fn erasable(&self, before: UtcTime, limit: u32) -> Result<Vec<ApplicationId>, RegistryError> {
        Ok(self.snapshot("erasable", |conn| retention::erasable(conn, before, limit.into()))?)
    }

    fn erase_application(
        &self,
        application: ApplicationId,
        before: UtcTime,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        self.act("erase_application", act, |conn| retention::erase(conn, application, before))
    }

    fn orders_of(&self, application: ApplicationId) -> Result<Vec<OrderRecord>, RegistryError> {
        Ok(self.snapshot("orders_of", |conn| retention::orders_of(conn, application))?)
    }

    fn insert_order(
        &self,
        order: &OrderRecord,
        evidence: &[EvidenceRecord],
        request: &RevocationRequestRecord,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let sealer = self.sealer()?;
        self.act("insert_order", act, |conn| {
            orders::insert(conn, order)?;
            orders::insert_evidence(conn, &*sealer, evidence)?;
            orders::insert_request(conn, order.kind, request)
        })
    }

    fn order(&self, id: OrderId) -> Result<Option<OrderRecord>, RegistryError> {
        Ok(self.snapshot("order", |conn| orders::find(conn, id))?)
    }

    fn evidence(&self, order: OrderId) -> Result<Vec<EvidenceRecord>, RegistryError> {
        let keys = self.data_keys_in_memory()?;
        Ok(self.read("evidence", |conn| orders::evidence_of(conn, &keys, order))?)
    }

    fn add_signature(
        &self,
        order: OrderId,
        already: usize,
        signature: &SignatureRecord,
        complete: bool,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        self.act("add_signature", act, |conn| {
            orders::add_signature(conn, order, already, signature, complete)
        })
    }

    fn close_order(&self, order: OrderId, to: &OrderState, act: Act<'_>) -> Result<(), RegistryError> {
        self.act("close_order", act, |conn| orders::close(conn, order, to))
    }

    fn decline_request(
        &self,
        order: OrderId,
        reason: &EvidenceRecord,
        at: UtcTime,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let sealer = self.sealer()?;
        self.act("decline_request", act, |conn| {
            orders::decline(conn, order, at)?;
            orders::insert_evidence(conn, &*sealer, std::slice::from_ref(reason))
        })
    }

    fn orders_due(&self, now: UtcTime, limit: u32) -> Result<Vec<OrderId>, RegistryError> {
        Ok(self.read("orders_due", |conn| orders::due(conn, now, limit.into()))?)
    }

    fn certificate(&self, serial: &SerialNumber) -> Result<Option<CertificateRecord>, RegistryError> {
        Ok(self.snapshot("certificate_view", |conn| certificate_views::find(conn, serial))?)
    }

    fn certificates(
        &self,
        filter: &CertificateFilter,
        page: &PageRequest,
    ) -> Result<Page<CertificateRecord>, RegistryError> {
        // Whom a search is for is looked up by keyed digests; other lists need no key.
        let subjects = match &filter.subject {
            Some(subject) => Some(applications::found_by(&*self.data_keys_in_memory()?, subject)),
            None => None,
        };
        Ok(self.snapshot("certificate_views", |conn| {
            certificate_views::list(conn, filter, subjects.as_deref(), page)
        })?)
    }

    fn ca_heartbeat(&self) -> Result<Option<CaHeartbeat>, RegistryError> {
        Ok(self.read("ca_heartbeat", heartbeat::newest)?)
    }

    fn record(&self, events: &[Event]) -> Result<(), RegistryError> {
        if events.is_empty() {
            return Ok(());
        }
        Ok(self.write("record_events", |conn| events::append(conn, events))?)
    }

    fn export_audit(&self, out: &mut dyn Write) -> Result<(), RegistryError> {
        self.export_log(out)
    }

    fn export_signed(&self, header: &[u8], out: &mut dyn Write) -> Result<(), RegistryError> {
        self.export_signed_documents(header, out)
    }
}
