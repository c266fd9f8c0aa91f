//! Certificates: found, shown, downloaded; and the orders about them.

#![expect(unused_qualifications, reason = "the macro for the description writes whole paths")]

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use ndoba_registration::ports::{CertificateFilter, CertificateRecord, OrderKind};
use ndoba_registration::{Officer, ServiceError, StatusRequest};
use ndoba_types::{DeviceModel, SerialNumber, Sha256Digest, UtcTime};
use ndoba_x509::{PemLabel, certs_only_p7c, to_pem};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{json, paging, path_id, query, refused_field};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::{Api, blocking};
use crate::submission::Submission;
use crate::view::{CertificateView, OrderView, PageView};

/// Which certificates.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateListing {
    /// Only of this personal number or identification code, or another identifier as certificates show it.
    subject: Option<String>,
    /// Only with a name that begins so, at least three characters in any letter case; the list then goes by name.
    name: Option<String>,
    /// Only of this profile.
    profile: Option<String>,
    /// Only of the public key with this SHA-256 over its SubjectPublicKeyInfo, hexadecimal.
    key: Option<String>,
    /// Only of keys in this model of qualified device, by the order that made them.
    device: Option<String>,
    /// Only `good`, `suspended` or `revoked`.
    status: Option<String>,
    /// At most this many, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// What `next` of the page before said.
    after: Option<String>,
}

/// What is asked about a certificate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusOrderBody {
    /// `revoke`, `suspend` or `release`.
    kind: String,
    /// For `revoke`: RFC 5280's name, such as `keyCompromise`.
    reason: Option<String>,
    /// When the request reached the provider, RFC 3339; now if absent. The 24 hours run from here (C-100).
    received: Option<String>,
    /// For `revoke`: from when, RFC 3339; at once if absent. The 24 hours then run from here (C-101).
    effective: Option<String>,
    /// `in-person`, `telephone`, `letter`, `electronic`, `authority` or `own-finding`.
    channel: String,
    /// Who asked and how that was checked; kept as evidence.
    note: String,
    /// With `telephone`, and then always: what the caller answered, by the names of the control questions.
    #[serde(default)]
    control: BTreeMap<String, String>,
}

/// Lists certificates, newest first.
#[utoipa::path(get, path = "/certificates", tag = "certificates", params(CertificateListing),
    responses((status = 200, body = PageView<CertificateView>)))]
pub(crate) async fn list(
    Caller(officer): Caller,
    api: web::Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let CertificateListing { subject, name, profile, key, device, status, limit, after } = query(&request)?;
    let page = paging(limit, after)?;
    if status.as_deref().is_some_and(|status| !["good", "suspended", "revoked"].contains(&status)) {
        return Err(Problem::bad_request("query.status", "status must be good, suspended or revoked"));
    }
    let key: Option<Sha256Digest> = key.map(|text| text.parse()).transpose().map_err(|_| {
        Problem::bad_request("query.key", "key must be 64 hexadecimal digits: SHA-256 over a public key")
    })?;
    if name.as_ref().is_some_and(|name| !(3..=200).contains(&name.trim().chars().count())) {
        return Err(Problem::bad_request("query.name", "name must have 3 to 200 characters"));
    }
    let device: Option<DeviceModel> = device.map(|text| text.parse()).transpose().map_err(|error| {
        Problem::bad_request("query.device", format!("device must be a model's name: {error}"))
    })?;
    let filter = CertificateFilter { subject, name, profile, key, device, status, within: None };
    let page = blocking(&api, move |r| {
        let page = r.certificates(&officer, &filter, &page)?;
        Ok(PageView::of(page, |found| CertificateView::of(found, r)))
    })
    .await?;
    Ok(json(StatusCode::OK, &page))
}

/// Shows a certificate's status and clocks. The serial is hexadecimal, with any of the usual separators.
#[utoipa::path(get, path = "/certificates/{serial}", tag = "certificates", params(("serial" = String, Path)),
    responses((status = 200, body = CertificateView)))]
