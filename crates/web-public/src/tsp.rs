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

/// What a [`TimeStamper`] does, not yet done.
pub type StampFuture = Pin<Box<dyn Future<Output = StampReply> + Send>>;

/// Makes time-stamp tokens.
pub trait TimeStamper: Send + Sync {
    /// Answers a TimeStampReq within the stamper's own deadline. Never blocks: waits in the future it returns.
    fn stamp(self: Arc<Self>, request: Bytes) -> StampFuture;

    /// The certificates of all its keys, used, in use and waiting for their time, with those above them: a
    /// certs-only PKCS#7, DER. Never blocks.
    fn certificates(&self) -> Vec<u8>;
}

/// A time-stamping unit at its address.
#[derive(Clone)]
pub struct TimeStamping {
    /// Its name: it is at `/tsa/{name}`, and the first of all at `/tsa` too.
    pub name: String,
    /// The most octets of a request; of a longer one nothing is read but its end.
    pub longest_request: usize,
    /// What answers there.
    pub stamper: Arc<dyn TimeStamper>,
}

/// What becomes of a request for a time-stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StampReply {
    /// A TimeStampResp, granted or rejected: HTTP 200 either way, the protocol has its own words for failures.
    Answered {
        /// The DER.
        body: Vec<u8>,
        /// What it says, for metrics: `granted`, or the name of the failure bit.
        outcome: &'static str,
    },
    /// More requests than can be served: 503, and nothing was stamped.
    Overloaded {
        /// When to come back.
        retry_after: Span,
    },
}

pub(crate) fn routes(config: &mut web::ServiceConfig, units: &[TimeStamping]) {
    let first = units.first().map(|unit| ("/tsa".to_owned(), unit));
    let each = units.iter().map(|unit| (format!("/tsa/{}", unit.name), unit));
    // A resource for each and no pattern: `/tsa/clock` and whatever is not configured are others' or nobody's.
    for (path, unit) in first.into_iter().chain(each) {
        let data = Data::new(unit.clone());
        config.service(web::resource(path).app_data(data).default_service(web::to(answer)));
    }
    for unit in units {
        let path = format!("/tsa/{}/certificates", unit.name);
        let data = Data::new(unit.clone());
        config.service(web::resource(path).app_data(data).default_service(web::to(certificates)));
    }
}

/// The next certificate is seen here before its first token (interop §5.19, §5.23).
async fn certificates(request: HttpRequest, unit: Data<TimeStamping>) -> HttpResponse {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return body::method_not_allowed("GET, HEAD");
    }
    HttpResponse::Ok()
        .content_type("application/pkcs7-mime; smime-type=certs-only")
        .insert_header(("Cache-Control", "public,max-age=300"))
        .body(unit.stamper.certificates())
}

/// `Accept` is not looked at: clients send what they like, and there is one thing to be had.
async fn answer(request: HttpRequest, payload: Payload, unit: Data<TimeStamping>) -> HttpResponse {
    if request.method() != Method::POST {
        return body::method_not_allowed("POST");
    }
    if !body::is_of_type(&request, "application/timestamp-query") {
        return HttpResponse::UnsupportedMediaType()
            .force_close()
            .content_type("text/plain; charset=utf-8")
            .body("send a TimeStampReq as application/timestamp-query (RFC 3161)\n");
    }
    let asked = match body::read(payload, unit.longest_request).await {
        Ok(asked) => asked,
        Err(why) => return why.into(),
    };
    if asked.is_empty() {
        return HttpResponse::BadRequest()
            .content_type("text/plain; charset=utf-8")
            .body("a TimeStampReq is expected\n");
    }
    let count = |outcome| {
        counter!(TSP_ANSWERS, "tsu" => unit.name.clone(), "outcome" => outcome).increment(1);
    };
    match Arc::clone(&unit.stamper).stamp(asked).await {
        StampReply::Answered { body, outcome } => {
            count(outcome);
            // A token is one requester's own, whatever lies between.
            HttpResponse::Ok()
                .content_type("application/timestamp-reply")
                .insert_header(("Cache-Control", "no-store"))
                .body(body)
        }
        StampReply::Overloaded { retry_after } => {
            count("overloaded");
            let seconds = retry_after.as_seconds().max(1);
            // Readable, because people meet it in the logs of programs that expected a token (interop §5.28).
            HttpResponse::ServiceUnavailable()
                .insert_header((RETRY_AFTER, seconds))
                .content_type("text/plain; charset=utf-8")
                .body(format!(
                    "more requests than can be served; nothing was stamped, try again in {seconds} s\n"
                ))
        }
    }
}
