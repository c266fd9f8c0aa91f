//! Revocations and suspensions handed in whole: the way that stays open when the database does not (P-22, ADR 0013).

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use ndoba_registration::spool::StatusHandIn;
use ndoba_registration::{HandedIn, StatusRequest};
use ndoba_types::{CaName, SerialNumber};
use serde::Deserialize;
use utoipa::ToSchema;

use super::certificates::time;
use super::{json, refused_field};
use crate::guard::{Caller, Sight};
use crate::operations::orders;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::view::{KeptView, OrderView, StatusDraftView};

/// What is asked about a certificate that nobody looks up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusDraftBody {
    /// Serial number, hexadecimal.
    serial: String,
    /// The CA that issued it: `signature`, `seal`.
    ca: String,
    /// `revoke` or `suspend`.
    kind: String,
    /// For `revoke`: RFC 5280's name, such as `keyCompromise`.
    reason: Option<String>,
    /// When the request reached the provider, RFC 3339; now if absent. The 24 hours run from here (C-100).
    received: Option<String>,
    /// For `revoke`: from when, RFC 3339; at once if absent. The 24 hours then run from here (C-101).
    effective: Option<String>,
    /// `in-person`, `telephone`, `letter`, `electronic`, `authority` or `own-finding`.
    channel: String,
    /// Who asked and how that was checked; kept as evidence.
    note: String,
    /// With `telephone`: what the caller answered, by the names of `/certificates/{serial}/control-questions`. Judged
    /// wherever the record can be read, and then three must be right.
    #[serde(default)]
    control: BTreeMap<String, String>,
}

/// An order with its signature.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandInBody {
    /// The canonical JSON text, exactly as it was signed.
    content: String,
    /// The evidence as it was drafted; absent for an order that was drafted at `/certificates/{serial}/orders`.
    evidence: Option<String>,
    /// Flattened JWS with detached payload (RFC 7515 §7.2.2, appendix F), as a JSON text.
    jws: String,
}

/// Writes an order to revoke or suspend, to be signed and handed in at `/status-orders`. Needs no database, and records nothing.
#[utoipa::path(post, path = "/status-orders/draft", tag = "certificates", request_body = StatusDraftBody,
    responses((status = 200, body = StatusDraftView)))]
pub(crate) async fn draft(
    Caller(officer): Caller,
    Sight(sight): Sight,
    api: web::Data<Api>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let StatusDraftBody { serial, ca, kind, reason, received, effective, channel, note, control } =
        submission.json()?;
    let Ok(serial) = serial.parse::<SerialNumber>() else {
        return Err(refused_field("/serial", "serial.form", "must be a serial number, hexadecimal"));
    };
    let Ok(ca) = ca.parse::<CaName>() else {
        return Err(refused_field("/ca", "choice.unknown", "must be the name of the CA that issued it"));
    };
    let Ok(kind) = kind.parse() else {
        return Err(refused_field("/kind", "choice.unknown", "must be revoke or suspend"));
    };
    let (received, effective) = (time("/received", received)?, time("/effective", effective)?);
    let request = StatusRequest { kind, reason, received, effective, channel, note, control };
    let draft =
        blocking(&api, move |r| r.draft_status_order(&officer, sight, &serial, &ca, &request)).await?;
    Ok(json(StatusCode::OK, &StatusDraftView::from(draft)))
}

/// Takes a signed order to revoke or suspend. While the database cannot record it, it is kept here: `recorded-locally`, not in
/// force, judged again when the database takes it over. Handed in again, it changes nothing.
#[utoipa::path(post, path = "/status-orders", tag = "certificates", request_body = HandInBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Not needed: the order's identifier is one")),
    responses((status = 200, description = "Recorded, and finished", body = OrderView),
        (status = 202, description = "Recorded, and the CA has not finished it: an order; or kept here, and not in force: its receipt",
            body = KeptView)))]
pub(crate) async fn hand_in(
    Caller(officer): Caller,
    Sight(sight): Sight,
    api: web::Data<Api>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let HandInBody { content, evidence, jws } = submission.json()?;
    let evidence = evidence.map(String::into_bytes);
    let hand_in = StatusHandIn { content: content.into_bytes(), evidence, jws };
    match blocking(&api, move |r| r.hand_in(&officer, sight, hand_in)).await? {
        HandedIn::Recorded(order) => Ok(orders::answer(order, false)),
        HandedIn::Kept(receipt) => {
            tracing::warn!(order = %receipt.order, kind = %receipt.kind,
                "the database cannot take a status order: it is kept here, and not in force");
            Ok(json(StatusCode::ACCEPTED, &KeptView::from(receipt)))
        }
    }
}
