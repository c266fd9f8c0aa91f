//! Routes and headers of OCSP.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, HeaderName, HeaderValue, LAST_MODIFIED, RETRY_AFTER,
};
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use metrics::counter;
use ndoba_ocsp::{ErrorStatus, Refusal};
use ndoba_types::UtcTime;

use crate::body::{self, NoBody};
use crate::metric::OCSP_ANSWERS;
use crate::ocsp::get_path;
use crate::ocsp::service::{self, Asked, OcspService};
use crate::ocsp::task::{Served, Source};
use crate::pages::{self, Page};

/// Everything below `/ocsp` comes here, matched by prefix: the router's ideas about escapes and double slashes
/// never touch a request that is a path.
pub(crate) fn routes(config: &mut web::ServiceConfig, service: Option<Data<OcspService>>) {
    if let Some(service) = service {
        config.service(web::scope(PREFIX).app_data(service).default_service(web::to(enter)));
    }
}

const PREFIX: &str = "/ocsp";

async fn enter(
    request: HttpRequest,
    payload: Payload,
    service: Data<OcspService>,
    page: Data<Page>,
) -> HttpResponse {
    let raw = request.uri().path();
    let Some(tail) = raw.strip_prefix(PREFIX) else { return HttpResponse::NotFound().finish() };
    let is_address = tail.bytes().all(|octet| octet == b'/');
    match *request.method() {
        Method::GET | Method::HEAD if is_address => pages::show(request, page).await,
        Method::GET | Method::HEAD => {
            let take = || service.take_likeliest(get_path::candidates(tail));
            respond(&request, tail.as_bytes(), take, &service).await
        }
        Method::POST if is_address => post(&request, payload, &service).await,
        Method::POST => HttpResponse::NotFound().force_close().finish(),
        _ => body::method_not_allowed("GET, HEAD, POST"),
    }
}

async fn post(request: &HttpRequest, payload: Payload, service: &OcspService) -> HttpResponse {
    if !body::is_of_type(request, "application/ocsp-request") {
        return HttpResponse::UnsupportedMediaType().force_close().finish();
    }
    let asked = match body::read(payload, service.longest_request()).await {
        Ok(asked) => asked,
        Err(why @ (NoBody::Broken | NoBody::TooLong | NoBody::TooSlow)) => return why.into(),
    };
    respond(request, &asked, || service.take(&asked), service).await
}

/// Answers what was asked in these words, which `take` reads.
async fn respond(
    request: &HttpRequest,
    words: &[u8],
    take: impl FnOnce() -> Result<Asked, Refusal>,
    service: &OcspService,
) -> HttpResponse {
    let Ok(fresh_after) = fresh_after(request) else {
        return HttpResponse::BadRequest().body("Fresh-After is a time such as 2026-11-27T12:00:00.25Z\n");
    };
    if fresh_after.is_none()
        && let Some(served) = service.recall(words)
    {
        return authoritative(request, &served, Source::Cache, service);
    }
    let answered = match take() {
        // Kept apart from what lives on the way through here: most answers never come to it.
        Ok(asked) => Box::pin(service.answer(asked, words, fresh_after)).await,
        Err(refusal) => Err(refusal),
    };
    match answered {
        Ok((served, source)) => authoritative(request, &served, source, service),
        Err(refusal) => {
            tracing::debug!(error = &refusal as &dyn std::error::Error, "no status is said");
            refused(refusal.status())
        }
    }
}

/// The moment after which the answer must have been produced: for an application that compares with a time-stamp and
/// cannot use what anybody's cache kept. One that cannot be read is refused: silence would let it believe an old answer.
fn fresh_after(request: &HttpRequest) -> Result<Option<UtcTime>, ()> {
    let mut all = request.headers().get_all(&FRESH_AFTER);
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => {
            let moment = one.to_str().ok().and_then(|text| text.trim().parse().ok());
            moment.map(Some).ok_or(())
        }
        (Some(_), Some(_)) => Err(()),
    }
}

static FRESH_AFTER: HeaderName = HeaderName::from_static("fresh-after");

/// The headers of requirements O-22 (RFC 9919 §7.2).
fn authoritative(
    request: &HttpRequest,
    served: &Arc<Served>,
    source: Source,
    service: &OcspService,
) -> HttpResponse {
    match source {
        Source::Cache => served.from_cache.increment(1),
        Source::Signed => {
            counter!(OCSP_ANSWERS, "outcome" => served.outcome, "source" => "signed").increment(1);
        }
    }
    let now = service.now();
    service.note_age(served.produced_at, now);

    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/ocsp-response")));
    if served.private {
        return answer.insert_header((CACHE_CONTROL, "private, max-age=0")).body(served.body.clone());
    }
    // Only GET is conditional: RFC 9110 §13.1.2 would have a POST fail with 412.
    let held = request.method() != Method::POST && served.validators.held_by_client(request);
    if held {
        answer = HttpResponse::NotModified();
    }
    let max_age = served.renew_at.since(now).as_seconds();
    answer
        .insert_header((CACHE_CONTROL, format!("max-age={max_age},public,no-transform,must-revalidate")))
        .insert_header((ETAG, served.validators.etag.clone()))
        .insert_header((LAST_MODIFIED, served.last_modified.clone()))
        .insert_header((EXPIRES, served.expires.clone()));
    if held { answer.finish() } else { answer.body(served.body.clone()) }
}

/// No authority, hence no caching (O-22). HTTP 200: the protocol has its own words for failures (O-04).
fn refused(status: ErrorStatus) -> HttpResponse {
    counter!(OCSP_ANSWERS, "outcome" => status.name(), "source" => "none").increment(1);
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, "application/ocsp-response"))
        .insert_header((CACHE_CONTROL, "no-cache, no-store"));
    match status {
        ErrorStatus::TryLater | ErrorStatus::InternalError => {
            answer.insert_header((RETRY_AFTER, service::RETRY_AFTER.as_seconds()));
        }
        ErrorStatus::MalformedRequest | ErrorStatus::Unauthorized => {}
    }
    answer.body(status.as_der())
}
