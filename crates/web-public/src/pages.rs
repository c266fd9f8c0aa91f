//! Pages for people who open our addresses in a browser.

use actix_web::http::Method;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use ndoba_types::CaName;

use crate::body;

/// The page at `/pki` and `/`.
pub(crate) struct Page(String);

pub(crate) fn routes(config: &mut web::ServiceConfig, authorities: &[CaName]) {
    config
        .app_data(Data::new(Page(render(authorities))))
        .service(web::resource("/pki").default_service(web::to(show)))
        .service(web::resource("/").default_service(web::to(show)));
}

pub(crate) async fn show(request: HttpRequest, page: Data<Page>) -> HttpResponse {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return body::method_not_allowed("GET, HEAD");
    }
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Frame-Options", "DENY"))
        .insert_header(("Cache-Control", "public,max-age=300"))
        .body(page.0.clone())
}

/// A CA's name needs no escaping: letters, digits and hyphens.
fn render(authorities: &[CaName]) -> String {
    let rows: String = authorities
        .iter()
        .map(|ca| {
            format!(
                "<tr><td>{ca}</td><td><a href=\"/issuer/{ca}.cer\">/issuer/{ca}.cer</a></td>\
                 <td><a href=\"/crl/{ca}.crl\">/crl/{ca}.crl</a></td></tr>\n"
            )
        })
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"ka\">\n<head><meta charset=\"utf-8\"><title>PKI</title></head>\n<body>\n\
         <h1>სერტიფიკატების შემოწმება</h1>\n\
         <p>აქ გამოქვეყნებულია გამცემების სერტიფიკატები და გაუქმებული სერტიფიკატების სიები.</p>\n\
         <h1 lang=\"en\">Checking certificates</h1>\n\
         <p lang=\"en\">Issuer certificates and revocation lists are published here. Certificate status is answered \
         at <code>/ocsp</code> (RFC 6960), time-stamps are made at <code>/tsa</code> (RFC 3161).</p>\n\
         <table>\n<tr><th>CA</th><th>Certificate</th><th>CRL</th></tr>\n{rows}</table>\n\
         <p lang=\"en\">With openssl: <code>openssl ocsp -issuer issuer.pem -cert certificate.pem \
         -url &lt;this address&gt;/ocsp -CAfile root.pem</code></p>\n\
         <p><a href=\"/audit/checkpoint\">/audit/checkpoint</a></p>\n</body>\n</html>\n"
    )
}
