//! Requests about certificates as the API shows them.

use ndoba_registration::Registration;
use ndoba_registration::ports::DeskRequest;
use serde::Serialize;
use utoipa::ToSchema;

use super::certificate::ClockView;

/// A request about a certificate.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeskRequestView {
    /// The certificate, lower-case hexadecimal.
    serial: String,
    /// Its CA.
    ca: String,
    /// How it came: an officer's channel, or `code`.
    channel: String,
    /// Where its order stands, as orders show it.
    state: &'static str,
    /// When an officer confirmed what a code had brought about.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<String>,
    /// Its clock.
    clock: ClockView,
}

impl DeskRequestView {
    /// As the service sees it now: what is left of the clock depends on the time.
    pub(crate) fn of(request: DeskRequest, registration: &Registration) -> Self {
        let DeskRequest { serial, ca, channel, state, confirmed, clock } = request;
        Self {
            serial: serial.to_string(),
            ca: ca.to_string(),
            channel,
            state: state.name(),
            confirmed: confirmed.map(|at| at.to_string()),
            clock: ClockView::of(&clock, registration.time_left(&clock)),
        }
    }
}
