//! The version of an application that a client says it saw.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use ndoba_registration::Seen;
use ndoba_registration::application::ApplicationId;

use crate::problem::Problem;

/// `If-Match`, where it was sent: an ETag of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IfMatch(pub(crate) Option<u32>);

impl IfMatch {
    /// The application to act upon, in that version.
    pub(crate) fn of(self, id: ApplicationId) -> Seen {
        Seen { id, version: self.0 }
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<IfMatch, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else { return Ok(IfMatch(None)) };
    let text = value.to_str().unwrap_or_default();
    let version =
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    match version {
        Some(version) => Ok(IfMatch(Some(version))),
        None => Err(Problem::bad_request("header.if-match", "If-Match must be one ETag of ours")),
    }
}
