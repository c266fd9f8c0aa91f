//! The gate before every operation: known route, known officer, permission, media type; in this order.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError as _, web};
use ndoba_registration::{Officer, RegisterSight};

use crate::login::{Login, Logins};
use crate::peer::PeerKey;
use crate::problem::Problem;
use crate::route::{Lookup, Route, look_up};
use crate::state::{Api, blocking};
use crate::tries::network_of;

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

/// Middleware around the API. What is refused to an officer, here or behind it, is in the log.
pub(crate) async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(PeerKey(key)) = peer(&request) else { return Err(nobody().into()) };
    let (api, logins) = (request.app_data::<web::Data<Api>>(), request.app_data::<web::Data<Logins>>());
    let (Some(api), Some(logins)) = (api.cloned(), logins.cloned()) else {
        return Err(
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the API is not set up").into()
        );
    };
    let login = Login { key, network: network_of(request.request()) };
    let route = match look_up(request.method(), request.path()) {
        Lookup::Found(route) => route,
        Lookup::OtherMethods(allow) => {
            let title = "this path has other methods";
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method.not-allowed", title);
            return Err(nowhere(&api, &logins, login, problem.allow(allow)).await.into());
        }
        Lookup::Nothing => return Err(nowhere(&api, &logins, login, no_operation()).await.into()),
    };
    let (officer, sight) = logins
        .guard(&api, login, move |registration| {
            if route.in_outage {
                return registration.authenticate_in_outage(key, route.permission);
            }
            let officer = registration.authenticate(key)?;
            registration.admit(&officer, route.permission)?;
            Ok((officer, RegisterSight::Current))
        })
        .await?;
    let answer = match form(route, request.request()) {
        Ok(()) => {
            request.extensions_mut().insert(Sight(sight));
            request.extensions_mut().insert(Caller(officer.clone()));
            next.call(request).await
        }
        Err(problem) => Err(problem.into()),
    };
    let problem = match &answer {
        Ok(response) => response.response().error().and_then(|error| error.as_error::<Problem>()),
        Err(error) => error.as_error::<Problem>(),
    };
    if let Some(problem) = problem.filter(|problem| problem.status_code().is_client_error()) {
        note(&api, officer, route.name(), problem.code().to_owned()).await;
    }
    answer
}

/// What is no operation is that for everybody; that an officer looked for it is noted.
async fn nowhere(
    api: &web::Data<Api>,
    logins: &web::Data<Logins>,
    login: Login,
    problem: Problem,
) -> Problem {
    if let Ok(officer) = logins.guard(api, login, move |r| r.authenticate(login.key)).await {
        note(api, officer, "no-operation".into(), problem.code().to_owned()).await;
    }
    problem
}

async fn note(api: &web::Data<Api>, officer: Officer, operation: String, code: String) {
    let noted = blocking(api, move |registration| {
        registration.note_refused(&officer, &operation, &code);
        Ok(())
    });
    // Not while the process stops; what was refused stays refused.
    drop(noted.await);
}

/// Whether the request has the form that changes anything.
fn form(route: Route, request: &HttpRequest) -> Result<(), Problem> {
    if !matches!(route.method, "POST" | "PUT") {
        return Ok(());
    }
    if !is_json(request) {
        let title = "the body must be application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.media-type", title));
    }
    if !is_same_origin(request) {
        let title = "a page of another origin must not change anything here";
        return Err(Problem::new(StatusCode::FORBIDDEN, "origin.foreign", title));
    }
    Ok(())
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
