//! Copies of evidence that are attached to an application.

use actix_web::{HttpResponse, web};
use ndoba_registration::Attachment;
use ndoba_types::Sha256Digest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::applications::{Nothing, changed};
use super::copies::{decoded, file};
use super::path_id;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::version::IfMatch;
use crate::view::ApplicationView;

/// A copy of evidence.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttachmentBody {
    /// What it is a copy of: `authority`, `device`, `identity-document`, `identity-proofing` or `register-extract`.
    #[serde(rename = "type")]
    kind: String,
    /// What the officer calls it: at most 100 characters, and nothing that could be a path.
    name: Option<String>,
    /// The file, PDF, PNG or JPEG, at most 2 MiB, in base64 (RFC 4648 §4, with padding).
    content: String,
}

/// Attaches a copy of evidence to an application that can be changed. Its digest is part of what both officers sign.
#[utoipa::path(post, path = "/applications/{id}/attachments", tag = "applications", request_body = AttachmentBody,
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
    let AttachmentBody { kind, name, content } = submission.json()?;
    let attachment = Attachment { kind, name, octets: decoded(&content)? };
    changed(&api, submission, move |r, once| r.attach(&officer, at, attachment, once)).await
}

/// A file that belongs to the application, as it was attached; also one that the application no longer names.
#[utoipa::path(get, path = "/applications/{id}/attachments/{sha256}", tag = "applications",
    params(("id" = String, Path), ("sha256" = String, Path)),
    responses((status = 200, content(
        (Vec<u8> = "application/pdf"), (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg")))))]
pub(crate) async fn fetch(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, sha256) = path.into_inner();
    let id = path_id(&id, "application")?;
    let sha256: Sha256Digest = path_id(&sha256, "attachment")?;
    let copy = blocking(&api, move |r| r.attachment(&officer, id, sha256)).await?;
    Ok(file(copy, &format!("attachment-{sha256}")))
}

/// Takes a copy of evidence away from an application that can be changed.
#[utoipa::path(post, path = "/applications/{id}/attachments/{sha256}/detach", tag = "applications",
    request_body = Nothing,
    params(("id" = String, Path), ("sha256" = String, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView, headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(crate) async fn detach(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<(String, String)>,
    version: IfMatch,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let (id, sha256) = path.into_inner();
    let at = version.of(path_id(&id, "application")?);
    let sha256: Sha256Digest = path_id(&sha256, "attachment")?;
    let Nothing {} = submission.json()?;
    changed(&api, submission, move |r, once| r.detach(&officer, at, sha256, once)).await
}
