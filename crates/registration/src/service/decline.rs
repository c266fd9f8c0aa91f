//! Requests about certificates that an officer turns down, with the reason recorded (EN 319 411-1 REV-6.2.4-03BB).

use ndoba_audit::EventKind;
use ndoba_types::OrderId;
use serde_json::json;

use super::orders::request_id;
use super::{Officer, Once, Registration, ServiceError};
use crate::evidence;
use crate::field_error::Refusals;
use crate::permission::Permission;
use crate::ports::{OrderRecord, OrderState};
use crate::text::{MAX_TEXT, accept};

impl Registration {
    /// Turns a request down: its order is withdrawn where it waits still, a date that it set is void, and its clock
    /// stops. The reason stays with the evidence.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] naming `/note`; [`ServiceError::Conflict`] for an order that is carried out, or about
    /// no certificate.
    pub fn decline(
        &self,
        officer: &Officer,
        id: OrderId,
        note: &str,
        once: Option<&Once>,
    ) -> Result<OrderRecord, ServiceError> {
        self.admit(officer, Permission::DraftRevocations)?;
        if let Some(id) = self.repeated(officer, once)? {
            return self.load_order(id);
        }
        let order = self.load_order(id)?;
        if order.target.is_none() || order.application.is_some() {
            let message = "an application's order is returned, rejected or withdrawn with its application";
            return Err(ServiceError::conflict("order.of-application", message));
        }
        let waits = match &order.state {
            OrderState::Open | OrderState::Queued => true,
            OrderState::Expired | OrderState::Refused { .. } | OrderState::Withdrawn => false,
            OrderState::Claimed | OrderState::Done { .. } => {
                let message = format!("the order is {}: it cannot be taken back", order.state.name());
                return Err(ServiceError::conflict("order.state", message));
            }
        };
        let mut found = Vec::new();
        let Some(note) = accept(&mut Refusals::at(&mut found, ""), "note", note, MAX_TEXT) else {
            return Err(ServiceError::Invalid(found));
        };
        let told = json!({ "note": note, "declined_by": officer.id.to_string() });
        let item = evidence::item("revocation-refusal", &told, id, self.random.as_ref())?;
        let refused = EventKind::StatusRequestRefused { request: request_id(id), code: "declined".into() };
        let mut events = vec![self.event(officer.id, refused)?];
        if waits {
            events.push(self.event(officer.id, EventKind::OrderWithdrawn { order: id })?);
        }
        let now = self.clock.now();
        let id = self
            .commit(officer, once, id, &events, |act| self.registry.decline_request(id, &item, now, act))?;
        self.load_order(id)
    }
}
