//! Conditional requests (RFC 9110 §13): whether a client has it already.

use std::time::{Duration, SystemTime};

use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::http::header::{HeaderValue, HttpDate, IF_NONE_MATCH, IfModifiedSince, TryIntoHeaderValue};
use ndoba_types::{Sha256Digest, UtcTime};

/// What identifies a version of what is served.
#[derive(Clone, Debug)]
pub(crate) struct Validators {
    /// The digest in quotes.
    pub(crate) etag: HeaderValue,
    /// To the second.
    pub(crate) last_modified: HttpDate,
}

impl Validators {
    /// Of a body last changed at `modified`; its ETag is the hex SHA-256, as RFC 9919 §7.2 proposes (O-22).
    pub(crate) fn new(body: &[u8], modified: SystemTime) -> Self {
        Self::of_digest(Sha256Digest::of(body), modified)
    }

    /// As [`Self::new`], of a body with that digest.
    pub(crate) fn of_digest(digest: Sha256Digest, modified: SystemTime) -> Self {
        let quoted = format!("\"{digest}\"");
        let etag = HeaderValue::try_from(quoted).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        // Headers know whole seconds; a fraction kept here would make the client's own copy look old.
        let whole = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let last_modified = (SystemTime::UNIX_EPOCH + Duration::from_secs(whole)).into();
        Self { etag, last_modified }
    }

    /// Whether the client says that it holds this version (304).
    pub(crate) fn held_by_client(&self, request: &HttpRequest) -> bool {
        // If-Modified-Since counts only where If-None-Match is absent (RFC 9110 §13.1.3).
        if request.headers().contains_key(IF_NONE_MATCH) {
            let lists = request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
            return lists.flat_map(|list| list.split(',')).map(str::trim).any(|tag| {
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.etag.as_bytes()
            });
        }
        match request.get_header::<IfModifiedSince>() {
            Some(IfModifiedSince(since)) => SystemTime::from(self.last_modified) <= SystemTime::from(since),
            None => false,
        }
    }
}

/// `time` for headers.
pub(crate) fn system_time(time: UtcTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.unix_seconds().unsigned_abs())
}

/// `time` as an IMF-fixdate.
pub(crate) fn http_date(time: UtcTime) -> HeaderValue {
    let date = HttpDate::from(system_time(time)).try_into_value();
    date.unwrap_or_else(|_| HeaderValue::from_static("0"))
}
