//! The gate before every operation: known route, known officer, permission, media type; in this order.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, web};
use ndoba_registration::{Officer, RegisterSight};

use crate::peer::PeerKey;
use crate::problem::Problem;
use crate::route::{Lookup, look_up};
use crate::state::{Api, blocking};

/// The officer who sent the request, as the register knows them now. Only the gate makes one.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) Officer);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        std::future::ready(caller.ok_or_else(nobody))
    }
}

/// How the register was seen when the officer was let in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight(pub(crate) RegisterSight);

impl FromRequest for Sight {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let sight = request.extensions().get::<Self>().copied();
        std::future::ready(sight.ok_or_else(nobody))
    }
}

/// Middleware around the API.
pub(crate) async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let route = match look_up(request.method(), request.path()) {
        Lookup::Found(route) => route,
        Lookup::OtherMethods(allow) => {
            let problem = Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method.not-allowed",
                "this path has other methods",
            );
            return Err(problem.allow(allow).into());
        }
        Lookup::Nothing => {
            return Err(no_operation().into());
        }
    };
    let Some(PeerKey(key)) = peer(&request) else { return Err(nobody().into()) };
    let Some(api) = request.app_data::<web::Data<Api>>().cloned() else {
        return Err(
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the API is not set up").into()
        );
    };
    let (officer, sight) = blocking(&api, move |registration| {
        if route.in_outage {
            return registration.authenticate_in_outage(key, route.permission);
        }
        let officer = registration.authenticate(key)?;
        registration.admit(&officer, route.permission)?;
        Ok((officer, RegisterSight::Current))
    })
    .await?;
    if matches!(route.method, "POST" | "PUT") && !is_json(request.request()) {
        let title = "the body must be application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.media-type", title).into());
    }
    if matches!(route.method, "POST" | "PUT") && !is_same_origin(request.request()) {
        let title = "a page of another origin must not change anything here";
        return Err(Problem::new(StatusCode::FORBIDDEN, "origin.foreign", title).into());
    }
    request.extensions_mut().insert(Sight(sight));
    request.extensions_mut().insert(Caller(officer));
    next.call(request).await
}

fn peer(request: &ServiceRequest) -> Option<PeerKey> {
    request.request().conn_data::<PeerKey>().copied()
}

fn nobody() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "auth.no-certificate", "an officer's certificate is needed")
}

/// JSON only, so that no form of a foreign web page can send anything (design §12).
pub(crate) fn is_json(request: &HttpRequest) -> bool {
    let Some(value) = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| parameter.eq_ignore_ascii_case("charset=utf-8"))
}

/// Whether the request comes from a program, or from a page that this very server gave (Fetch standard: `Origin` goes with
/// every request that may change something; a browser's page cannot leave it out or choose it).
fn is_same_origin(request: &HttpRequest) -> bool {
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    // HTTP/2 has no Host: its pseudo-header is the URI's authority.
    let authority = request.uri().authority().map(actix_web::http::uri::Authority::as_str);
    let host = text("host").or(authority).unwrap_or_default();
    let origin = text("origin").is_none_or(|origin| origin.strip_prefix("https://") == Some(host));
    site && origin
}

/// Outside the API there is nothing here.
pub(crate) async fn unknown_path() -> HttpResponse {
    no_operation().to_response()
}

fn no_operation() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "path.unknown", "there is no such operation")
}
