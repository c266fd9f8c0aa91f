//! The operations, a file per resource. Each reads its input, lets registration decide, and shows the resource.

pub(crate) mod agreements;
pub(crate) mod applications;
pub(crate) mod attachments;
pub(crate) mod audit;
pub(crate) mod certificates;
pub(crate) mod copies;
pub(crate) mod desk;
pub(crate) mod enrolments;
pub(crate) mod listing;
pub(crate) mod orders;
pub(crate) mod own;
pub(crate) mod publication;
pub(crate) mod register;
pub(crate) mod status_orders;
pub(crate) mod subjects;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use ndoba_registration::ports::PageRequest;
use serde::Serialize;

use crate::problem::{Problem, ProblemField};

/// A resource as JSON; personal data is never kept by caches.
pub(crate) fn json(status: StatusCode, resource: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).json(resource)
}

/// Reads an identifier in the path; what is no identifier names nothing.
pub(crate) fn path_id<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, Problem> {
    text.parse().map_err(|_| ndoba_registration::ServiceError::Unknown { what }.into())
}

/// Which page of a list: `limit` is 50 if absent.
pub(crate) fn paging(limit: Option<u32>, after: Option<String>) -> Result<PageRequest, Problem> {
    let limit = limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::bad_request("query.limit", "limit must be between 1 and 200"));
    }
    if after.as_ref().is_some_and(|after| after.len() > 200) {
        return Err(Problem::bad_request("query.after", "after must be what `next` of the page before said"));
    }
    Ok(PageRequest { limit, after })
}

/// Reads the query string as `T`.
pub(crate) fn query<T: serde::de::DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    actix_web::web::Query::<T>::from_query(request.query_string())
        .map(actix_web::web::Query::into_inner)
        .map_err(|_| Problem::bad_request("query.unknown", "the query has an unknown or malformed parameter"))
}

/// A refusal of one member of the body, by the API itself.
pub(crate) fn refused_field(field: &str, code: &str, message: &str) -> Problem {
    let field =
        ProblemField { field: field.into(), code: code.into(), clause: None, message: message.into() };
    Problem::fields("the request does not keep the rules", vec![field])
}
