//! What a step on an application begins with: that the officer may and did not do it before, the row, and what is said.

use super::applications::Seen;
use super::reach::Sight;
use super::{Officer, Once, Registration, ServiceError};
use crate::application::ApplicationId;
use crate::field_error::Refusals;
use crate::identifier::person_of;
use crate::permission::Permission;
use crate::ports::{ApplicationRecord, ApplicationWithOrder, OrderState};
use crate::state::ApplicationState;
use crate::text::{MAX_TEXT, accept};

/// What the officer says with a step; what is not said stays as it was.
#[derive(Default)]
pub(super) struct Said {
    pub(super) remark: Option<String>,
    pub(super) without_code: Option<String>,
}

impl Said {
    /// Why it is returned or refused, or how the certificate was accepted.
    pub(super) fn remark(text: &str) -> Result<Self, ServiceError> {
        Ok(Self { remark: Some(check_text("remark", text)?), without_code: None })
    }

    /// Why the subscriber is given no revocation code; absent where they were.
    pub(super) fn without_code(text: Option<&str>) -> Result<Self, ServiceError> {
        let without_code = text.map(|text| check_text("without_code", text)).transpose()?;
        Ok(Self { remark: None, without_code })
    }
}

impl Registration {
    /// Where the same request entered it into an application before, that one as it is; the officer may.
    pub(super) fn edited_before(
        &self,
        officer: &Officer,
        once: Option<&Once>,
    ) -> Result<Option<ApplicationWithOrder>, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        self.repeated(officer, once)?.map(|id| self.load(id)).transpose()
    }

    /// An application for an officer to look at. The read is the caller's to note.
    pub(super) fn visible(
        &self,
        officer: &Officer,
        id: ApplicationId,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.admit(officer, Permission::ReadApplications)?;
        let found = self.load(id)?;
        self.within_reach(officer, Sight::Applications, found.application.opened_by, "application")?;
        Ok(found)
    }

    /// The row to act upon and its state now, for an officer who is not the person in it; whether the state lets the step
    /// pass is the caller's to judge.
    pub(super) fn about(
        &self,
        officer: &Officer,
        at: impl Into<Seen>,
    ) -> Result<(ApplicationState, ApplicationRecord), ServiceError> {
        let Seen { id, version } = at.into();
        let mut found = self.load(id)?;
        self.within_reach(officer, Sight::Applications, found.application.opened_by, "application")?;
        // The clock decides, not whether somebody swept before.
        if let (Some(OrderState::Open), Some(order)) = (&found.order_state, found.application.order)
            && self.expire_if_due(order)?
        {
            found = self.load(id)?;
        }
        self.not_themselves(officer, &person_of(&found.application.content))?;
        if version.is_some_and(|version| version != found.application.version) {
            let message = "the application was changed meanwhile; read it again";
            return Err(ServiceError::conflict("version.other", message));
        }
        Ok((ApplicationState::shown(found.application.state, found.order_state.as_ref()), found.application))
    }
}

fn check_text(member: &str, text: &str) -> Result<String, ServiceError> {
    let mut found = Vec::new();
    accept(&mut Refusals::at(&mut found, ""), member, text, MAX_TEXT).ok_or(ServiceError::Invalid(found))
}
