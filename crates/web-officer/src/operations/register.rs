//! The register of officers: who they are, the grants behind it, and new ones.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use ndoba_registration::GrantRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::json;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::view::{GrantDraftView, GrantView, OfficerView};

/// A signed document of the register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantBody {
    /// The canonical JSON text that was signed.
    content: String,
    /// Flattened JWS with detached payload, JSON texts: two of different security officers for a grant, one for its end.
    signatures: Vec<String>,
}

/// The officers as the register has them now.
#[utoipa::path(get, path = "/officers", tag = "officers", responses((status = 200, body = Vec<OfficerView>)))]
pub(crate) async fn officers(Caller(officer): Caller, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let officers = blocking(&api, move |r| r.officers(&officer)).await?;
    Ok(json(StatusCode::OK, &officers.into_iter().map(OfficerView::from).collect::<Vec<_>>()))
}

/// The register: every grant and every end of one, with signatures, in order.
#[utoipa::path(get, path = "/grants", tag = "officers", responses((status = 200, body = Vec<GrantView>)))]
pub(crate) async fn grants(Caller(officer): Caller, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let grants = blocking(&api, move |r| r.grants(&officer)).await?;
    Ok(json(StatusCode::OK, &grants.into_iter().map(GrantView::from).collect::<Vec<_>>()))
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
