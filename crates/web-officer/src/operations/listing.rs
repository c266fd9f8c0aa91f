//! Lists that are not searched.

use actix_web::HttpRequest;
use ndoba_registration::ports::PageRequest;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{paging, query};
use crate::problem::Problem;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    /// At most this many, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// What `next` of the page before said.
    after: Option<String>,
}

/// Reads it.
pub(crate) fn listing(request: &HttpRequest) -> Result<PageRequest, Problem> {
    let Listing { limit, after } = query(request)?;
    paging(limit, after)
}
