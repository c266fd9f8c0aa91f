//! The agreement of an application: the document, and that it was accepted.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use ndoba_registration::Acceptance;
use serde::Deserialize;
use utoipa::ToSchema;

use super::applications::changed;
use super::path_id;
use crate::guard::Caller;
use crate::problem::{Problem, ProblemDocument};
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::version::IfMatch;
use crate::view::ApplicationView;

/// That the agreement was accepted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptanceBody {
    /// SHA-256 over the document that was signed, 64 lower-case hexadecimal digits: `agreement.pdf` as it is now.
    sha256: String,
    /// The day on which the subscriber signed it, YYYY-MM-DD.
    accepted: String,
    /// The day on which the subject signed the second part, where the certificate names an organisation beside the
    /// person.
    subject_accepted: Option<String>,
}

/// The agreement of an application, in Georgian and English, PDF. The same application gives the same octets.
#[utoipa::path(get, path = "/applications/{id}/agreement.pdf", tag = "applications", params(("id" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"),
        (status = 422, description = "A text of the application cannot be printed", body = ProblemDocument,
            content_type = "application/problem+json")))]
pub(crate) async fn document(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path, "application")?;
    let document = blocking(&api, move |r| r.agreement(&officer, id)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"agreement.pdf\""))
        .content_type("application/pdf")
        .body(document))
}

/// Notes that the subscriber accepted the agreement; a change of the application forgets it.
#[utoipa::path(post, path = "/applications/{id}/agreement", tag = "applications", request_body = AcceptanceBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn agree(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    version: IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let at = version.of(path_id(&path, "application")?);
    let AcceptanceBody { sha256, accepted, subject_accepted } = submission.json()?;
    let acceptance = Acceptance { sha256, accepted, subject_accepted };
    changed(&api, submission, move |r, once| r.agree(&officer, at, &acceptance, once)).await
}
