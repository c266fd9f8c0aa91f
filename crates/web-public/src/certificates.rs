//! `GET /certificates/{serial}`: a subscriber's certificate, where the subscriber lets third parties see it (P-14,
//! DIS-6.1-01B). One serial number at a time: nothing is searched, and every other certificate, issued or not, is the same
//! 404. How often a network may ask is bounded.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use ndoba_types::SerialNumber;

use crate::body;

/// RFC 2585 §4.1.
const MEDIA_TYPE: &str = "application/pkix-cert";

/// Whether a certificate may be shown cannot be known now.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it cannot be known now whether a certificate is shown")]
pub struct NotNow;

/// Knows which certificates are shown.
pub trait ShownCertificates: Send + Sync {
    /// Counts a request from this address. Never blocks.
    ///
    /// # Errors
    ///
    /// The seconds after which the next one is answered.
    fn admit(&self, from: IpAddr) -> Result<(), u32>;

    /// The certificate, DER, where third parties may see it. Blocks.
    ///
    /// # Errors
    ///
    /// [`NotNow`].
    fn shown(&self, serial: &SerialNumber) -> Result<Option<Vec<u8>>, NotNow>;
}

pub(crate) fn routes(config: &mut web::ServiceConfig, certificates: Option<Arc<dyn ShownCertificates>>) {
    if let Some(certificates) = certificates {
        let resource = web::resource("/certificates/{serial}").app_data(Data::from(certificates));
        config.service(resource.default_service(web::to(answer)));
    }
}

async fn answer(
    request: HttpRequest,
    serial: Path<String>,
    certificates: Data<dyn ShownCertificates>,
) -> HttpResponse {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return body::method_not_allowed("GET, HEAD");
    }
    // Who is connected; what a header says of it is anybody's word.
    let from = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
    if let Err(seconds) = certificates.admit(from) {
        return HttpResponse::TooManyRequests().insert_header((RETRY_AFTER, seconds)).finish();
    }
    let Ok(serial) = serial.parse::<SerialNumber>() else { return nothing() };
    match web::block(move || certificates.shown(&serial)).await {
        // Consent may be taken back at any moment.
        Ok(Ok(Some(der))) => {
            HttpResponse::Ok().content_type(MEDIA_TYPE).insert_header((CACHE_CONTROL, "no-store")).body(der)
        }
        Ok(Ok(None)) => nothing(),
        Ok(Err(NotNow)) | Err(_) => {
            HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, 5)).finish()
        }
    }
}

fn nothing() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body("no certificate is shown under this serial number\n")
}
