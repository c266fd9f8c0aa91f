//! Applications as the API shows them.

use ndoba_registration::application::{
    AgreementContent, ApplicationContent, AttachmentContent, SubjectContent,
};
use ndoba_registration::ports::{ApplicationRecord, ApplicationWithOrder, OrderState};
use ndoba_registration::{ApplicationState, subject_identifier};
use serde::Serialize;
use utoipa::ToSchema;

/// An application.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationView {
    /// Its identifier.
    id: String,
    /// Counts changes; also the ETag.
    version: u32,
    /// `draft`, `submitted`, `returned`, `approved`, `issuing`, `issued`, `delivered`, `accepted`, `rejected`, `expired`, `withdrawn`.
    state: &'static str,
    /// The officer who opened it.
    opened_by: String,
    /// When, RFC 3339.
    opened: String,
    /// Last change, RFC 3339.
    updated: String,
    /// What was entered.
    content: ApplicationContent,
    /// That the agreement was accepted; not among the content, since nobody enters it.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<AgreementContent>,
    /// The copies of evidence that are attached; neither among the content.
    attachments: Vec<AttachmentContent>,
    /// The order made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    /// The certificate's serial number, once issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// Why the CA refused the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
    /// Why it was returned or rejected, or how the certificate was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<String>,
    /// Why the subscriber was given no revocation code with the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_code: Option<String>,
    /// The serial number of the certificate that the new one replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
}

/// Why the CA refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusalView {
    /// Stable code.
    pub(crate) code: String,
    /// The CA's words.
    pub(crate) message: String,
}

impl From<ApplicationWithOrder> for ApplicationView {
    fn from(value: ApplicationWithOrder) -> Self {
        let ApplicationWithOrder { application, order_state } = value;
        let state = ApplicationState::shown(application.state, order_state.as_ref()).name();
        // The salt stays inside.
        let ApplicationRecord {
            id,
            version,
            state: _,
            mut content,
            salt: _,
            opened_by,
            opened,
            updated,
            order,
            remark,
            without_code,
            replaces,
        } = application;
        let (certificate, refusal) = outcome(order_state);
        Self {
            id: id.to_string(),
            version,
            state,
            opened_by: opened_by.to_string(),
            opened: opened.to_string(),
            updated: updated.to_string(),
            agreement: content.agreement.take(),
            attachments: std::mem::take(&mut content.attachments),
            content,
            order: order.map(|id| id.to_string()),
            certificate,
            refusal,
            remark,
            without_code,
            replaces: replaces.map(|serial| serial.to_string()),
        }
    }
}

/// The certificate, or the refusal, that a final order led to.
pub(crate) fn outcome(state: Option<OrderState>) -> (Option<String>, Option<RefusalView>) {
    match state {
        Some(OrderState::Done { serial }) => (Some(serial.to_string()), None),
        Some(OrderState::Refused { code, message }) => (None, Some(RefusalView { code, message })),
        None
        | Some(
            OrderState::Open
            | OrderState::Queued
            | OrderState::Claimed
            | OrderState::Withdrawn
            | OrderState::Expired,
        ) => (None, None),
    }
}

/// An application in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationSummary {
    /// Its identifier.
    id: String,
    /// Its state.
    state: &'static str,
    /// The profile's name.
    profile: String,
    /// Whom the certificate will name.
    subject: String,
    /// The subject's personal number or identification code; another identifier with its scheme and country.
    identifier: String,
    /// When it was opened.
    opened: String,
    /// Last change.
    updated: String,
}

impl From<ApplicationWithOrder> for ApplicationSummary {
    fn from(value: ApplicationWithOrder) -> Self {
        let ApplicationWithOrder { application, order_state } = value;
        let content = &application.content;
        Self {
            id: application.id.to_string(),
            state: ApplicationState::shown(application.state, order_state.as_ref()).name(),
            profile: content.profile.clone(),
            subject: match &content.subject {
                SubjectContent::NaturalPerson(person) => format!("{} {}", person.given_names, person.surname),
                SubjectContent::LegalPerson(person) => person.name.clone(),
            },
            identifier: subject_identifier(content).into_owned(),
            opened: application.opened.to_string(),
            updated: application.updated.to_string(),
        }
    }
}
