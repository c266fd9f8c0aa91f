//! The server: TLS in front, the gate, the operations.

use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use rustls::ServerConfig;

use crate::guard::{gate, unknown_path};
use crate::login::Logins;
use crate::openapi;
use crate::operations::{
    agreements, applications, attachments, audit, certificates, copies, desk, enrolments, orders, own,
    publication, register, status_orders, subjects,
};
use crate::peer::note_peer;
use crate::route::BASE;
use crate::state::{Api, ServerLimits};
use crate::submission::LongestBody;

/// Serves the API on a bound listener until it is stopped. Signals are the caller's to handle.
///
/// # Errors
///
/// [`std::io::Error`] when the listener cannot be used.
pub fn serve(
    api: Arc<Api>,
    listener: TcpListener,
    tls: ServerConfig,
    limits: ServerLimits,
) -> std::io::Result<Server> {
    let ServerLimits { workers, connections_per_worker, client_timeout, keep_alive, shutdown, .. } = limits;
    let data = web::Data::from(api);
    let logins = web::Data::new(Logins::new(limits.refused_logins));
    let app = move || App::new().configure(|app| configure(app, data.clone(), logins.clone()));
    let server = HttpServer::new(app)
        .on_connect(note_peer)
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

/// The routes of the API, each behind the gate.
fn configure(app: &mut web::ServiceConfig, api: web::Data<Api>, logins: web::Data<Logins>) {
    let scope = web::scope(BASE)
        .wrap(from_fn(gate))
        .route("/openapi.json", web::get().to(openapi::serve))
        .route("/whoami", web::get().to(own::whoami))
        .route("/profiles", web::get().to(own::profiles))
        .route("/profiles/{name}/form", web::get().to(own::form))
        .service(
            web::resource("/applications")
                .route(web::get().to(applications::list))
                .route(web::post().to(applications::open)),
        )
        .service(
            web::resource("/applications/{id}")
                .route(web::get().to(applications::get))
                .route(web::put().to(applications::edit)),
        )
        .route("/applications/{id}/agreement.pdf", web::get().to(agreements::document))
        .route("/applications/{id}/agreement", web::post().to(agreements::agree))
        .service(
            web::resource("/applications/{id}/agreement/copy")
                .app_data(web::PayloadConfig::new(copies::LONGEST_BODY))
                .app_data(LongestBody(copies::LONGEST_BODY))
                .route(web::get().to(copies::fetch))
                .route(web::post().to(copies::attach)),
        )
        .service(
            web::resource("/applications/{id}/attachments")
                .app_data(web::PayloadConfig::new(copies::LONGEST_BODY))
                .app_data(LongestBody(copies::LONGEST_BODY))
                .route(web::post().to(attachments::attach)),
        )
        .route("/applications/{id}/attachments/{sha256}", web::get().to(attachments::fetch))
        .route("/applications/{id}/attachments/{sha256}/detach", web::post().to(attachments::detach))
        .route("/applications/{id}/order", web::post().to(applications::freeze))
        .route("/applications/{id}/withdraw", web::post().to(applications::withdraw))
        .route("/applications/{id}/deliver", web::post().to(applications::deliver))
        .route("/applications/{id}/accept", web::post().to(applications::accept))
        .route("/applications/{id}/return", web::post().to(applications::send_back))
        .route("/applications/{id}/reject", web::post().to(applications::reject))
        .route("/subjects/{identifier}/record", web::get().to(subjects::record))
        .route("/orders/{id}", web::get().to(orders::get))
        .route("/orders/{id}/confirm", web::post().to(desk::confirm))
        .route("/orders/{id}/decline", web::post().to(orders::decline))
        .route("/orders/{id}/signatures", web::post().to(orders::sign))
        .route("/certificates", web::get().to(certificates::list))
        .route("/certificates/{serial}", web::get().to(certificates::get))
        .route("/certificates/{serial}/certificate.pem", web::get().to(certificates::pem))
        .route("/certificates/{serial}/certificate.der", web::get().to(certificates::der))
        .route("/certificates/{serial}/certificate.p7c", web::get().to(certificates::p7c))
        .route("/certificates/{serial}/orders", web::post().to(certificates::propose))
        .route("/status-orders", web::post().to(status_orders::hand_in))
        .route("/status-orders/draft", web::post().to(status_orders::draft))
        .route("/certificates/{serial}/control-questions", web::get().to(desk::control_questions))
        .service(
            web::resource("/certificates/{serial}/publication")
                .route(web::get().to(publication::get))
                .route(web::post().to(publication::consent)),
        )
        .route("/certificates/{serial}/revocation-code", web::post().to(desk::give_code))
        .route("/requests", web::get().to(desk::list))
        .route("/certificates/{serial}/renewal", web::post().to(applications::renew))
        .route("/officers", web::get().to(register::officers))
        .service(
            web::resource("/grants")
                .route(web::get().to(register::grants))
                .route(web::post().to(register::append)),
        )
        .route("/grants/draft", web::post().to(register::draft))
        .service(
            web::resource("/enrolments")
                .route(web::get().to(enrolments::list))
                .route(web::post().to(enrolments::open)),
        )
        .route("/audit/export", web::get().to(audit::export))
        .route("/audit/signed", web::get().to(audit::signed));
    app.app_data(web::PayloadConfig::new(api.longest_body))
        .app_data(LongestBody(api.longest_body))
        .app_data(api)
        .app_data(logins)
        .service(scope)
        .default_service(web::to(unknown_path));
}
