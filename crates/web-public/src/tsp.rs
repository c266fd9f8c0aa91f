//! RFC 3161 §3.4 over HTTP. What a token says is the [`TimeStamper`]'s business.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::{self, Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use metrics::counter;
use ndoba_types::Span;

use crate::body;
use crate::metric::TSP_ANSWERS;

/// The most octets of a TimeStampReq.
const MAX_REQUEST: usize = 64 * 1024;

/// What a [`TimeStamper`] does, not yet done.
pub type StampFuture = Pin<Box<dyn Future<Output = StampReply> + Send>>;

/// Makes time-stamp tokens.
pub trait TimeStamper: Send + Sync {
    /// Answers a TimeStampReq within the stamper's own deadline. Never blocks: waits in the future it returns.
    fn stamp(&self, request: Bytes) -> StampFuture;
}

/// What becomes of a request for a time-stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StampReply {
    /// A TimeStampResp, granted or rejected: HTTP 200 either way, the protocol has its own words for failures.
    Answered {
        /// The DER.
        body: Vec<u8>,
    },
    /// More requests than can be served: 503, and nothing was stamped.
    Overloaded {
        /// When to come back.
        retry_after: Span,
    },
}

pub(crate) fn routes(config: &mut web::ServiceConfig, stamper: Option<Arc<dyn TimeStamper>>) {
    if let Some(stamper) = stamper {
        config.service(web::resource("/tsa").app_data(Data::new(stamper)).default_service(web::to(answer)));
    }
}

async fn answer(request: HttpRequest, payload: Payload, stamper: Data<Arc<dyn TimeStamper>>) -> HttpResponse {
    if request.method() != Method::POST {
        return body::method_not_allowed("POST");
    }
    if !body::is_of_type(&request, "application/timestamp-query") {
        return HttpResponse::UnsupportedMediaType().force_close().finish();
    }
    let asked = match body::read(payload, MAX_REQUEST).await {
        Ok(asked) => asked,
        Err(why) => return why.into(),
    };
    if asked.is_empty() {
        return HttpResponse::BadRequest().content_type("text/plain").body("a TimeStampReq is expected\n");
    }
    match stamper.stamp(asked).await {
        StampReply::Answered { body } => {
            counter!(TSP_ANSWERS, "outcome" => "answered").increment(1);
            // A token is one requester's own, whatever lies between.
            HttpResponse::Ok()
                .content_type("application/timestamp-reply")
                .insert_header(("Cache-Control", "no-store"))
                .body(body)
        }
        StampReply::Overloaded { retry_after } => {
            counter!(TSP_ANSWERS, "outcome" => "overloaded").increment(1);
            let seconds = retry_after.as_seconds().max(1);
            HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, seconds)).finish()
        }
    }
}
