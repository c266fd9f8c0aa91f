//! Whether a certificate is shown to third parties.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use ndoba_registration::Publication;
use ndoba_types::SerialNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{json, path_id};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking, once};
use crate::submission::Submission;

/// What a subscriber says of third parties.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBody {
    /// Whether they may see the certificate from now on.
    consent: bool,
}

/// How a certificate stands with third parties.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublicationView {
    /// The certificate, lower-case hexadecimal.
    serial: String,
    /// Since when it is shown at the public address, RFC 3339; absent where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown_since: Option<String>,
}

impl From<Publication> for PublicationView {
    fn from(publication: Publication) -> Self {
        let Publication { serial, shown_since } = publication;
        Self { serial: serial.to_string(), shown_since: shown_since.map(|at| at.to_string()) }
    }
}

/// Whether a certificate is shown to third parties: `GET /certificates/{serial}` at the public address gives it then.
#[utoipa::path(get, path = "/certificates/{serial}/publication", tag = "certificates",
    params(("serial" = String, Path)), responses((status = 200, body = PublicationView)))]
pub(crate) async fn get(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let serial: SerialNumber = path_id(&path, "certificate")?;
    let found = blocking(&api, move |r| r.publication(&officer, &serial)).await?;
    Ok(json(StatusCode::OK, &PublicationView::from(found)))
}

/// Notes that the subscriber lets third parties see the certificate, or no longer. What the agreement says of it takes
/// effect with the delivery.
#[utoipa::path(post, path = "/certificates/{serial}/publication", tag = "certificates", request_body = ConsentBody,
    params(("serial" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = PublicationView)))]
pub(crate) async fn consent(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let serial: SerialNumber = path_id(&path, "certificate")?;
    let ConsentBody { consent } = submission.json()?;
    let noted =
        once(&api, submission, move |r, once| r.consent_to_publication(&officer, &serial, consent, once))
            .await?;
    Ok(json(StatusCode::OK, &PublicationView::from(noted)))
}
