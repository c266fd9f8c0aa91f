//! What was found of the electronic signatures on an application's signed copy, in words.

use ndoba_client::Application;
use serde_json::Value;

/// A line for each signature, each after a line break; nothing where there is none.
pub(super) fn lines(application: &Application) -> String {
    let found = application.agreement.as_ref().map(|agreement| &agreement["copy"]["signatures"]);
    let found = found.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    found.iter().map(|signature| format!("\n  signature on the signed copy: {}", words(signature))).collect()
}

fn words(signature: &Value) -> String {
    let text = |key: &str| signature[key].as_str().unwrap_or_default();
    if text("outcome") == "valid" {
        return format!("valid, by the {}, certificate {}", text("signer"), text("certificate"));
    }
    let why = match text("reason") {
        "form" => "its form is not read",
        "issuer" => "no certificate of this provider",
        "signer" => "who signs for the organisation is not known",
        "time-stamp" => "it is a time-stamp",
        other => other,
    };
    format!("not checked: {why}")
}
