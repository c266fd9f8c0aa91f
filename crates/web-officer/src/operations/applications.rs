//! Applications: opened, changed, frozen into orders, given back, refused, given up, delivered.

#![expect(unused_qualifications, reason = "the macro for the description writes whole paths")]

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use ndoba_registration::application::ApplicationContent;
use ndoba_registration::ports::ApplicationWithOrder;
use ndoba_registration::{ApplicationQuery, ApplicationState, Office, Once, Registration, ServiceError};
use ndoba_types::{OfficerId, SerialNumber, UtcTime};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{json, paging, path_id, query};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking, once};
use crate::submission::Submission;
use crate::version::IfMatch;
use crate::view::{ApplicationSummary, ApplicationView, OrderView, PageView};

/// Why an application is returned or rejected, or how the certificate was accepted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// For the officer who must correct it, or for the record.
    remark: String,
}

/// What is handed over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delivery {
    /// Why the subscriber was given no revocation code; absent where they were.
    without_code: Option<String>,
}

/// Nothing to say: `{}`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Which applications.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationListing {
    /// Only these in this state.
    state: Option<String>,
    /// Only of this personal number or identification code, or another identifier as certificates show it.
    subject: Option<String>,
    /// Only those that this officer opened, by identifier; `me` for who asks.
    opened_by: Option<String>,
    /// Only those that were opened in this office and beneath it, such as `GE/Tbilisi`, by where who opened it works now.
    office: Option<String>,
    /// Only by this profile.
    profile: Option<String>,
    /// Only those that were opened then or later, RFC 3339.
    since: Option<String>,
    /// Only those that were opened before then, RFC 3339.
    until: Option<String>,
    /// At most this many, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// What `next` of the page before said.
    after: Option<String>,
}

/// Opens an application.
#[utoipa::path(post, path = "/applications", tag = "applications", request_body = ApplicationContent,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 201, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn open(
    Caller(officer): Caller,
    api: web::Data<Api>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let content = content(&api, &submission).await?;
    let opened = once(&api, submission, move |r, once| r.open(&officer, &content, once)).await?;
    Ok(created(opened))
}

/// A new application, and where it is.
fn created(opened: ApplicationWithOrder) -> HttpResponse {
    let location = format!("{}/applications/{}", crate::route::BASE, opened.application.id);
    let mut response = show(StatusCode::CREATED, opened);
    if let Ok(value) = header::HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// Lists applications, newest first.
#[utoipa::path(get, path = "/applications", tag = "applications", params(ApplicationListing),
    responses((status = 200, body = PageView<ApplicationSummary>)))]
pub(crate) async fn list(
    Caller(officer): Caller,
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let ApplicationListing { state, subject, opened_by, office, profile, since, until, limit, after } =
        query(&request)?;
    let page = paging(limit, after)?;
    let state = match state {
        None => None,
        Some(name) => Some(ApplicationState::from_name(&name).ok_or_else(|| {
            Problem::bad_request("query.state", "state must be one of the states of applications")
        })?),
    };
    let opened_by = match opened_by.as_deref() {
        Some("me") => Some(officer.id),
        Some(id) => Some(id.parse::<OfficerId>().map_err(|_| {
            Problem::bad_request("query.opened-by", "opened_by must be an officer's identifier, or me")
        })?),
        None => None,
    };
    let office = office.map(|path| path.parse::<Office>()).transpose();
    let office = office
        .map_err(|error| Problem::bad_request("query.office", format!("office must be a path: {error}")))?;
    let (since, until) = (moment(since)?, moment(until)?);
    let wanted = ApplicationQuery { state, subject, opened_by, office, profile, since, until };
    let page = blocking(&api, move |r| r.applications(&officer, &wanted, &page)).await?;
    Ok(json(StatusCode::OK, &PageView::of(page, ApplicationSummary::from)))
}

fn moment(text: Option<String>) -> Result<Option<UtcTime>, Problem> {
    let wrong = |_| Problem::bad_request("query.time", "since and until must be RFC 3339 with an offset");
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

/// Shows an application; the read is recorded.
#[utoipa::path(get, path = "/applications/{id}", tag = "applications", params(("id" = String, Path)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn get(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path, "application")?;
    let found = blocking(&api, move |r| r.application(&officer, id)).await?;
    Ok(show(StatusCode::OK, found))
}

