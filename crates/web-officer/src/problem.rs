//! Problem documents (RFC 9457): every answer that is not a success.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use ndoba_registration::{FieldError, ServiceError};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem, with what goes into the answer's head beside the document.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    document: ProblemDocument,
    /// Seconds after which asking again makes sense.
    retry_after: Option<u32>,
    /// The methods that a 405 allows.
    allow: Option<String>,
}

/// A problem document. `code` is stable: programs decide by it, never by the texts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// `urn:ndoba:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status again.
    pub status: u16,
    /// Stable code such as `application.invalid`.
    pub code: String,
    /// What happened, for people.
    pub title: String,
    /// The clause behind the refusal, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// The fields that are refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
}

/// A refused field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON pointer into the request's body.
    pub field: String,
    /// Stable code.
    pub code: String,
    /// The clause behind the rule, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// What would be right.
    pub message: String,
}

impl Problem {
    /// A problem of `status` with a stable code and a sentence.
    pub fn new(status: StatusCode, code: &str, title: impl Into<String>) -> Self {
        let document = ProblemDocument {
            kind: format!("urn:ndoba:problem:{code}"),
            status: status.as_u16(),
            code: code.into(),
            title: title.into(),
            clause: None,
            errors: Vec::new(),
        };
        Self(Box::new(Parts { document, retry_after: None, allow: None }))
    }

    /// A 400 without fields.
    pub(crate) fn bad_request(code: &str, title: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, title)
    }

    /// A 422 that names fields.
    pub(crate) fn fields(title: impl Into<String>, errors: Vec<ProblemField>) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "request.invalid", title);
        problem.0.document.errors = errors;
        problem
    }

    /// The same with the clause behind it.
    #[must_use]
    pub(crate) fn clause(mut self, clause: &str) -> Self {
        self.0.document.clause = Some(clause.into());
        self
    }

    /// The same with a `Retry-After`.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// The same with an `Allow`.
    #[must_use]
    pub(crate) fn allow(mut self, methods: String) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// The document.
    pub fn document(&self) -> &ProblemDocument {
        &self.0.document
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.0.document.code
    }

    /// The answer.
    pub fn to_response(&self) -> HttpResponse {
        let Parts { document, retry_after, allow } = &*self.0;
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json").insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(allow) = allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            response.insert_header((header::ALLOW, allow));
        }
        response.body(serde_json::to_string(document).unwrap_or_default())
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.0.document.title, self.0.document.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.to_response()
    }
}

impl From<FieldError> for ProblemField {
    fn from(error: FieldError) -> Self {
        let FieldError { field, code, clause, message } = error;
        Self { field, code: code.into(), clause: clause.map(Into::into), message }
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let title = error.to_string();
        match error {
            ServiceError::Invalid(errors) => {
                Self::fields(title, errors.into_iter().map(Into::into).collect())
            }
            ServiceError::NotAnOfficer => Self::new(StatusCode::FORBIDDEN, "auth.not-an-officer", title),
            ServiceError::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "auth.role", title),
            ServiceError::Separation(rule) => {
                Self::new(StatusCode::FORBIDDEN, rule.code(), title).clause(rule.clause())
            }
            ServiceError::Unknown { what } => {
                Self::new(StatusCode::NOT_FOUND, &format!("{what}.unknown"), title)
            }
            // RFC 9110 §13.1.1: what If-Match named is not what there is.
            ServiceError::Conflict { code: code @ "version.other", .. } => {
                Self::new(StatusCode::PRECONDITION_FAILED, code, title)
            }
            ServiceError::Conflict { code, .. } => Self::new(StatusCode::CONFLICT, code, title),
            ServiceError::KeyReused => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency.key-reused", title)
            }
            ServiceError::NotKept(source) => {
                tracing::error!(error = %chain(source.as_ref()), "a status order could not be kept anywhere");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "request.not-kept", title).retry_after(30)
            }
            ServiceError::Unavailable(source) => {
                tracing::warn!(error = %chain(source.as_ref()), "the database did not answer an officer");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database.unavailable", title).retry_after(5)
            }
            ServiceError::Locked => {
                tracing::warn!("an officer was told that records are locked: the data key's token is away");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "records.locked", title).retry_after(5)
            }
            ServiceError::Internal { what, source } => {
                let source = source.map(|source| chain(source.as_ref())).unwrap_or_default();
                tracing::error!(%what, error = %source, "an internal fault answered to an officer");
                // The peer learns nothing of our inside.
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "an internal fault; it was logged")
            }
        }
    }
}

/// The error and its causes in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
