//! Enrolments as security officers open and see them. The door for the officers-to-be is in `enrolment`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use ndoba_registration::EnrolmentRequest;

use super::json;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::view::{EnrolmentCodeView, EnrolmentView};

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

/// The newest enrolments, with the keys that were presented.
#[utoipa::path(get, path = "/enrolments", tag = "officers",
    responses((status = 200, body = Vec<EnrolmentView>)))]
pub(crate) async fn list(Caller(officer): Caller, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let enrolments = blocking(&api, move |r| r.enrolments(&officer)).await?;
    Ok(json(StatusCode::OK, &enrolments.into_iter().map(EnrolmentView::from).collect::<Vec<_>>()))
}
