//! Everything that is kept about a subject.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::json;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::view::SubjectRecordView;

/// The whole record of a subject, by personal number or identification code: applications, orders with their
/// signatures, evidence, certificates, requests about them, and which files there are. Of a natural person also the
/// applications in which they represent a legal person. Each application in it is recorded as read.
#[utoipa::path(get, path = "/subjects/{identifier}/record", tag = "applications",
    params(("identifier" = String, Path)), responses((status = 200, body = SubjectRecordView)))]
pub(crate) async fn record(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let subject = path.into_inner();
    let record =
        blocking(&api, move |r| Ok(SubjectRecordView::of(r.subject_record(&officer, &subject)?, r))).await?;
    Ok(json(StatusCode::OK, &record))
}
