//! What follows an issued certificate: it is handed over with its revocation code, and accepted.

use ndoba_types::SerialNumber;

use super::applications::Seen;
use super::begun::Said;
use super::{Officer, Once, Registration, ServiceError};
use crate::application::StoredState;
use crate::permission::Permission;
use crate::ports::ApplicationWithOrder;
use crate::state::Step;

impl Registration {
    /// Notes that the certificate was handed to the subscriber. Where there is a revocation desk, its code goes with it, or
    /// `without_code` says why the subscriber has none: the reason stays with the application, and the log knows
    /// that there was no code.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Conflict`] before it is issued, without the one and the other, and with both;
    /// [`ServiceError::Invalid`] for the reason.
    pub fn deliver(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        without_code: Option<&str>,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        let said = Said::without_code(without_code)?;
        self.step(officer, at.into(), once, (Step::Deliver, StoredState::Delivered), said)
    }

    /// Refuses to hand a certificate over without the code that suspends it (C-104: subscribers can ask at any hour), and
    /// to log as without code what has one.
    pub(super) fn comes_with_code(&self, serial: &SerialNumber, without: bool) -> Result<(), ServiceError> {
        if !without && self.settings.desk.is_none() {
            return Ok(());
        }
        match (self.registry.has_revocation_code(serial)?, without) {
            (true, true) => {
                let message =
                    "the subscriber was given a revocation code: there is no reason why they have none";
                Err(ServiceError::conflict("revocation-code.given", message))
            }
            (false, false) => {
                let message =
                    "the subscriber has no revocation code yet: give them one, or say why there is none";
                Err(ServiceError::conflict("revocation-code.missing", message))
            }
            (true, false) | (false, true) => Ok(()),
        }
    }

    /// Notes that the subscriber accepted the certificate, and how (OVR-6.3.4-01).
    ///
    /// # Errors
    ///
    /// [`ServiceError::Conflict`] before it is delivered; [`ServiceError::Invalid`] for the remark.
    pub fn accept(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
        remark: &str,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        let said = Said::remark(remark)?;
        self.step(officer, at.into(), once, (Step::Accept, StoredState::Accepted), said)
    }
}
