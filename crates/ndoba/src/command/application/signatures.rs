//! What was found of the electronic signatures on an application's signed copy, in words.

use ndoba_client::Application;
use serde_json::Value;

use crate::words::Words;

/// A line for each signature, each after a line break; nothing where there is none.
pub(super) fn lines(application: &Application, words: Words) -> String {
    let found = application.agreement.as_ref().map(|agreement| &agreement["copy"]["signatures"]);
    let found = found.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    found.iter().map(|signature| format!("\n  {}", words.copy_signature(told(signature, words)))).collect()
}

fn told(signature: &Value, words: Words) -> String {
    let text = |key: &str| signature[key].as_str().unwrap_or_default();
    if text("outcome") == "valid" {
        return words.signature_valid(text("signer"), text("certificate"));
    }
    let why = match text("reason") {
        "form" => words.unread_form(),
        "issuer" => words.foreign_issuer(),
        "signer" => words.unknown_signer(),
        "time-stamp" => words.is_time_stamp(),
        other => other.to_owned(),
    };
    words.signature_unchecked(why)
}
