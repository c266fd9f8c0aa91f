//! Delivery's port: what programs outside are told.

use ndoba_registration::ports::RegistryError;
use ndoba_registration::webhook::{Backlog, Delivery, Endpoint, Outbox};
use ndoba_types::UtcTime;

use crate::Store;
use crate::error::StoreError;
use crate::queries::webhooks;

impl Outbox for Store {
    fn spread(&self, endpoints: &[Endpoint], now: UtcTime, limit: u32) -> Result<u32, RegistryError> {
        let count =
            self.write("webhook_spread", |conn| webhooks::spread(conn, endpoints, now, limit.into()))?;
        Ok(u32::try_from(count).unwrap_or(limit))
    }

    fn take_turn(
        &self,
        endpoint: &str,
        holder: &str,
        now: UtcTime,
        until: UtcTime,
    ) -> Result<bool, RegistryError> {
        Ok(self.write("webhook_turn", |conn| webhooks::take_turn(conn, endpoint, holder, now, until))?)
    }

    fn due(&self, endpoint: &str, now: UtcTime, limit: u32) -> Result<Vec<Delivery>, RegistryError> {
        Ok(self.read("webhook_due", |conn| webhooks::due(conn, endpoint, now, limit.into()))?)
    }

    fn tried(&self, delivery: &Delivery) -> Result<(), RegistryError> {
        Ok(self.write("webhook_tried", |conn| webhooks::tried(conn, delivery))?)
    }

    fn backlog(&self, endpoint: &str) -> Result<Backlog, RegistryError> {
        Ok(self.snapshot("webhook_backlog", |conn| webhooks::backlog(conn, endpoint))?)
    }

    fn forget(&self, delivered: UtcTime, any: UtcTime) -> Result<(), RegistryError> {
        Ok(self.write("webhook_forget", |conn| webhooks::forget(conn, delivered, any))?)
    }
}

impl Store {
    /// Deliveries that were given up, and those that wait unless only the former are asked for; of each endpoint the
    /// oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn webhook_deliveries(&self, failed_only: bool, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        self.read("webhook_deliveries", |conn| webhooks::list(conn, failed_only, limit.into()))
    }

    /// Lets an endpoint's deliveries that were given up wait again, or one of them; how many.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn retry_webhook(
        &self,
        endpoint: &str,
        only: Option<u64>,
        now: UtcTime,
    ) -> Result<usize, StoreError> {
        self.write("webhook_retry", |conn| webhooks::retry(conn, endpoint, only, now))
    }
}
