//! Orders: shown as the bytes that are signed, signed, and waited for.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, web};
use ndoba_registration::Officer;
use ndoba_registration::ports::{OrderRecord, OrderState};
use ndoba_types::OrderId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{json, path_id};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::view::OrderView;

/// A signature on an order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureBody {
    /// Flattened JWS with detached payload (RFC 7515 §7.2.2, appendix F), as a JSON text.
    jws: String,
}

/// Why a request is turned down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclineBody {
    /// The reason; kept as evidence.
    note: String,
}

/// Turns a request about a certificate down: its order is withdrawn, and its clock stops.
#[utoipa::path(post, path = "/orders/{id}/decline", tag = "orders", request_body = DeclineBody,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)))]
pub(crate) async fn decline(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path, "order")?;
    let DeclineBody { note } = submission.json()?;
    let order = blocking(&api, move |r| r.decline(&officer, id, &note, submission.once.as_ref())).await?;
    Ok(json(StatusCode::OK, &OrderView::from(order)))
}

/// Shows an order with its signatures.
#[utoipa::path(get, path = "/orders/{id}", tag = "orders", params(("id" = String, Path)),
    responses((status = 200, body = OrderView)))]
pub(crate) async fn get(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path, "order")?;
    let order = blocking(&api, move |r| r.order(&officer, id)).await?;
    Ok(json(StatusCode::OK, &OrderView::from(order)))
}

/// Adds a signature. With the last one the order goes to the CA; `Prefer: wait=10` waits so many seconds for it.
#[utoipa::path(post, path = "/orders/{id}/signatures", tag = "orders", request_body = SignatureBody,
    params(("id" = String, Path), ("Prefer" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, description = "More signatures are needed, or the order is finished", body = OrderView),
        (status = 202, description = "Fully signed; the CA has not finished it", body = OrderView)))]
pub(crate) async fn sign(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    request: HttpRequest,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path, "order")?;
    let SignatureBody { jws } = submission.json()?;
    let signer = officer.clone();
    let mut order = blocking(&api, move |r| r.sign(&signer, id, &jws, submission.once.as_ref())).await?;
    let Some(seconds) = wanted_wait(&request) else { return Ok(answer(order, false)) };
    let (mut left, mut until_look) = (Duration::from_secs(seconds), Duration::ZERO);
    while !settled(&order) {
        // The order is safe in the database; what the client needs to know, and soon, is that waiting will not help.
        if until_look.is_zero() {
            let kind = order.kind;
            if !blocking(&api, move |r| r.ca_answers(kind)).await? {
                return Err(unanswered());
            }
            until_look = LOOK;
        }
        if left.is_zero() {
            break;
        }
        actix_web::rt::time::sleep(POLL).await;
        left = left.saturating_sub(POLL);
        until_look = until_look.saturating_sub(POLL);
        order = read(&api, &officer, id).await?;
    }
    Ok(answer(order, true))
}

fn unanswered() -> Problem {
    let title = "the order is accepted and waits: the CA or its token does not answer now, and will carry it out then";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "ca.unavailable", title).retry_after(30)
}

async fn read(api: &web::Data<Api>, officer: &Officer, id: OrderId) -> Result<OrderRecord, Problem> {
    let officer = officer.clone();
    blocking(api, move |r| r.watch(&officer, id)).await
}

/// Nothing more will happen without a person: final, or waiting for another signature.
fn settled(order: &OrderRecord) -> bool {
    order.state.is_final() || order.state == OrderState::Open
}

pub(super) fn answer(order: OrderRecord, waited: bool) -> HttpResponse {
    let status = if settled(&order) { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = json(status, &OrderView::from(order));
    if waited {
        response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static("wait"));
    }
    response
}

/// The seconds of `Prefer: wait=…` (RFC 7240 §4.3), at most [`MAX_WAIT`].
fn wanted_wait(request: &HttpRequest) -> Option<u64> {
    let values = request.headers().get_all("prefer").filter_map(|value| value.to_str().ok());
    let wait =
        values.flat_map(|value| value.split(',')).find_map(|part| part.trim().strip_prefix("wait="))?;
    wait.parse().ok().map(|seconds: u64| seconds.min(MAX_WAIT))
}

const POLL: Duration = Duration::from_millis(100);
/// Between two looks at whether the CA answers.
const LOOK: Duration = Duration::from_secs(1);
const MAX_WAIT: u64 = 30;
const PREFERENCE_APPLIED: actix_web::http::header::HeaderName =
    actix_web::http::header::HeaderName::from_static("preference-applied");
