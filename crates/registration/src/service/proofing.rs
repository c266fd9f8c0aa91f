//! How often one proof of identity is the base of a certificate (C-72, REG-6.3.1-00E).

use super::{Registration, ServiceError};
use crate::identifier::subject_identifier;
use crate::ports::{ApplicationFilter, ApplicationRecord, ApplicationWithOrder, OrderState, PageRequest};

/// A page of the look through a subject's applications.
const PAGE: u32 = 200;

impl Registration {
    /// Which use of its proof of identity an application's order is, counted from 1: orders that came to nothing are none.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] where the proof has been used as often as the provider allows.
    pub(super) fn proofing_use(&self, record: &ApplicationRecord) -> Result<u32, ServiceError> {
        let filter = ApplicationFilter {
            subject: Some(subject_identifier(&record.content).into_owned()),
            ..ApplicationFilter::default()
        };
        let (mut uses, mut page) = (1_u32, PageRequest { limit: PAGE, after: None });
        loop {
            let found = self.registry.applications(&filter, &page)?;
            let others = found.items.iter().filter(|other| other.application.id != record.id);
            let counted = others.filter(|other| counts(other, record)).count();
            uses = uses.saturating_add(u32::try_from(counted).unwrap_or(u32::MAX));
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        if uses > self.settings.proofing_max_uses {
            let message = format!(
                "has been the base of {} certificates: the identity must be proved again",
                self.settings.proofing_max_uses
            );
            let clause = Some("REG-6.3.1-00E");
            return Err(ServiceError::field("/identity_proofing", "proofing.used-up", clause, message));
        }
        Ok(uses)
    }
}

/// Whether it is the same proof, and a certificate was made of it or may be.
fn counts(other: &ApplicationWithOrder, record: &ApplicationRecord) -> bool {
    let (one, content) = (&other.application.content, &record.content);
    let same = one.identity_proofing == content.identity_proofing
        && one.identity_document.number == content.identity_document.number;
    same && match &other.order_state {
        Some(OrderState::Open | OrderState::Queued | OrderState::Claimed | OrderState::Done { .. }) => true,
        Some(OrderState::Refused { .. } | OrderState::Withdrawn | OrderState::Expired) | None => false,
    }
}