/// Replaces the content of a draft or returned application.
#[utoipa::path(put, path = "/applications/{id}", tag = "applications", request_body = ApplicationContent,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn edit(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    IfMatch(expected): IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path, "application")?;
    let content = content(&api, &submission).await?;
    changed(&api, submission, move |r, once| r.edit(&officer, id, expected, &content, once)).await
}

/// Freezes an application into an order that the officers sign.
#[utoipa::path(post, path = "/applications/{id}/order", tag = "applications", request_body = Nothing,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = OrderView)))]
pub(crate) async fn freeze(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    version: IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let at = version.of(path_id(&path, "application")?);
    let Nothing {} = submission.json()?;
    let order = once(&api, submission, move |r, once| r.freeze(&officer, at, once)).await?;
    Ok(json(StatusCode::CREATED, &OrderView::from(order)))
}

/// Gives an application up.
#[utoipa::path(post, path = "/applications/{id}/withdraw", tag = "applications", request_body = Nothing,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn withdraw(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    version: IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let at = version.of(path_id(&path, "application")?);
    let Nothing {} = submission.json()?;
    changed(&api, submission, move |r, once| r.withdraw(&officer, at, once)).await
}

/// Notes that the certificate was handed to the subscriber, with its revocation code where the provider has a desk.
#[utoipa::path(post, path = "/applications/{id}/deliver", tag = "applications", request_body = Delivery,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn deliver(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    version: IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let at = version.of(path_id(&path, "application")?);
    let Delivery { without_code } = submission.json()?;
    changed(&api, submission, move |r, once| r.deliver(&officer, at, without_code.as_deref(), once)).await
}

/// Notes that the subscriber accepted the certificate, and in `remark` how.
#[utoipa::path(post, path = "/applications/{id}/accept", tag = "applications", request_body = Decision,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn accept(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    version: IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let at = version.of(path_id(&path, "application")?);
    let Decision { remark } = submission.json()?;
    changed(&api, submission, move |r, once| r.accept(&officer, at, &remark, once)).await
}

/// Opens an application for a certificate that replaces this one: the application behind it with these changes merged
/// into it (RFC 7396). `identity_proofing` must be among them; without `csr` the key stays.
#[utoipa::path(post, path = "/certificates/{serial}/renewal", tag = "applications", request_body = Object,
    params(("serial" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn renew(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let serial: SerialNumber = path_id(&path, "certificate")?;
    let changes: serde_json::Map<String, serde_json::Value> = submission.json()?;
    let opened = once(&api, submission, move |r, once| r.renew(&officer, &serial, &changes, once)).await?;
    Ok(created(opened))
}

/// Gives an application back for correction.
#[utoipa::path(post, path = "/applications/{id}/return", tag = "applications", request_body = Decision,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn send_back(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    version: IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let at = version.of(path_id(&path, "application")?);
    let Decision { remark } = submission.json()?;
    changed(&api, submission, move |r, once| r.send_back(&officer, at, &remark, once)).await
}

/// Refuses an application for good.
#[utoipa::path(post, path = "/applications/{id}/reject", tag = "applications", request_body = Decision,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn reject(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    version: IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let at = version.of(path_id(&path, "application")?);
    let Decision { remark } = submission.json()?;
    changed(&api, submission, move |r, once| r.reject(&officer, at, &remark, once)).await
}

/// An application's content, as it was written before its form: so that a refusal names the fields, also where it does
/// not read at all.
async fn content(api: &web::Data<Api>, submission: &Submission) -> Result<ApplicationContent, Problem> {
    // From the octets: a member that is there twice is refused.
    let content = submission.json();
    let Ok(written) = submission.json::<serde_json::Value>() else { return content };
    let refusals = blocking(api, move |r| Ok(r.refusals(&written))).await?;
    if !refusals.is_empty() {
        return Err(ServiceError::Invalid(refusals).into());
    }
    content
}

/// Carries out a step on an application, and shows what it is then.
pub(super) async fn changed(
    api: &web::Data<Api>,
    submission: Submission,
    step: impl FnOnce(&Registration, Option<&Once>) -> Result<ApplicationWithOrder, ServiceError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    Ok(show(StatusCode::OK, once(api, submission, step).await?))
}

fn show(status: StatusCode, application: ApplicationWithOrder) -> HttpResponse {
    let tag = format!("\"{}\"", application.application.version);
    let mut response = json(status, &ApplicationView::from(application));
    if let Ok(value) = header::HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
