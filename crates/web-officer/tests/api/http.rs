//! What the API does with requests that no honest client sends.

use ndoba_registration::fake::person;
use serde_json::{Value, json};

use crate::support::{LONGEST_BODY, Served};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn bodies_and_methods() {
    let served = Served::start();
    let officer = served.world.officer("registration-officer");
    let send = |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]| {
        let reply = served.send(Some(officer), method, path, headers, body).unwrap();
        (reply.status, reply.code())
    };
    let wrong = |status: u16, code: &str| (status, code.to_owned());
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "multipart/form-data",
    ] {
        assert_eq!(
            send("POST", "/applications", &[("content-type", kind)], b"{}"),
            wrong(415, "body.media-type")
        );
    }
    assert_eq!(send("POST", "/applications", &[], b"{}"), wrong(415, "body.media-type"));
    assert_eq!(send("POST", "/applications", &[JSON], b"{"), wrong(400, "json.malformed"));
    assert_eq!(send("POST", "/applications", &[JSON], b"{}"), wrong(422, "request.invalid"));
    // Too deep, and another structure at the first bracket.
    assert_eq!(send("POST", "/applications", &[JSON], &b"[".repeat(60_000)), wrong(422, "request.invalid"));
    let deep = [&b"{\"profile\":"[..], &b"[".repeat(60_000)].concat();
    assert_eq!(send("POST", "/applications", &[JSON], &deep).0, 422);
    let longest = b" ".repeat(LONGEST_BODY);
    assert_eq!(send("POST", "/applications", &[JSON], &longest), wrong(400, "json.malformed"));
    let longer = [&longest[..], b" "].concat();
    assert_eq!(send("POST", "/applications", &[JSON], &longer), wrong(413, "body.too-large"));
    let reply = served.send(Some(officer), "POST", "/applications", &[JSON], &longer).unwrap();
    assert_eq!(reply.json()["title"], "the body is longer than 65000 octets");
    assert_eq!(send("DELETE", "/applications", &[JSON], b""), wrong(405, "method.not-allowed"));
    assert_eq!(send("PUT", "/whoami", &[JSON], b"{}"), wrong(405, "method.not-allowed"));
    for path in ["", "/", "/nothing", "/whoami/", "/applications/../whoami", "/applications/a/b/c"] {
        assert_eq!(send("GET", path, &[], b""), wrong(404, "path.unknown"), "{path:?}");
    }
    assert_eq!(send("GET", "/applications/zz", &[], b""), wrong(404, "application.unknown"));
    assert_eq!(send("GET", "/certificates/zz", &[], b""), wrong(404, "certificate.unknown"));
    for query in ["limit=0", "limit=201", "limit=x", "state=odd", "unknown=1"] {
        assert_eq!(send("GET", &format!("/applications?{query}"), &[], b"").0, 400, "{query}");
    }
    let reply = served.send(Some(officer), "DELETE", "/applications/ab", &[], b"").unwrap();
    assert_eq!(reply.headers["allow"], "GET, PUT");
}

#[test]
fn refusals_name_the_field_and_the_clause() {
    let served = Served::start();
    let officer = served.world.officer("registration-officer");
    let mut content = serde_json::to_value(person()).unwrap();
    content["subject"]["personal_number"] = json!("123");
    content["csr"] = json!("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n");
    let reply = served.ask(officer, "POST", "/applications", Some(&content));
    assert_eq!((reply.status, reply.code().as_str()), (422, "request.invalid"));
    let problem = reply.json();
    let fields: Vec<&Value> = problem["errors"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert!(
        fields.contains(&&json!("/csr")) && fields.contains(&&json!("/subject/personal_number")),
        "{problem}"
    );
    assert!(problem["errors"].as_array().unwrap().iter().any(|one| one["clause"] == "G-40"));
    // What was entered is not repeated to logs of proxies and clients.
    content["subject"]["personal_number"] = json!(123_456_789);
    let reply = served.ask(officer, "POST", "/applications", Some(&content));
    assert_eq!(reply.status, 422);
    assert!(!String::from_utf8_lossy(&reply.body).contains("123456789"), "{reply:?}");
}

#[test]
fn idempotency() {
    let served = Served::start();
    let officer = served.world.officer("registration-officer");
    let body = serde_json::to_vec(&person()).unwrap();
    let open = |key: &str, body: &[u8]| {
        served.send(Some(officer), "POST", "/applications", &[JSON, ("idempotency-key", key)], body).unwrap()
    };
    let (first, second) = (open("a", &body), open("a", &body));
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.json(), second.json());
    assert!(first.headers["location"].ends_with(first.json()["id"].as_str().unwrap()));
    assert_eq!(first.headers["etag"], "\"1\"");
    let other = serde_json::to_vec(&person()).unwrap();
    assert_eq!(open("a", &other).code(), "idempotency.key-reused");
    assert_eq!(open("", &body).code(), "idempotency.key");
    assert_eq!(open(&"k".repeat(256), &body).code(), "idempotency.key");
    assert_ne!(open("b", &body).json()["id"], first.json()["id"]);

    let id = first.json()["id"].as_str().unwrap().to_owned();
    let edit = |tag: &str| {
        let headers = [JSON, ("if-match", tag)];
        served.send(Some(officer), "PUT", &format!("/applications/{id}"), &headers, &body).unwrap()
    };
    assert_eq!(edit("\"2\"").status, 412);
    assert_eq!(edit("*").status, 400);
    assert_eq!(edit("\"1\"").headers["etag"], "\"2\"");
}

#[test]
fn a_database_that_is_gone() {
    let served = Served::start();
    served.world.registry.tables().gone = true;
    let reply = served.ask(served.world.officer("approver"), "GET", "/applications", None);
    assert_eq!((reply.status, reply.code().as_str()), (503, "database.unavailable"));
    assert_eq!(reply.headers["retry-after"], "5");
}
