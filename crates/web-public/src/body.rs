//! Request bodies: bounded in octets and time.

use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};

/// The most octets of any body that the public sends.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// How long a client may take to send its body, which fits into a few packets.
const BODY_DEADLINE: Duration = Duration::from_secs(5);

/// Reads a body of at most [`MAX_BODY`] octets.
///
/// # Errors
///
/// The answer for the client: 413, 408, or 400 when the connection broke off.
pub(crate) async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes, HttpResponse> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|octets: usize| octets > MAX_BODY) {
        return Err(HttpResponse::PayloadTooLarge().force_close().finish());
    }
    match tokio::time::timeout(BODY_DEADLINE, payload.to_bytes_limited(MAX_BODY)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(HttpResponse::BadRequest().force_close().finish()),
        Ok(Err(_)) => Err(HttpResponse::PayloadTooLarge().force_close().finish()),
        Err(_) => Err(HttpResponse::RequestTimeout().force_close().finish()),
    }
}

/// Whether the body is said to be `media_type`, with or without parameters, or nothing is said about it at all.
pub(crate) fn is_of_type(request: &HttpRequest, media_type: &str) -> bool {
    let Some(stated) = request.headers().get(CONTENT_TYPE) else { return true };
    let essence = stated.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(media_type)
}

/// 405 with the methods that would do.
pub(crate) fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header(("Allow", allowed)).finish()
}
