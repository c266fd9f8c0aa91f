//! The door for officers-to-be, at an address of its own and without login: a key made elsewhere comes in with a one-time
//! code, and waits for two security officers (ADR 0019). No operation of the API is here.
//!
//! What it must not tell is which codes there are. A code that is none, was used or is too old is one answer, given
//! [`ANSWER_AFTER`] after the request came, as every other is. How often an address may try, and how many may at once, is
//! bounded: each try costs a slow hash.

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::rt::time::{Instant, sleep_until};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use ndoba_registration::Enrolled;
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::guard::{is_json, unknown_path};
use crate::openapi::enrolment_openapi;
use crate::operations::json;
use crate::problem::Problem;
use crate::route::BASE;
use crate::state::{Api, ServerLimits, blocking};
use crate::submission::{LongestBody, Submission};
use crate::tries::{TooMany, Tries, network_of};

/// Every answer to a code is given so long after the request, whatever it is.
const ANSWER_AFTER: Duration = Duration::from_secs(2);
/// Slow hashes, or verifications of requests, at once.
const AT_ONCE: usize = 4;
/// Octets of a body.
const LONGEST: usize = 16 * 1024;

/// What the handlers share.
pub(crate) struct Door {
    api: web::Data<Api>,
    tries: Tries<IpAddr>,
    at_once: Semaphore,
}

/// A key with a one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolmentBody {
    /// The code, as it was handed over.
    code: String,
    /// A request for certification (PKCS#10, PEM) by the new key: ECDSA on P-256 or P-384. Its subject counts for nothing.
    csr: String,
    /// The new key's signature on the acceptance of what the security officers mean, roles and office: flattened JWS with detached
    /// payload, a JSON text. Without it somebody brings it with the grant.
    acceptance: Option<String>,
}

/// A key whose certificate is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolledKeyBody {
    /// A request for certification by the key, as above.
    csr: String,
}

/// The key waits for two security officers.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolledView {
    /// Who its holder will be in the register, if appointed.
    officer: String,
}

/// The certificate for TLS, of the operations CA.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolledCertificateView {
    /// DER, hexadecimal.
    certificate: String,
}

/// Serves the door on a bound listener until it is stopped. Signals are the caller's to handle.
///
/// # Errors
///
/// [`std::io::Error`] when the listener cannot be used.
pub fn serve_enrolment(
    api: Arc<Api>,
    listener: TcpListener,
    tls: ServerConfig,
    limits: ServerLimits,
) -> std::io::Result<Server> {
    let ServerLimits { workers, connections_per_worker, client_timeout, keep_alive, shutdown, .. } = limits;
    let door = web::Data::new(Door {
        api: web::Data::from(api),
        tries: Tries::new(limits.code_tries),
        at_once: Semaphore::new(AT_ONCE),
    });
    let server = HttpServer::new(move || {
        let only = |path: &str, route: actix_web::Route| {
            web::resource(path).route(route).default_service(web::to(other_method))
        };
        App::new()
            .app_data(door.clone())
            .app_data(web::PayloadConfig::new(LONGEST))
            .app_data(LongestBody(LONGEST))
            .service(
                web::scope(BASE)
                    .service(only("/enrolment", web::post().to(enrol)))
                    .service(only("/enrolment/certificate", web::post().to(certificate)))
                    .service(only("/openapi.json", web::get().to(description))),
            )
            .default_service(web::to(unknown_path))
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

/// Presents a key with a one-time code, which is used up by it. Appoints nobody: two security officers compare the key's
/// fingerprint with what its holder tells them, and sign.
#[utoipa::path(post, path = "/enrolment", tag = "enrolment", request_body = EnrolmentBody,
    responses((status = 200, body = EnrolledView)))]
pub(crate) async fn enrol(
    request: HttpRequest,
    door: web::Data<Door>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let came = Instant::now();
    must_be_json(&request)?;
    let EnrolmentBody { code, csr, acceptance } = submission.json()?;
    if let Err(TooMany(seconds)) = door.tries.admit(network_of(&request), came.into_std()) {
        door.api.registration.count_code("enrolment");
        let title = "too many tries from here; ask again later";
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "enrolment.too-many", title);
        return Err(problem.retry_after(seconds));
    }
    let outcome = {
        let _turn = turn(&door).await?;
        blocking(&door.api, move |registration| registration.enrol(&code, &csr, acceptance.as_deref())).await
    };
    sleep_until(came + ANSWER_AFTER).await;
    match outcome? {
        Enrolled::Presented(officer) => {
            Ok(json(StatusCode::OK, &EnrolledView { officer: officer.to_string() }))
        }
        Enrolled::NoMatch => {
            let title = "this code opens nothing: ask a security officer for another";
            Err(Problem::new(StatusCode::FORBIDDEN, "enrolment.no-match", title))
        }
    }
}

/// The operations CA's certificate for a key that was presented, once it has made one.
#[utoipa::path(post, path = "/enrolment/certificate", tag = "enrolment", request_body = EnrolledKeyBody,
    responses((status = 200, body = EnrolledCertificateView)))]
pub(crate) async fn certificate(
    request: HttpRequest,
    door: web::Data<Door>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    must_be_json(&request)?;
    let EnrolledKeyBody { csr } = submission.json()?;
    let _turn = turn(&door).await?;
    let found = blocking(&door.api, move |registration| registration.enrolled_certificate(&csr)).await?;
    Ok(json(StatusCode::OK, &EnrolledCertificateView { certificate: hex::encode(found) }))
}

async fn description() -> HttpResponse {
    HttpResponse::Ok().json(enrolment_openapi())
}

async fn other_method() -> HttpResponse {
    let title = "this path has other methods";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method.not-allowed", title).to_response()
}

fn must_be_json(request: &HttpRequest) -> Result<(), Problem> {
    if is_json(request) {
        return Ok(());
    }
    let title = "the body must be application/json";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.media-type", title))
}

async fn turn(door: &Door) -> Result<tokio::sync::SemaphorePermit<'_>, Problem> {
    // Never closed; should it be, nobody is served.
    let closed = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the service is stopping");
    door.at_once.acquire().await.map_err(closed)
}
