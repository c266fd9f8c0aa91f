//! The API's description, generated from the handlers and the types.

use actix_web::HttpResponse;
use ndoba_registration::application::ApplicationContent;
use serde_json::{Map, Value};
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

use crate::enrolment;
use crate::guard::Caller;
use crate::operations::{
    agreements, applications, attachments, audit, certificates, copies, desk, enrolments, orders, own,
    publication, register, status_orders, subjects,
};
use crate::problem::ProblemDocument;
use crate::route::BASE;

#[derive(OpenApi)]
#[openapi(
    info(title = "Ndoba registration API", description = "For officers, over mutual TLS."),
    paths(
        own::whoami,
        own::profiles,
        own::form,
        applications::open,
        applications::list,
        applications::get,
        applications::edit,
        agreements::document,
        agreements::agree,
        copies::attach,
        copies::fetch,
        attachments::attach,
        attachments::fetch,
        attachments::detach,
        applications::freeze,
        applications::withdraw,
        applications::deliver,
        applications::accept,
        applications::renew,
        applications::send_back,
        applications::reject,
        subjects::record,
        publication::get,
        publication::consent,
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
        desk::control_questions,
        desk::give_code,
        desk::list,
        desk::confirm,
        register::officers,
        register::grants,
        register::draft,
        register::append,
        audit::export,
        audit::signed,
        enrolments::open,
        enrolments::list
    ),
    components(schemas(ProblemDocument, ApplicationContent))
)]
struct Description;

/// The OpenAPI 3.1 document.
pub fn openapi() -> Value {
    let mut document = serde_json::to_value(described()).unwrap_or_default();
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        let known = schemas.clone();
        for choice in
            schemas.values_mut().filter_map(|schema| schema.get_mut("oneOf")?.as_array_mut()).flatten()
        {
            if let Some(whole) = put_together(choice, &known) {
                *choice = whole;
            }
        }
    }
    document
}

/// A choice that is told by a member of its own: the schema of the rest forbids every member that it does not name, so
/// that beside it in `allOf` nothing could be valid. Both are written as one.
fn put_together(choice: &Value, known: &Map<String, Value>) -> Option<Value> {
    let [rest, told] = choice.get("allOf")?.as_array()?.as_slice() else { return None };
    let name = rest.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")?;
    let mut whole = known.get(name)?.clone();
    for (member, schema) in told.get("properties")?.as_object()? {
        whole.get_mut("properties")?.as_object_mut()?.insert(member.clone(), schema.clone());
        match whole.get_mut("required").and_then(Value::as_array_mut) {
            Some(required) => required.push(member.clone().into()),
            None => whole["required"] = vec![member.clone()].into(),
        }
    }
    Some(whole)
}

fn described() -> utoipa::openapi::OpenApi {
    let mut document = Description::openapi();
    let mut paths = std::mem::take(&mut document.paths.paths);
    for item in paths.values_mut() {
        let operations = [(&mut item.get, READS), (&mut item.post, CHANGES), (&mut item.put, CHANGES)];
        for (operation, refusals) in operations {
            if let Some(operation) = operation {
                let names = operation.parameters.iter().flatten();
                let matched =
                    names.into_iter().any(|one| matches!(one, RefOr::T(one) if one.name == "If-Match"));
                complete(operation, if matched { REPLACES } else { refusals });
            }
        }
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

/// For who has logged in with what is no officer's key too often.
const TOO_MANY: (&str, &str) = (
    "429",
    "Too many logins were refused to this key or from this network; ask again after `Retry-After` seconds",
);
/// What an operation that reads may answer beside its success.
const READS: &[(&str, &str)] = &[
    ("400", "The query is not understood"),
    ("403", "Not for this officer"),
    ("404", "There is no such thing, or none that this officer may know of"),
    TOO_MANY,
    ("503", "Nothing was done; ask again after `Retry-After` seconds"),
];
/// The same for one that changes something.
const CHANGES: &[(&str, &str)] = &[
    ("400", "The body is not JSON, or a header is not understood"),
    ("403", "Not for this officer"),
    ("404", "There is no such thing, or none that this officer may know of"),
    ("409", "Not in the state that this needs; read it again"),
    ("413", "The body is too long"),
    ("415", "The body must be application/json"),
    ("422", "The body breaks a rule; `errors` names the fields"),
    TOO_MANY,
    ("503", "What the document says was done or not; ask again after `Retry-After` seconds"),
];
/// The same for one that changes what `If-Match` may name.
const REPLACES: &[(&str, &str)] = &[
    ("400", "The body is not JSON, or a header is not understood"),
    ("403", "Not for this officer"),
    ("404", "There is no such thing, or none that this officer may know of"),
    ("409", "Not in the state that this needs; read it again"),
    ("412", "It is another version than `If-Match` named"),
    ("413", "The body is too long"),
    ("415", "The body must be application/json"),
    ("422", "The body breaks a rule; `errors` names the fields"),
    TOO_MANY,
    ("503", "What the document says was done or not; ask again after `Retry-After` seconds"),
];

/// What is the same for every operation: problem documents, and who may call it. A 500 is none of them: it is our fault.
fn complete(operation: &mut Operation, refusals: &[(&str, &str)]) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    for (status, when) in refusals {
        let refusal = ResponseBuilder::new()
            .description(format!("{when}. A problem document (RFC 9457): `code` is stable"))
            .content("application/problem+json", problem.clone())
            .build();
        operation.responses.responses.insert((*status).into(), RefOr::T(refusal));
    }
    let nothing: [String; 0] = [];
    operation.security = Some(vec![SecurityRequirement::new("officer", nothing)]);
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ndoba enrolment",
        description = "For officers-to-be, without login, at an address of its own."
    ),
    paths(enrolment::enrol, enrolment::certificate),
    components(schemas(ProblemDocument))
)]
struct EnrolmentDescription;

/// What the door for officers-to-be may answer beside its success.
const AT_THE_DOOR: &[(&str, &str)] = &[
    ("400", "The body is not JSON, or a header is not understood"),
    ("403", "The code opens nothing"),
    ("404", "There is no certificate, or not yet"),
    ("413", "The body is too long"),
    ("415", "The body must be application/json"),
    ("422", "The body breaks a rule; `errors` names the fields"),
    ("429", "Too many tries from there; ask again after `Retry-After` seconds"),
    ("503", "Nothing was done; ask again after `Retry-After` seconds"),
];

/// The OpenAPI 3.1 document of the door for officers-to-be.
pub fn enrolment_openapi() -> Value {
    let mut document = EnrolmentDescription::openapi();
    let mut paths = std::mem::take(&mut document.paths.paths);
    for operation in paths.values_mut().filter_map(|item| item.post.as_mut()) {
        complete(operation, AT_THE_DOOR);
        operation.security = None;
    }
    document.paths.paths = paths.into_iter().map(|(path, item)| (format!("{BASE}{path}"), item)).collect();
    serde_json::to_value(document).unwrap_or_default()
}

/// The description itself, for any officer.
pub(crate) async fn serve(_: Caller) -> HttpResponse {
    HttpResponse::Ok().json(openapi())
}

const MUTUAL_TLS: &str =
    "A client certificate of the operations CA, whose key the register of officers knows.";
