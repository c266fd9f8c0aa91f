//! A request's body with its idempotency key.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};
use ndoba_registration::Once;
use ndoba_types::Sha256Digest;
use serde::de::DeserializeOwned;

use crate::problem::{Problem, ProblemField};

/// The most octets of a body, where it is sent: to be told to who sent more.
#[derive(Clone, Copy)]
pub(crate) struct LongestBody(pub(crate) usize);

/// A body whose media type the gate has seen.
pub(crate) struct Submission {
    bytes: web::Bytes,
    /// The idempotency key with what it stands for.
    pub(crate) once: Option<Once>,
}

impl Submission {
    /// Reads the body as `T`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.bytes).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                // serde names the member and the place, never the value's surroundings.
                let field = ProblemField {
                    field: String::new(),
                    code: "json.structure".into(),
                    clause: None,
                    message: format!(
                        "at line {}, column {}: {}",
                        error.line(),
                        error.column(),
                        without_values(&error)
                    ),
                };
                Problem::fields("the body has another structure", vec![field])
            }
            serde_json::error::Category::Eof
            | serde_json::error::Category::Io
            | serde_json::error::Category::Syntax => {
                Problem::bad_request("json.malformed", "the body is not JSON")
            }
        })
    }
}

impl FromRequest for Submission {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let key = idempotency_key(request);
        let what = format!("{} {}\n", request.method(), request.path());
        let longest = request.app_data::<LongestBody>().map_or(0, |body| body.0);
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            let key = key?;
            let bytes = bytes.await.map_err(|error| match error.as_error::<PayloadError>() {
                Some(PayloadError::Overflow) => {
                    let title = format!("the body is longer than {longest} octets");
                    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body.too-large", title)
                }
                Some(_) | None => Problem::bad_request("body.incomplete", "the body did not arrive whole"),
            })?;
            let once = key
                .map(|key| Once { key, request: Sha256Digest::of(&[what.as_bytes(), &bytes[..]].concat()) });
            Ok(Self { bytes, once })
        })
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut values = request.headers().get_all("idempotency-key");
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    let fits = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits || values.next().is_some() {
        let title = "Idempotency-Key must be one value of 1 to 255 visible ASCII characters";
        return Err(Problem::bad_request("idempotency.key", title));
    }
    Ok(Some(key.to_owned()))
}

/// serde's message about a value quotes it (`invalid type: string "…"`); what was entered is not repeated.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match text.split_once("invalid type") {
        Some(_) => match text.rsplit_once("expected ") {
            Some((_, expected)) => format!("expected {expected}"),
            None => "a value of another type is expected".into(),
        },
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only parsed")]
    struct Wanted {
        number: u32,
    }

    #[test]
    fn what_was_entered_is_not_repeated() {
        let error = serde_json::from_str::<Wanted>(r#"{"number":"01001012345"}"#).unwrap_err();
        assert_eq!(without_values(&error), "expected u32");
        let error = serde_json::from_str::<Wanted>("{}").unwrap_err();
        assert_eq!(without_values(&error), "missing field `number`");
    }
}
