//! `GET /tsa/clock`: the clock's statement, ready-made. No request makes a key sign.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};

use crate::body;

/// A JWS (RFC 7515 §9.2.1).
const MEDIA_TYPE: &str = "application/jose+json";

/// Has the clock's statement at hand.
pub trait ClockStatements: Send + Sync {
    /// The newest one, unless it has lapsed. Never blocks.
    fn current(&self) -> Option<Bytes>;
}

/// Before the units: `clock` is no unit's name.
pub(crate) fn routes(config: &mut web::ServiceConfig, statements: Option<Arc<dyn ClockStatements>>) {
    if let Some(statements) = statements {
        let resource = web::resource("/tsa/clock").app_data(Data::from(statements));
        config.service(resource.default_service(web::to(answer)));
    }
}

async fn answer(request: HttpRequest, statements: Data<dyn ClockStatements>) -> HttpResponse {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return body::method_not_allowed("GET, HEAD");
    }
    match statements.current() {
        // It is renewed within seconds, and is of interest only as it is now.
        Some(statement) => HttpResponse::Ok()
            .content_type(MEDIA_TYPE)
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(statement),
        None => HttpResponse::ServiceUnavailable()
            .insert_header((RETRY_AFTER, 5))
            .content_type("text/plain; charset=utf-8")
            .body("the clock's statement cannot be signed just now; its key is away\n"),
    }
}
