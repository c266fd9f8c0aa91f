//! The revocation desk's part of registration's port.

use ndoba_registration::CodeHash;
use ndoba_registration::ports::{
    Act, CodeOwner, DeskRegistry, DeskRequest, EvidenceRecord, OrderRecord, Page, PageRequest, RegistryError,
    RequestFilter, RevocationCodeRecord, RevocationRequestRecord, SignatureRecord,
};
use ndoba_types::{OrderId, SerialNumber, UtcTime};

use crate::Store;
use crate::queries::{desk, orders};

impl DeskRegistry for Store {
    fn insert_signed_order(
        &self,
        order: &OrderRecord,
        signature: &SignatureRecord,
        evidence: &[EvidenceRecord],
        request: &RevocationRequestRecord,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let sealer = self.sealer()?;
        self.act("insert_signed_order", act, |conn| {
            orders::insert(conn, order)?;
            orders::insert_evidence(conn, &*sealer, evidence)?;
            orders::insert_request(conn, order.kind, request)?;
            orders::add_signature(conn, order.id, 0, signature, true)
        })
    }

    fn put_revocation_code(&self, code: &RevocationCodeRecord, act: Act<'_>) -> Result<(), RegistryError> {
        self.act("put_revocation_code", act, |conn| desk::put_code(conn, code))
    }

    fn has_revocation_code(&self, serial: &SerialNumber) -> Result<bool, RegistryError> {
        Ok(self.read("has_revocation_code", |conn| desk::has_code(conn, serial))?)
    }

    fn certificate_of_code(&self, hash: &CodeHash) -> Result<Option<CodeOwner>, RegistryError> {
        let keys = self.data_keys_in_memory()?;
        Ok(self.read("certificate_of_code", |conn| desk::owner(conn, &keys, hash))?)
    }

    fn confirm_request(
        &self,
        order: OrderId,
        reason: &EvidenceRecord,
        at: UtcTime,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let sealer = self.sealer()?;
        self.act("confirm_request", act, |conn| {
            desk::confirm(conn, order, at)?;
            orders::insert_evidence(conn, &*sealer, std::slice::from_ref(reason))
        })
    }

    fn requests(
        &self,
        filter: &RequestFilter,
        page: &PageRequest,
    ) -> Result<Page<DeskRequest>, RegistryError> {
        Ok(self.snapshot("requests", |conn| desk::requests(conn, filter, page))?)
    }
}
