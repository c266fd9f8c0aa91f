//! The signed copy of an application's agreement.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ndoba_registration::MAX_COPY;
use ndoba_registration::ports::CopyRecord;
use serde::Deserialize;
use utoipa::ToSchema;

use super::applications::changed;
use super::{path_id, refused_field};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::version::IfMatch;
use crate::view::ApplicationView;

/// The longest body that attaches a copy: the longest copy in base64, and the member's name.
pub(crate) const LONGEST_BODY: usize = MAX_COPY.div_ceil(3) * 4 + 1024;

/// A signed copy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CopyBody {
    /// The file, PDF, PNG, JPEG or a detached signature over the agreement (CMS in DER, `.p7s`), at most 2 MiB, in base64
    /// (RFC 4648 §4, with padding).
    content: String,
}

/// Attaches the copy of the agreement that the subscriber signed. Its digest is part of what both officers sign.
///
/// Electronic signatures in it that were made with certificates of this provider are checked, and `agreement.copy.signatures`
/// says what was found; one that does not hold for this agreement is refused with a code `signature.…`.
#[utoipa::path(post, path = "/applications/{id}/agreement/copy", tag = "applications", request_body = CopyBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn attach(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    version: IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let at = version.of(path_id(&path, "application")?);
    let CopyBody { content } = submission.json()?;
    let octets = decoded(&content)?;
    changed(&api, submission, move |r, once| r.attach_copy(&officer, at, octets, once)).await
}

/// The signed copy of the agreement, as it was attached.
#[utoipa::path(get, path = "/applications/{id}/agreement/copy", tag = "applications", params(("id" = String, Path)),
    responses((status = 200, content(
        (Vec<u8> = "application/pdf"), (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "application/pkcs7-signature")))))]
pub(crate) async fn fetch(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path, "application")?;
    let copy = blocking(&api, move |r| r.signed_copy(&officer, id)).await?;
    Ok(file(copy, "agreement-copy"))
}

/// A file's octets out of the body.
pub(crate) fn decoded(content: &str) -> Result<Vec<u8>, Problem> {
    STANDARD
        .decode(content)
        .map_err(|_| refused_field("/content", "copy.base64", "must be base64 with padding"))
}

/// A file. What an officer attached is nobody's page: it is saved, never shown in place, and under a name of ours.
pub(crate) fn file(copy: CopyRecord, name: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(copy.media_type)
        .body(copy.content)
}
