//! The register of officers: who they are, the grants behind it, and new ones.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use ndoba_registration::GrantRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::json;
use super::listing::{Listing, listing};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::view::{GrantDraftView, GrantView, OfficerView, PageView};

/// A signed document of the register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantBody {
    /// The canonical JSON text that was signed.
    content: String,
    /// Flattened JWS with detached payload, JSON texts: two of different security officers for a grant, one for its end.
    signatures: Vec<String>,
}

/// Lists the officers as the register has them now, in the order of their appointment; each is recorded as read.
#[utoipa::path(get, path = "/officers", tag = "officers", params(Listing),
    responses((status = 200, body = PageView<OfficerView>)))]
pub(crate) async fn officers(
    Caller(officer): Caller,
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = listing(&request)?;
    let officers = blocking(&api, move |r| r.officers(&officer, &page)).await?;
    Ok(json(StatusCode::OK, &PageView::of(officers, OfficerView::from)))
}

/// Lists the register: every grant and every end of one, with signatures, oldest first; each officer whom a document names
/// is recorded as read.
#[utoipa::path(get, path = "/grants", tag = "officers", params(Listing),
    responses((status = 200, body = PageView<GrantView>)))]
pub(crate) async fn grants(
    Caller(officer): Caller,
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = listing(&request)?;
    let grants = blocking(&api, move |r| r.grants(&officer, &page)).await?;
    Ok(json(StatusCode::OK, &PageView::of(grants, GrantView::from)))
}

/// Writes the next document of the register for security officers to sign. Changes nothing.
#[utoipa::path(post, path = "/grants/draft", tag = "officers", request_body = GrantRequest,
    responses((status = 200, body = GrantDraftView)))]
pub(crate) async fn draft(
    Caller(officer): Caller,
    api: web::Data<Api>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let request: GrantRequest = submission.json()?;
    let draft = blocking(&api, move |r| r.draft_grant(&officer, &request)).await?;
    Ok(json(StatusCode::OK, &GrantDraftView::from(draft)))
}

/// Appends a signed document to the register.
#[utoipa::path(post, path = "/grants", tag = "officers", request_body = GrantBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 201, body = GrantView)))]
pub(crate) async fn append(
    Caller(officer): Caller,
    api: web::Data<Api>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let GrantBody { content, signatures } = submission.json()?;
    let once = submission.once;
    let grant =
        blocking(&api, move |r| r.append_grant(&officer, content.as_bytes(), &signatures, once.as_ref()))
            .await?;
    Ok(json(StatusCode::CREATED, &GrantView::from(grant)))
}