pub(crate) async fn get(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let serial: SerialNumber = path_id(&path, "certificate")?;
    let found =
        blocking(&api, move |r| Ok(CertificateView::of(r.certificate(&officer, &serial)?, r))).await?;
    Ok(json(StatusCode::OK, &found))
}

/// The certificate, PEM.
#[utoipa::path(get, path = "/certificates/{serial}/certificate.pem", tag = "certificates",
    params(("serial" = String, Path)), responses((status = 200, body = String, content_type = "application/pem-certificate-chain")))]
pub(crate) async fn pem(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (_, der) = issued(&api, officer, &path).await?;
    let text = to_pem(PemLabel::Certificate, &der);
    // RFC 8555 §9.1 registers the type for one or more certificates.
    Ok(file("application/pem-certificate-chain", text.into_bytes()))
}

/// The certificate, DER.
#[utoipa::path(get, path = "/certificates/{serial}/certificate.der", tag = "certificates",
    params(("serial" = String, Path)), responses((status = 200, body = Vec<u8>, content_type = "application/pkix-cert")))]
pub(crate) async fn der(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (_, der) = issued(&api, officer, &path).await?;
    Ok(file("application/pkix-cert", der))
}

/// The certificate with its chain, PKCS#7 certs-only, DER.
#[utoipa::path(get, path = "/certificates/{serial}/certificate.p7c", tag = "certificates",
    params(("serial" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pkcs7-mime")))]
pub(crate) async fn p7c(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (record, der) = issued(&api, officer, &path).await?;
    let issuers = api.chains.get(&record.ca).into_iter().flatten();
    let chain: Vec<&[u8]> = [&der].into_iter().chain(issuers).map(Vec::as_slice).collect();
    Ok(file("application/pkcs7-mime; smime-type=certs-only", certs_only_p7c(&chain)))
}

/// Proposes a revocation, suspension or release: an order to be signed.
#[utoipa::path(post, path = "/certificates/{serial}/orders", tag = "certificates", request_body = StatusOrderBody,
    params(("serial" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = OrderView)))]
pub(crate) async fn propose(
    Caller(officer): Caller,
    api: web::Data<Api>,
    path: web::Path<String>,
    submission: Submission,
) -> Result<HttpResponse, Problem> {
    let serial: SerialNumber = path_id(&path, "certificate")?;
    let StatusOrderBody { kind, reason, received, effective, channel, note, control } = submission.json()?;
    let Ok(kind) = kind.parse::<OrderKind>() else {
        return Err(refused_field("/kind", "choice.unknown", "must be revoke, suspend or release"));
    };
    let (received, effective) = (time("/received", received)?, time("/effective", effective)?);
    let request = StatusRequest { kind, reason, received, effective, channel, note, control };
    let order =
        blocking(&api, move |r| r.propose(&officer, &serial, &request, submission.once.as_ref())).await?;
    Ok(json(StatusCode::CREATED, &OrderView::from(order)))
}

pub(super) fn time(field: &str, text: Option<String>) -> Result<Option<UtcTime>, Problem> {
    let wrong = |_| refused_field(field, "time.form", "must be RFC 3339, such as 2026-11-23T12:00:00Z");
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

async fn find(api: &web::Data<Api>, officer: Officer, serial: &str) -> Result<CertificateRecord, Problem> {
    let serial: SerialNumber = path_id(serial, "certificate")?;
    blocking(api, move |r| r.certificate(&officer, &serial)).await
}

/// The record and the bytes; a certificate whose signature was lost has none to give.
async fn issued(
    api: &web::Data<Api>,
    officer: Officer,
    serial: &str,
) -> Result<(CertificateRecord, Vec<u8>), Problem> {
    let mut record = find(api, officer, serial).await?;
    let der = record.der.take().ok_or(ServiceError::Unknown { what: "certificate" })?;
    Ok((record, der))
}

fn file(kind: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type(kind).insert_header((header::CACHE_CONTROL, "no-store")).body(bytes)
}
