//! The revocation desk's part of the registry in memory.

use ndoba_types::{OrderId, SerialNumber, UtcTime};

use super::{FakeRegistry, STALE, page};
use crate::identifier::subject_identifier;
use crate::ports::{
    Act, CodeOwner, DeskRegistry, DeskRequest, EvidenceRecord, OrderKind, OrderRecord, OrderState, Page,
    PageRequest, RegistryError, RequestFilter, RevocationClock, RevocationCodeRecord,
    RevocationRequestRecord, SignatureRecord,
};
use crate::revocation_code::CodeHash;

impl DeskRegistry for FakeRegistry {
    fn insert_signed_order(
        &self,
        order: &OrderRecord,
        signature: &SignatureRecord,
        evidence: &[EvidenceRecord],
        request: &RevocationRequestRecord,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.act(act)?;
        let (state, signatures) = (OrderState::Queued, vec![signature.clone()]);
        tables.orders.insert(order.id, OrderRecord { state, signatures, ..order.clone() });
        tables.evidence.extend_from_slice(evidence);
        tables.requests.push(RevocationRequestRecord { decided: Some(signature.added), ..request.clone() });
        Ok(())
    }

    fn put_revocation_code(&self, code: &RevocationCodeRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.act(act)?;
        tables.codes.retain(|other| other.serial != code.serial);
        tables.codes.push(code.clone());
        Ok(())
    }

    fn has_revocation_code(&self, serial: &SerialNumber) -> Result<bool, RegistryError> {
        Ok(self.open()?.codes.iter().any(|code| code.serial == *serial))
    }

    fn certificate_of_code(&self, hash: &CodeHash) -> Result<Option<CodeOwner>, RegistryError> {
        let tables = self.open()?;
        let Some(code) = tables.codes.iter().find(|code| code.hash == *hash) else { return Ok(None) };
        let of = tables.certificates.iter().find(|row| row.serial == code.serial);
        let application = of.and_then(|row| row.application);
        let subject = tables.applications.iter().find(|row| Some(row.id) == application);
        let subject = subject.map(|row| subject_identifier(&row.content).into_owned());
        Ok(Some(CodeOwner { serial: code.serial.clone(), subject }))
    }

    fn confirm_request(
        &self,
        order: OrderId,
        reason: &EvidenceRecord,
        _: UtcTime,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        if tables.confirmed.contains(&order) {
            return Err(STALE);
        }
        tables.act(act)?;
        tables.confirmed.push(order);
        tables.evidence.push(reason.clone());
        Ok(())
    }

    fn requests(
        &self,
        filter: &RequestFilter,
        wanted: &PageRequest,
    ) -> Result<Page<DeskRequest>, RegistryError> {
        let tables = self.open()?;
        let of = |request: &RevocationRequestRecord| {
            let order = tables.orders.get(&request.order)?;
            Some(DeskRequest {
                serial: request.serial.clone(),
                ca: order.ca.clone(),
                channel: request.channel.clone(),
                state: order.state.clone(),
                confirmed: None,
                clock: RevocationClock {
                    order: request.order,
                    kind: order.kind,
                    received: request.received,
                    begins: request.begins,
                    decided: request.decided,
                    carried_out: None,
                    published: None,
                    settled: None,
                },
            })
        };
        let by_code = |one: &DeskRequest| {
            one.clock.kind == OrderKind::SuspendByCode && !tables.confirmed.contains(&one.clock.order)
        };
        let fits = |one: &DeskRequest| {
            let about = filter.certificate.as_ref().is_none_or(|serial| *serial == one.serial);
            about && (!filter.unconfirmed || by_code(one))
        };
        Ok(page(tables.requests.iter().filter_map(of).filter(fits).collect(), wanted))
    }
}
