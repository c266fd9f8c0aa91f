//! What the API answers: resources as JSON.

mod application;
mod certificate;
mod desk;
mod enrolment;
mod kept;
mod officer;
mod order;
mod record;

pub(crate) use application::{ApplicationSummary, ApplicationView};
pub(crate) use certificate::CertificateView;
pub(crate) use desk::DeskRequestView;
pub(crate) use enrolment::{EnrolmentCodeView, EnrolmentView};
pub(crate) use kept::{KeptView, StatusDraftView};
pub(crate) use officer::{GrantDraftView, GrantView, OfficerView, ProfileView, WhoAmI};
pub(crate) use order::OrderView;
pub(crate) use record::SubjectRecordView;

use ndoba_registration::ports::Page;
use serde::Serialize;
use utoipa::ToSchema;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageView<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// Give this as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T> PageView<T> {
    pub(crate) fn of<R>(page: Page<R>, view: impl FnMut(R) -> T) -> Self {
        let Page { items, next } = page;
        Self { items: items.into_iter().map(view).collect(), next }
    }
}
