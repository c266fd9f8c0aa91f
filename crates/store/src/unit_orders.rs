//! Orders for time-stamping units' certificates: signed outside the registration API, put before the CA whole.

use ndoba_audit::Event;
use ndoba_registration::ports::{OrderRecord, RegistryError, SignatureRecord};

use crate::Store;
use crate::queries::{events, orders};

impl Store {
    /// Puts `order`, which is open and has its first signature, before the CA with the second one: all of it, and
    /// `event`, in one transaction. The CA verifies everything again.
    ///
    /// # Errors
    ///
    /// [`RegistryError`]; an order whose number is taken is one, and nothing was written then.
    pub fn queue_unit_order(
        &self,
        order: &OrderRecord,
        second: &SignatureRecord,
        event: &Event,
    ) -> Result<(), RegistryError> {
        Ok(self.write("queue_unit_order", |conn| {
            orders::insert(conn, order)?;
            orders::add_signature(conn, order.id, order.signatures.len(), second, true)?;
            events::append(conn, std::slice::from_ref(event))
        })?)
    }
}
