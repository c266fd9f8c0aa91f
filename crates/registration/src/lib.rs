//! Applications, vetting, approvals, and who may do what.
//!
//! Decides and records through the [`Registry`](ports::Registry) port; signs nothing, and believes no signature
//! that `order` did not verify. Reads no clock and draws no randomness but through `types`' ports. It prepares
//! orders; that the CA verifies them again, alone, is what makes them safe (design §3).
//!
//! Enter at [`Registration`] (the operations), [`check`] and [`Form`] (the rules for an application), [`TRANSITIONS`] (its
//! states) and [`Permission`] (who may do what).

mod agreement;
pub mod application;
mod check;
mod control;
mod csr;
mod evidence;
#[cfg(feature = "fake")]
pub mod fake;
mod field_error;
pub mod form;
mod identifier;
mod permission;
pub mod ports;
mod profile;
mod refusals;
mod revocation_code;
pub mod sealed;
mod service;
pub mod signed_copy;
pub mod spool;
mod state;
mod subject;
mod text;
pub mod webhook;

pub use ndoba_order::Office;

pub use check::{
    AUTHORITY_KINDS, CheckedApplication, DOCUMENT_KINDS, PROOFING_METHODS, Rules, VALIDATION_METHODS, check,
    is_personal_number,
};
pub use control::{ControlQuestion, ENOUGH};
pub use csr::{CheckedCsr, judge_request};
pub use field_error::FieldError;
pub use form::Form;
pub use identifier::{
    BodyIdentifier, CountryNumber, LocalNumber, PersonIdentifier, is_identifier, representative_identifier,
    subject_identifier,
};
pub use permission::{Permission, allows};
pub use profile::{DeviceOffer, ProfileOffer, SubjectKind};
pub use revocation_code::{CodeHash, NoHash, RevocationCode};
pub use service::{
    ATTACHMENT_KINDS, Acceptance, ApplicationQuery, Attachment, AuthoriseResponderRequest, ByCode, CHANNELS,
    CaseRecord, EndGrantRequest, EndResponderRequest, Enrolled, Enrolment, EnrolmentRequest, GrantDraft,
    GrantRequest, HandedIn, KeptReceipt, MAX_COPY, NewGrantRequest, Officer, Once, Publication, REASONS,
    RegisterSight, RegisteredOfficer, Registration, RegistrationSettings, RevokeCaRequest, Seen, Separation,
    ServiceError, StatusDraft, StatusRequest, SubjectRecord, SucceedCaRequest, TakenOver, TerminateCaRequest,
    person_of_number,
};
pub use state::{ApplicationState, Step, TRANSITIONS, next};
pub use text::{MAX_NAME, MAX_TEXT};
