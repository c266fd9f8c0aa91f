//! `/revocation`: the page for subscribers, without login, in Georgian and English (design §12).
//!
//! What it must not tell is who has a certificate. Whoever asks gets one of two pages, and gets it [`ANSWER_AFTER`] after
//! the request came: a certificate that is not there, a wrong code and what is no code at all are one answer. How often an
//! address may ask, and how many may ask at once, is bounded: each try costs a slow hash.

mod page;

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::rt::time::{Instant, sleep_until};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use ndoba_registration::ByCode;
use rustls::ServerConfig;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::state::{Api, ServerLimits, blocking};
use crate::tries::{TooMany, Tries, network_of};
use page::{Language, Outcome};

/// Every answer to a code is given so long after the request, whatever it is.
const ANSWER_AFTER: Duration = Duration::from_secs(2);
/// Slow hashes at once.
const AT_ONCE: usize = 4;
/// Octets of a form.
const LONGEST: usize = 2048;
/// Where the page is.
const PATH: &str = "/revocation";

/// What the page's handlers share.
struct Desk {
    api: web::Data<Api>,
    tries: Tries<IpAddr>,
    at_once: Semaphore,
}

/// What a subscriber types.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    /// The certificate's serial number, or the personal number or identification code of its subject.
    who: String,
    /// The revocation code.
    code: String,
    /// `ka` or `en`.
    #[serde(default)]
    lang: String,
}

/// Serves the page on a bound listener until it is stopped. Signals are the caller's to handle.
///
/// # Errors
///
/// [`std::io::Error`] when the listener cannot be used.
pub fn serve_subscribers(
    api: Arc<Api>,
    listener: TcpListener,
    tls: ServerConfig,
    limits: ServerLimits,
) -> std::io::Result<Server> {
    let ServerLimits { workers, connections_per_worker, client_timeout, keep_alive, shutdown, .. } = limits;
    let desk = web::Data::new(Desk {
        api: web::Data::from(api),
        tries: Tries::new(limits.code_tries),
        at_once: Semaphore::new(AT_ONCE),
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(desk.clone())
            .app_data(web::FormConfig::default().limit(LONGEST).error_handler(|error, request| {
                let language = language(request, "");
                let answer = page(StatusCode::BAD_REQUEST, language, Outcome::NotUnderstood);
                actix_web::error::InternalError::from_response(error, answer).into()
            }))
            .service(
                web::resource(PATH)
                    .route(web::get().to(show))
                    .route(web::head().to(show))
                    .route(web::post().to(suspend)),
            )
            .route("/revocation.css", web::get().to(style))
            .default_service(web::to(nothing))
    })
    .disable_signals()
    .workers(workers)
    .max_connections(connections_per_worker)
    .client_request_timeout(client_timeout)
    .keep_alive(keep_alive)
    .shutdown_timeout(shutdown.as_secs())
    .listen_rustls_0_23(listener, tls)?
    .run();
    Ok(server)
}

async fn show(request: HttpRequest) -> HttpResponse {
    page(
        StatusCode::OK,
        language(&request, request.query_string().trim_start_matches("lang=")),
        Outcome::Asked,
    )
}

async fn suspend(request: HttpRequest, desk: web::Data<Desk>, form: web::Form<Form>) -> HttpResponse {
    let came = Instant::now();
    let Form { who, code, lang } = form.into_inner();
    let language = language(&request, &lang);
    if let Err(TooMany(seconds)) = desk.tries.admit(network_of(&request), came.into_std()) {
        desk.api.registration.count_code("revocation");
        let mut answer = page(StatusCode::TOO_MANY_REQUESTS, language, Outcome::TooMany);
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        return answer;
    }
    let outcome = match desk.at_once.acquire().await {
        Ok(_turn) => blocking(&desk.api, move |registration| registration.suspend_by_code(&who, &code)).await,
        // Never closed; should it be, nobody is served.
        Err(_) => return page(StatusCode::SERVICE_UNAVAILABLE, language, Outcome::Closed),
    };
    let (status, outcome) = match outcome {
        Ok(ByCode::Already | ByCode::Ordered(_)) => (StatusCode::OK, Outcome::Done),
        Ok(ByCode::NoMatch) => (StatusCode::FORBIDDEN, Outcome::NoMatch),
        // For what reason it is logged, not told.
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Outcome::Closed),
    };
    sleep_until(came + ANSWER_AFTER).await;
    page(status, language, outcome)
}

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "max-age=3600"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(page::STYLE)
}

async fn nothing(request: HttpRequest) -> HttpResponse {
    page(StatusCode::NOT_FOUND, language(&request, ""), Outcome::Asked)
}

/// No page of ours runs a script, is framed, is kept, or tells the next one where its reader was.
fn page(status: StatusCode, language: Language, outcome: Outcome) -> HttpResponse {
    const POLICY: &str =
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"))
        .insert_header((header::CONTENT_LANGUAGE, language.code()))
        .body(page::html(language, outcome))
}

/// As asked for, else as the browser prefers, else Georgian.
fn language(request: &HttpRequest, asked: &str) -> Language {
    match asked {
        "en" => Language::English,
        "ka" => Language::Georgian,
        _ => preferred(request.headers()),
    }
}

fn preferred(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let first =
        accepted.into_iter().flat_map(|text| text.split(',')).find_map(|one| match one.trim().get(..2) {
            Some("en") => Some(Language::English),
            Some("ka") => Some(Language::Georgian),
            Some(_) | None => None,
        });
    first.unwrap_or(Language::Georgian)
}
