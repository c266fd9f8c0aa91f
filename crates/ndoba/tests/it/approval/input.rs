//! Input that no honest client sends: too long, too deep, written to deceive, and requests hidden in requests.

use serde_json::{Value, json};

use super::raw_tls::statuses;
use crate::api::Call;
use crate::installation::{Installation, Subject};

const OFFICER: &str = "registration-officer";

/// The content of an application that is accepted, so that what is refused is what a test changed in it.
fn content(here: &Installation) -> Value {
    crate::bad_input::content(here, "01001000821", &here.read_text("person.csr"))
}

fn opened(here: &Installation) -> String {
    here.sql("SELECT count(*) FROM applications")
}

pub(super) fn json_too_long_or_too_deep(here: &Installation) {
    here.prepare(Subject::Person("01001000821"));
    let send = |body: &[u8]| here.ask(Call::post(OFFICER, "/applications", body)).problem();
    let refused = |status: u16, code: &str| (status, code.to_owned());
    // Where a reader must keep what it reads before it knows what it is.
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!("{{\"profile\":\"x\",\"days\":1,\"subject\":{{\"a\":{open}{close}}}}}")
    };
    assert_eq!(send(deep(30_000).as_bytes()), refused(400, "json.malformed"));
    assert_eq!(send(deep(1_000_000).as_bytes()), refused(413, "body.too-large"));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let body = format!("{}1{}", open.repeat(9_000), close.repeat(9_000));
        assert!(matches!(send(body.as_bytes()).0, 400 | 422), "{open}");
    }
    let padded = format!("{}{}", content(here), " ".repeat(70_000));
    assert_eq!(send(padded.as_bytes()), refused(413, "body.too-large"));
    // A member twice, so that two readers would read two things.
    let once = content(here).to_string();
    let twice = once.replacen("\"days\":365", "\"days\":365,\"days\":1", 1);
    assert_eq!(send(twice.as_bytes()), refused(422, "request.invalid"));
    assert_eq!(here.ask(Call::post(OFFICER, "/applications", once.as_bytes())).status, 201);
    // Depth within a text that is JSON itself.
    let order = here.apply("01001000822");
    let order = here.order_of(&order).0.order_id;
    let jws = json!({ "jws": format!("{{\"protected\":{}", "[".repeat(20_000)) }).to_string();
    let path = format!("/orders/{order}/signatures");
    let answer = here.ask(Call::post("approver", &path, jws.as_bytes()));
    assert_eq!(answer.json()["errors"][0]["code"], "order-signature-invalid", "{answer:?}");
    // The honest one, and the one whose order was signed by nobody.
    assert_eq!(opened(here), "2");
}

/// Bidirectional controls, look-alikes of other scripts, Mtavruli, church letters, heaps of marks, invisible characters.
pub(super) fn names_that_deceive(here: &Installation) {
    let before = opened(here);
    here.prepare(Subject::Person("01001000821"));
    let hostile = [
        "ნინო\u{202e}ოინ",
        "\u{2066}ნინო\u{2069}",
        "ნინ\u{200b}ო",
        "ნინ\u{feff}ო",
        "ნი\u{ad}ნო",
        "ᲜᲘᲜᲝ",
        "Ⴌინო",
        "ნინo",
        "Nіno",
        "Νino",
        "ნინო\u{301}",
        "Nino\u{301}\u{301}\u{301}\u{301}",
        "ნი\u{0}ნო",
        "ნინო\r\nX: y",
        "\u{1f1ec}\u{1f1ea}",
        "ნინო\u{e0041}",
        " ნინო",
        "",
    ];
    for text in hostile {
        for member in ["given_names", "surname"] {
            let mut one = content(here);
            one["subject"][member] = text.into();
            let answer = here.ask(Call::post(OFFICER, "/applications", one.to_string().as_bytes()));
            assert_eq!(answer.problem(), (422, "request.invalid".to_owned()), "{member} {text:?}");
            let errors = answer.json()["errors"].clone();
            let field = format!("/subject/{member}");
            let named = errors.as_array().unwrap().iter().any(|error| error["field"] == field.as_str());
            assert!(named, "{text:?}: {errors}");
            // What was entered is not repeated to whoever reads the answer in a log.
            assert!(text.trim().is_empty() || !errors.to_string().contains(text), "{errors}");
        }
    }
    // Other texts: what was seen, why something is revoked, why an application is refused.
    let mut one = content(here);
    one["identity_document"]["issued_by"] = "PSDA\u{202e}".into();
    let answer = here.ask(Call::post(OFFICER, "/applications", one.to_string().as_bytes()));
    assert_eq!(answer.problem(), (422, "request.invalid".to_owned()));
    assert_eq!(answer.json()["errors"][0]["field"], "/identity_document/issued_by", "{answer:?}");
    let serial = here.issue("01001000823");
    for note in ["x\u{202e}y", "x\u{0}", "\u{200b}", "a\nb"] {
        let body = json!({ "kind": "suspend", "channel": "telephone", "note": note }).to_string();
        let path = format!("/certificates/{serial}/orders");
        let answer = here.ask(Call::post("revocation-officer", &path, body.as_bytes()));
        assert_eq!(answer.problem(), (422, "request.invalid".to_owned()), "{note:?}");
    }
    let (before, after): (usize, usize) = (before.parse().unwrap(), opened(here).parse().unwrap());
    assert_eq!(after, before + 1);
}

