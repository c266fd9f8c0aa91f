//! The API's description, generated from the handlers and the types.

use actix_web::HttpResponse;
use ndoba_registration::application::ApplicationContent;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

use crate::guard::Caller;
use crate::operations::{applications, audit, certificates, orders, own, register, status_orders};
use crate::problem::ProblemDocument;
use crate::route::BASE;

#[derive(OpenApi)]
#[openapi(
    info(title = "Ndoba registration API", description = "For officers, over mutual TLS."),
    paths(
        own::whoami,
        own::profiles,
        applications::open,
        applications::list,
        applications::get,
        applications::edit,
        applications::freeze,
        applications::withdraw,
        applications::deliver,
        applications::send_back,
        applications::reject,
        orders::decline,
        orders::get,
        orders::sign,
        certificates::list,
        certificates::get,
        certificates::pem,
        certificates::der,
        certificates::p7c,
        certificates::propose,
        status_orders::draft,
        status_orders::hand_in,
        register::officers,
        register::grants,
        register::draft,
        register::append,
        audit::export
    ),
    components(schemas(ProblemDocument, ApplicationContent))
)]
struct Description;

/// The OpenAPI 3.1 document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Description::openapi();
    let mut paths = std::mem::take(&mut document.paths.paths);
    for item in paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put];
        operations.into_iter().flatten().for_each(complete);
    }
    document.paths.paths = paths.into_iter().map(|(path, item)| (format!("{BASE}{path}"), item)).collect();
    let scheme = SecurityScheme::MutualTls {
        description: Some(MUTUAL_TLS.into()),
        extensions: None,
        deprecated: None,
    };
    if let Some(components) = &mut document.components {
        components.add_security_scheme("officer", scheme);
    }
    document
}

/// What is the same for every operation: problem documents, and who may call it.
fn complete(operation: &mut Operation) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    let refusal = ResponseBuilder::new()
        .description("A problem document (RFC 9457): `code` is stable")
        .content("application/problem+json", problem)
        .build();
    operation.responses.responses.insert("default".into(), RefOr::T(refusal));
    let nothing: [String; 0] = [];
    operation.security = Some(vec![SecurityRequirement::new("officer", nothing)]);
}

/// The description itself, for any officer.
pub(crate) async fn serve(_: Caller) -> HttpResponse {
    HttpResponse::Ok().json(openapi())
}

const MUTUAL_TLS: &str =
    "A client certificate of the operations CA, whose key the register of officers knows.";
