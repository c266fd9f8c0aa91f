//! Enrolments as security officers open and see them. The door for the officers-to-be is in `enrolment`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use ndoba_registration::EnrolmentRequest;

use super::json;
use super::listing::{Listing, listing};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::view::{EnrolmentCodeView, EnrolmentView, PageView};

/// Opens an enrolment: a one-time code for an officer-to-be. The answer is the code's only copy: the same request with the
/// same `Idempotency-Key` gives none, 409 `code.shown-once`. Appoints nobody.
#[utoipa::path(post, path = "/enrolments", tag = "officers", request_body = EnrolmentRequest,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 201, body = EnrolmentCodeView)))]
pub(crate) async fn open(
    Caller(officer): Caller,
    api: web::Data<Api>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let request: EnrolmentRequest = submission.json()?;
    let once = submission.once;
    let (record, code) = blocking(&api, move |r| r.open_enrolment(&officer, &request, once.as_ref())).await?;
    Ok(json(StatusCode::CREATED, &EnrolmentCodeView::of(&record, &code)))
}

/// Lists enrolments, newest first, with the keys that were presented; each is recorded as read.
#[utoipa::path(get, path = "/enrolments", tag = "officers", params(Listing),
    responses((status = 200, body = PageView<EnrolmentView>)))]
pub(crate) async fn list(
    Caller(officer): Caller,
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = listing(&request)?;
    let enrolments = blocking(&api, move |r| r.enrolments(&officer, &page)).await?;
    Ok(json(StatusCode::OK, &PageView::of(enrolments, EnrolmentView::from)))
}