/// Who is asking is the key of the connection, and where is the path as it stands.
pub(super) fn paths_and_headers_that_claim(here: &Installation) {
    let me = here.ask(Call::get(OFFICER, "/whoami")).json();
    let other = here.ask(Call::get("security-1", "/whoami")).json();
    let claims = [
        format!("X-Officer: {}", other["officer"].as_str().unwrap()),
        "X-Forwarded-Client-Cert: Subject=\"CN=security-1\"".into(),
        "X-SSL-Client-Verify: SUCCESS".into(),
        "X-Forwarded-For: 127.0.0.1".into(),
        "X-HTTP-Method-Override: DELETE".into(),
        "X-Original-URL: /api/v1/grants".into(),
        "Authorization: Bearer x".into(),
    ];
    let claims: Vec<&str> = claims.iter().map(String::as_str).collect();
    let call = Call { officer: Some(OFFICER), method: "GET", path: "/whoami", headers: &claims, body: b"" };
    assert_eq!(here.ask(call).json(), me);

    let paths = [
        "/applications/..%2f..%2fgrants",
        "/applications/%2e%2e/%2e%2e/grants",
        "/applications/..;/grants",
        "/applications/%00",
        "/applications/%F0%9F%8F%B3%EF%B8%8F",
        "/applications/a%0d%0aX-Evil:%20y",
        "/certificates/..%2f..%2f..%2fndoba.toml",
        "/certificates/%2e%2e%2fpins%2fndoba-root.pin/certificate.pem",
        "/certificates/con/certificate.der",
        "//grants",
        "/GRANTS",
    ];
    for path in paths {
        let answer = here.ask(Call::get(OFFICER, path));
        assert_eq!(answer.problem().0, 404, "{path}: {answer:?}");
        assert!(answer.header("x-evil").is_none());
    }

    // A page of another origin, in a browser that has the officer's certificate.
    let withdrawn = here.apply("01001000824");
    let path = format!("/applications/{withdrawn}/withdraw");
    for header in ["Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"] {
        let headers = &["Content-Type: application/json", header];
        let call = Call { officer: Some(OFFICER), method: "POST", path: &path, headers, body: b"{}" };
        assert_eq!(here.ask(call).problem(), (403, "origin.foreign".to_owned()), "{header}");
    }
    let own = format!("Origin: https://{}", here.officers());
    let headers = &["Content-Type: application/json", &own];
    let call = Call { officer: Some(OFFICER), method: "POST", path: &path, headers, body: b"{}" };
    assert_eq!(here.ask(call).status, 200);
}

/// Two readers of one message must not see two messages: what is not said in one way is refused, and nothing behind it read.
pub(super) fn requests_within_requests(here: &Installation) {
    let before = opened(here);
    let hidden = "GET /api/v1/whoami HTTP/1.1\r\nHost: ndoba\r\n\r\n";
    let length = hidden.len() + 5;
    let start = "POST /api/v1/applications HTTP/1.1\r\nHost: ndoba\r\nContent-Type: application/json\r\n";
    let tries = [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("Content-Length: +0\r\n\r\n{hidden}"),
        format!("Content-Length: 0x0\r\n\r\n{hidden}"),
        format!("Content-Length : 0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        format!("X: a\r\n Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("X: a\u{0}b\r\nContent-Length: 0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n{hidden}"),
    ];
    for rest in tries {
        let said = here.over_tls(OFFICER, format!("{start}{rest}").as_bytes());
        let answers = statuses(&said);
        assert!(answers.len() <= 1 && answers.iter().all(|status| *status >= 400), "{rest:?}: {said}");
    }
    // The door itself is open: the same octets without a lie are answered.
    let plain = "GET /api/v1/whoami HTTP/1.1\r\nHost: ndoba\r\nConnection: close\r\n\r\n";
    assert_eq!(statuses(&here.over_tls(OFFICER, plain.as_bytes())), [200]);
    assert_eq!(opened(here), before);
}
