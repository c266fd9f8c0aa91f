//! Request bodies: bounded in octets and time.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use actix_web::body::{BodyStream, MessageBody as _};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpRequest, HttpResponse};
use tokio::time::timeout;

/// How long a client may take to send its body, which fits into a few packets.
const BODY_DEADLINE: Duration = Duration::from_secs(5);

/// How many octets beyond the limit are read and thrown away, so that the client reads its answer instead of a reset
/// connection.
const DISCARDED: usize = 2 << 20;

/// Why there is no body. The connection is closed after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoBody {
    /// The connection broke off, or the framing did.
    Broken,
    /// More octets than are read.
    TooLong,
    /// Not there in time.
    TooSlow,
}

impl From<NoBody> for HttpResponse {
    /// 400, 413 or 408.
    fn from(why: NoBody) -> Self {
        let mut answer = match why {
            NoBody::Broken => Self::BadRequest(),
            NoBody::TooLong => Self::PayloadTooLarge(),
            NoBody::TooSlow => Self::RequestTimeout(),
        };
        answer.force_close().finish()
    }
}

/// Reads a body of at most `limit` octets; memory is taken for what arrives, never for what is announced.
///
/// # Errors
///
/// [`NoBody`].
pub(crate) async fn read(payload: Payload, limit: usize) -> Result<Bytes, NoBody> {
    let mut reading = pin!(read_within(payload, limit));
    // Most bodies came with their heads: no timer is set for them.
    if let Poll::Ready(read) = poll_fn(|context| Poll::Ready(reading.as_mut().poll(context))).await {
        return read;
    }
    timeout(BODY_DEADLINE, reading).await.unwrap_or(Err(NoBody::TooSlow))
}

async fn read_within(payload: Payload, limit: usize) -> Result<Bytes, NoBody> {
    let mut chunks = pin!(BodyStream::new(payload));
    let mut body = BytesMut::new();
    let mut arrived = 0;
    while let Some(chunk) = poll_fn(|context| chunks.as_mut().poll_next(context)).await {
        let chunk = chunk.map_err(|_| NoBody::Broken)?;
        arrived += chunk.len();
        if arrived <= limit {
            body.extend_from_slice(&chunk);
        } else if arrived > limit.saturating_add(DISCARDED) {
            break;
        }
    }
    if arrived > limit { Err(NoBody::TooLong) } else { Ok(body.freeze()) }
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
