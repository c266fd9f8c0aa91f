//! Talks to our own API and public endpoints, and signs for officers.
//!
//! Blocking, without a runtime. It reads no clock for what it signs and no file: keys and times are given to it.
//! It prints nothing: functions give resources and lines to show. Nothing that a server says is signed unseen:
//! see [`Review`].
//!
//! Enter at [`Identity`] (an officer's [key](OfficerKey) with its certificate), [`OfficerClient`] (the registration
//! API), [`PublicClient`] (what anyone may ask), [`WebhookClient`] (a program that is told) and [`review_and_sign`].

mod calls;
mod enrolment;
mod error;
mod http;
mod identity;
mod officer;
mod officer_key;
mod probe;
mod public;
mod resource;
mod signing;
mod tls;
mod transport;
mod webhook;

pub use enrolment::EnrolmentClient;
pub use error::{ClientError, Problem, ProblemField};
pub use http::Answer;
pub use identity::{BadIdentity, Identity, key_from_pem, sign_acceptance};
pub use officer::{CertificateForm, OfficerClient};
pub use officer_key::{CannotSign, OfficerKey, request_for_certification};
pub use probe::{Observation, Probe, ProbeError, Sighting, SignedObservation};
pub use public::PublicClient;
pub use resource::{
    Application, ApplicationSummary, Attachment, CertificateStatus, Clock, ControlQuestion, DeskRequest,
    Enrolment, EnrolmentCode, Grant, GrantDraft, HandedIn, KeptOrder, Order, OrderSignature, Page, Profile,
    Publication, Refusal, RegisteredOfficer, RevocationCode, StatusDraft, StatusOrder, WhoAmI,
};
pub use signing::{Review, await_order, grant, grant_lines, review_and_sign, sign_grant, submit_application};
pub use webhook::{BadSecret, WebhookClient, WebhookSecrets};
