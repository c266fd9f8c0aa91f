//! The revocation desk: codes given, requests with their clocks, suspensions confirmed.

#![expect(unused_qualifications, reason = "the macro for the description writes whole paths")]

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use ndoba_registration::ControlQuestion;
use ndoba_registration::ports::RequestFilter;
use ndoba_types::SerialNumber;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{json, paging, path_id, query};
use crate::guard::Caller;
use crate::problem::{Problem, ProblemDocument};
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::view::{DeskRequestView, OrderView, PageView};

/// Which requests.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestListing {
    /// `open`: something is owed still; `unconfirmed`: suspended by code, and no officer has confirmed it.
    state: Option<String>,
    /// At most this many, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// What `next` of the page before said.
    after: Option<String>,
}

/// A certificate's revocation code, shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevocationCodeView {
    /// The certificate.
    serial: String,
    /// The code, in groups of four.
    code: String,
}

/// What the officer found out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmBody {
    /// With whom it was confirmed, and how; kept as evidence.
    note: String,
}

/// No choice is to be made: an empty object.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NothingBody {}

/// Gives a certificate another revocation code, for its subscriber. The one before is void; the answer is its only copy.
/// The same request with the same `Idempotency-Key` gives none: 409 `code.shown-once`.
#[utoipa::path(post, path = "/certificates/{serial}/revocation-code", tag = "desk", request_body = NothingBody,
    params(("serial" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = RevocationCodeView)))]
pub(crate) async fn give_code(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let serial: SerialNumber = path_id(&path, "certificate")?;
    let NothingBody {} = submission.json()?;
    let shown = serial.to_string();
    let once = submission.once;
    let code = blocking(&api, move |r| r.give_revocation_code(&officer, &serial, once.as_ref())).await?;
    Ok(json(StatusCode::CREATED, &RevocationCodeView { serial: shown, code: code.shown() }))
}

/// Lists requests about certificates with their clocks, newest first.
#[utoipa::path(get, path = "/requests", tag = "desk", params(RequestListing),
    responses((status = 200, body = PageView<DeskRequestView>)))]
pub(crate) async fn list(
    Caller(officer): Caller,
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let RequestListing { state, limit, after } = query(&request)?;
    let page = paging(limit, after)?;
    let filter = match state.as_deref() {
        None => RequestFilter::default(),
        Some("open") => RequestFilter { open: true, ..RequestFilter::default() },
        Some("unconfirmed") => RequestFilter { unconfirmed: true, ..RequestFilter::default() },
        Some(_) => return Err(Problem::bad_request("query.state", "state must be open or unconfirmed")),
    };
    let page = blocking(&api, move |r| {
        let page = r.requests(&officer, &filter, &page)?;
        Ok(PageView::of(page, |request| DeskRequestView::of(request, r)))
    })
    .await?;
    Ok(json(StatusCode::OK, &page))
}

/// A control question, to be read out to who calls.
#[derive(Serialize, ToSchema)]
pub(crate) struct ControlQuestionView {
    /// Answers are given under this name.
    name: &'static str,
    /// In English.
    en: &'static str,
    /// In Georgian.
    ka: &'static str,
}

/// What a caller is asked before something is done to the certificate on the telephone: three right answers, none wrong.
#[utoipa::path(get, path = "/certificates/{serial}/control-questions", tag = "desk", params(("serial" = String, Path)),
    responses((status = 200, body = Vec<ControlQuestionView>),
        (status = 409, description = "No application stands behind the certificate", body = ProblemDocument,
            content_type = "application/problem+json")))]
pub(crate) async fn control_questions(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let serial: SerialNumber = path_id(&path, "certificate")?;
    let asked = blocking(&api, move |r| r.control_questions(&officer, &serial)).await?;
    let view = |question: &ControlQuestion| {
        let ControlQuestion { name, english, georgian } = question;
        ControlQuestionView { name, en: english, ka: georgian }
    };
    Ok(json(StatusCode::OK, &asked.iter().map(view).collect::<Vec<_>>()))
}

/// Confirms a suspension that a code had brought about.
#[utoipa::path(post, path = "/orders/{id}/confirm", tag = "desk", request_body = ConfirmBody,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)))]
pub(crate) async fn confirm(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path, "order")?;
    let ConfirmBody { note } = submission.json()?;
    let order = blocking(&api, move |r| r.confirm(&officer, id, &note, submission.once.as_ref())).await?;
    Ok(json(StatusCode::OK, &OrderView::from(order)))
}
