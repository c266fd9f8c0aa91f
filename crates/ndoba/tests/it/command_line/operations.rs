//! Every operation of the officers' API has a command, or a reason why not.

use std::collections::BTreeMap;
use std::process::Command;

use ndoba_web_officer::{enrolment_openapi, openapi};
use serde_json::Value;

/// An operation and the commands that call it; none: the reason.
type Row = (&'static str, Result<&'static [&'static str], &'static str>);

const BY_COMMAND: &[Row] = &[
    ("GET /whoami", Ok(&["officer whoami"])),
    ("GET /profiles", Ok(&["application profiles", "application new"])),
    ("GET /profiles/{name}/form", Ok(&["application form", "application check", "application new"])),
    ("GET /applications", Ok(&["application list"])),
    ("POST /applications", Ok(&["application new"])),
    ("GET /applications/{id}", Ok(&["application show"])),
    ("PUT /applications/{id}", Ok(&["application edit"])),
    ("GET /applications/{id}/agreement.pdf", Ok(&["application agreement"])),
    ("POST /applications/{id}/agreement", Ok(&["application agree"])),
    ("GET /applications/{id}/agreement/copy", Ok(&["application attached"])),
    ("POST /applications/{id}/agreement/copy", Ok(&["application attach"])),
    ("POST /applications/{id}/attachments", Ok(&["application attach"])),
    ("GET /applications/{id}/attachments/{sha256}", Ok(&["application attachments"])),
    ("POST /applications/{id}/attachments/{sha256}/detach", Ok(&["application detach"])),
    ("POST /applications/{id}/order", Ok(&["application submit"])),
    ("POST /applications/{id}/withdraw", Ok(&["application withdraw"])),
    ("POST /applications/{id}/deliver", Ok(&["application deliver"])),
    ("POST /applications/{id}/accept", Ok(&["application accept"])),
    ("POST /applications/{id}/return", Ok(&["application return"])),
    ("POST /applications/{id}/reject", Ok(&["application reject"])),
    ("GET /subjects/{identifier}/record", Ok(&["application record"])),
    ("GET /orders/{id}", Ok(&["order show"])),
    ("POST /orders/{id}/confirm", Ok(&["certificate confirm"])),
    ("POST /orders/{id}/decline", Ok(&["certificate decline"])),
    (
        "POST /orders/{id}/signatures",
        Ok(&["application submit", "application approve", "certificate revoke", "certificate release"]),
    ),
    ("GET /certificates", Ok(&["certificate search", "certificate revoke-all"])),
    ("GET /certificates/{serial}", Ok(&["certificate show"])),
    ("GET /certificates/{serial}/certificate.pem", Ok(&["certificate download"])),
    ("GET /certificates/{serial}/certificate.der", Ok(&["certificate download"])),
    ("GET /certificates/{serial}/certificate.p7c", Ok(&["certificate download"])),
    (
        "POST /certificates/{serial}/orders",
        Ok(&["certificate revoke", "certificate suspend", "certificate release", "certificate revoke-all"]),
    ),
    // Where the database is away.
    ("POST /status-orders", Ok(&["certificate revoke", "certificate suspend"])),
    ("POST /status-orders/draft", Ok(&["certificate revoke", "certificate suspend"])),
    ("GET /certificates/{serial}/control-questions", Ok(&["certificate control-questions"])),
    ("POST /certificates/{serial}/revocation-code", Ok(&["certificate revocation-code"])),
    ("GET /certificates/{serial}/publication", Ok(&["certificate publication"])),
    ("POST /certificates/{serial}/publication", Ok(&["certificate publication"])),
    ("GET /requests", Ok(&["certificate requests"])),
    ("POST /certificates/{serial}/renewal", Ok(&["application renew"])),
    ("GET /officers", Ok(&["officer list"])),
    ("GET /grants", Ok(&["officer grants"])),
    (
        "POST /grants",
        Ok(&["officer grant", "officer end", "officer authorise-responder", "officer revoke-ca"]),
    ),
    (
        "POST /grants/draft",
        Ok(&["officer grant", "officer end", "officer succeed-ca", "officer terminate-ca"]),
    ),
    ("GET /enrolments", Ok(&["officer enrolments"])),
    ("POST /enrolments", Ok(&["officer invite"])),
    ("GET /audit/export", Ok(&["audit export"])),
    ("GET /audit/signed", Ok(&["audit export"])),
    ("POST /enrolment", Ok(&["officer enrol"])),
    ("POST /enrolment/certificate", Ok(&["officer fetch-certificate"])),
    ("GET /openapi.json", Err("the description is for programs, which fetch it themselves")),
];

#[test]
fn every_operation_has_a_command() {
    let mut operations = vec!["GET /openapi.json".to_owned()];
    for description in [openapi(), enrolment_openapi()] {
        for (path, item) in description["paths"].as_object().unwrap() {
            let path = path.strip_prefix("/api/v1").unwrap();
            let methods = item.as_object().unwrap().keys().filter(|key| is_method(key));
            operations.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
    }
    let rows: BTreeMap<&str, _> = BY_COMMAND.iter().copied().collect();
    assert_eq!(rows.len(), BY_COMMAND.len(), "an operation is there twice");
    let without: Vec<&String> = operations.iter().filter(|one| !rows.contains_key(one.as_str())).collect();
    assert!(without.is_empty(), "no command is known to call {without:?}");
    let gone: Vec<&&str> = rows.keys().filter(|row| !operations.iter().any(|one| one == **row)).collect();
    assert!(gone.is_empty(), "the API has no {gone:?}");
    for (operation, row) in rows {
        match row {
            Ok(commands) => {
                assert!(!commands.is_empty(), "{operation}");
                commands.iter().for_each(|command| assert!(exists(command), "{operation}: ndoba {command}"));
            }
            Err(reason) => assert!(reason.len() > 20, "{operation}"),
        }
    }
}

/// What a list may be asked by, its command has an option for.
#[test]
fn every_filter_has_an_option() {
    let described = openapi();
    for (path, command) in [
        ("/applications", "application list"),
        ("/certificates", "certificate search"),
        ("/requests", "certificate requests"),
    ] {
        let parameters =
            described["paths"][format!("/api/v1{path}")]["get"]["parameters"].as_array().unwrap();
        let help = help(command);
        for name in parameters.iter().filter_map(|one: &Value| one["name"].as_str()) {
            // Of requests all are shown; certificates are searched by what their subject is called or known by.
            let otherwise = match command {
                "certificate requests" => ["limit", "after"].contains(&name),
                "certificate search" => ["subject", "name"].contains(&name),
                _ => false,
            };
            let option = format!("--{}", name.replace('_', "-"));
            assert!(otherwise || help.contains(&option), "{command} has no {option}");
        }
    }
}

fn is_method(key: &str) -> bool {
    ["get", "post", "put", "patch", "delete"].contains(&key)
}

fn help(command: &str) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_ndoba")).args(command.split(' ')).arg("--help").output().unwrap();
    assert!(output.status.success(), "ndoba {command}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Its own help, not that of the command above it.
fn exists(command: &str) -> bool {
    help(command).contains(&format!("Usage: ndoba {command}"))
}
