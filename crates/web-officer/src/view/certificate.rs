//! Certificates as the API shows them, with the clocks of every request about them (C-107).

use ndoba_registration::Registration;
use ndoba_registration::ports::{
    CertificateRecord, CertificateStatus, LedgerState, RevocationClock, TimeLeft,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A certificate.
#[derive(Serialize, ToSchema)]
pub(crate) struct CertificateView {
    /// Lower-case hexadecimal.
    serial: String,
    /// The issuing CA.
    ca: String,
    /// The profile's name.
    profile: String,
    /// SHA-256 over the profile, as the officers' order named it.
    profile_digest: String,
    /// How it passed the lint before it was signed, in words.
    lint: String,
    /// `issued`, or `issued-lost` where the signature was lost in a crash.
    ledger: &'static str,
    /// `good`, `suspended` or `revoked`.
    status: &'static str,
    /// Since when it is suspended or revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Why it is revoked: RFC 5280's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The order that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    /// The application behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<String>,
    /// Start of validity.
    not_before: String,
    /// End of validity.
    not_after: String,
    /// When it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<String>,
    /// Every request to change its status, oldest first.
    clocks: Vec<ClockView>,
}

/// The clock of one request.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClockView {
    /// The order.
    order: String,
    /// `revoke`, `suspend`, `suspend-by-code` or `release`.
    kind: &'static str,
    /// When the request reached the provider: the 24 hours run from here.
    received: String,
    /// The date that the request set: the 24 hours run from here instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<String>,
    /// When an officer signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<String>,
    /// When the CA carried it out: OCSP says so from then.
    #[serde(skip_serializing_if = "Option::is_none")]
    carried_out: Option<String>,
    /// When the first CRL with it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    /// That CRL's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    crl_number: Option<u64>,
    /// Seconds left of the law's limit while the change is owed; negative when it has passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_seconds: Option<i64>,
    /// Seconds left of the provider's own aim while the change is owed; negative when it has passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_of_aim_seconds: Option<i64>,
}

impl CertificateView {
    /// As the service sees it now: what is left of the clocks depends on the time.
    pub(crate) fn of(certificate: CertificateRecord, registration: &Registration) -> Self {
        let CertificateRecord {
            serial,
            ca,
            profile,
            profile_digest,
            lint,
            order,
            application,
            opened_by: _,
            ledger,
            der: _,
            not_before,
            not_after,
            issued,
            status,
            clocks,
        } = certificate;
        let (status, since, reason) = match status {
            CertificateStatus::Good => ("good", None, None),
            CertificateStatus::Suspended { since } => ("suspended", Some(since), None),
            CertificateStatus::Revoked { at, reason } => ("revoked", Some(at), Some(reason)),
        };
        Self {
            serial: serial.to_string(),
            ca: ca.to_string(),
            profile,
            profile_digest: profile_digest.to_string(),
            lint,
            ledger: ledger_name(ledger),
            status,
            since: since.map(|at| at.to_string()),
            reason,
            order: order.map(|id| id.to_string()),
            application: application.map(|id| id.to_string()),
            not_before: not_before.to_string(),
            not_after: not_after.to_string(),
            issued: issued.map(|at| at.to_string()),
            clocks: clocks.iter().map(|clock| ClockView::of(clock, registration.time_left(clock))).collect(),
        }
    }
}

fn ledger_name(state: LedgerState) -> &'static str {
    match state {
        LedgerState::Reserved => "reserved",
        LedgerState::Prepared => "prepared",
        LedgerState::Signing => "signing",
        LedgerState::Issued => "issued",
        LedgerState::IssuedLost => "issued-lost",
    }
}

impl ClockView {
    pub(crate) fn of(clock: &RevocationClock, left: Option<TimeLeft>) -> Self {
        let RevocationClock { order, kind, received, begins, decided, carried_out, published, settled: _ } =
            clock;
        Self {
            order: order.to_string(),
            kind: kind.name(),
            received: received.to_string(),
            effective: (begins != received).then(|| begins.to_string()),
            decided: decided.map(|at| at.to_string()),
            carried_out: carried_out.map(|at| at.to_string()),
            published: published.map(|(_, at)| at.to_string()),
            crl_number: published.map(|(number, _)| number),
            left_seconds: left.map(|left| left.limit),
            left_of_aim_seconds: left.map(|left| left.aim),
        }
    }
}
