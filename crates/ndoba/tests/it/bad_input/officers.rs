//! The officers' API with what no honest client sends, and requests for certificates that cannot be granted.

use serde_json::{Value, json};

use crate::api::Call;
use crate::installation::{Installation, Subject};

const JSON: &str = "Content-Type: application/json";
const OFFICER: &str = "registration-officer";

pub(super) fn http_is_refused_with_a_problem(here: &Installation) {
    let send = |method: &str, path: &str, headers: &[&str], body: &[u8]| {
        here.ask(Call { officer: Some(OFFICER), method, path, headers, body }).problem()
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(
        send("POST", "/applications", &["Content-Type: text/plain"], b"{}"),
        refused(415, "body.media-type")
    );
    assert_eq!(send("POST", "/applications", &[], b"{}"), refused(415, "body.media-type"));
    assert_eq!(send("POST", "/applications", &[JSON], &b" ".repeat(70_000)), refused(413, "body.too-large"));
    assert_eq!(send("DELETE", "/applications", &[JSON], b"{}"), refused(405, "method.not-allowed"));
    assert_eq!(send("POST", "/applications", &[JSON], b"{"), refused(400, "json.malformed"));
    assert_eq!(send("POST", "/applications", &[JSON], b"{}"), refused(422, "request.invalid"));
    assert_eq!(send("GET", "/nothing", &[], b""), refused(404, "path.unknown"));
    assert_eq!(send("GET", "/applications/../../../ndoba.toml", &[], b""), refused(404, "path.unknown"));
    assert_eq!(
        send("GET", &format!("/applications/{}", "ab".repeat(16)), &[], b""),
        refused(404, "application.unknown")
    );
    assert_eq!(send("GET", "/applications?limit=0", &[], b""), refused(400, "query.limit"));
}

/// The content of an application for a person, as JSON.
pub(crate) fn content(here: &Installation, number: &str, csr: &str) -> Value {
    let today = crate::program::must(here.folder(), "date", &["-u", "+%F"]);
    json!({
        "profile": "person-signature",
        "days": 365,
        "publication_consent": false,
        "subject": {
            "type": "natural-person", "given_names": "ნინო", "surname": "ბერიძე", "personal_number": number,
            "email": "n@example.ge",
        },
        "identity_document": { "type": "identity-card", "number": "12IA34567", "issued_by": "PSDA",
            "validation": "visual-inspection", "copies_at": "archive" },
        "identity_proofing": { "method": "physical-presence", "date": today.trim(), "seen_by": "officer" },
        "csr": csr,
    })
}

pub(super) fn a_bad_request_for_a_certificate_is_told_what_is_wrong(here: &Installation) {
    here.prepare(Subject::Person("01001012345"));
    let good = here.read_text("person.csr");
    let made = |key: &[&str], digest: &str| {
        here.openssl(&[&["genpkey", "-out", "bad.key", "-algorithm"], key].concat());
        here.openssl(&["req", "-new", "-key", "bad.key", "-subj", "/CN=x", digest, "-out", "bad.csr"]);
        here.read_text("bad.csr")
    };
    let rsa = |bits: &str, exponent: &str| {
        let bits = format!("rsa_keygen_bits:{bits}");
        let exponent = format!("rsa_keygen_pubexp:{exponent}");
        made(&["RSA", "-pkeyopt", &bits, "-pkeyopt", &exponent], "-sha256")
    };
    // One octet of the signature changed: what was signed is still whole.
    here.openssl(&["req", "-in", "person.csr", "-outform", "DER", "-out", "csr.der"]);
    let mut der = here.read("csr.der");
    *der.last_mut().unwrap() ^= 1;
    std::fs::write(here.file("csr.der"), der).unwrap();
    let forged = here.openssl(&["req", "-inform", "DER", "-in", "csr.der"]);
    // What the problem must say of it, for people.
    for (what, csr, words) in [
        ("no CSR", "not a request".to_owned(), "PEM"),
        ("cut", good[..good.len() / 2].to_owned(), "PEM"),
        ("another's signature", forged, "signature"),
        ("a weak modulus", rsa("1024", "65537"), "bit"),
        ("a small exponent", rsa("3072", "3"), "exponent"),
        ("another curve", made(&["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "-sha256"), "curve"),
        ("SHA-1", made(&["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "-sha1"), "SHA-256"),
    ] {
        let body = content(here, "01001012345", &csr).to_string();
        let reply = here.ask(Call::post(OFFICER, "/applications", body.as_bytes()));
        assert_eq!(reply.problem(), (422, "request.invalid".to_owned()), "{what}: {reply:?}");
        let problem = reply.json();
        let errors = problem["errors"].as_array().unwrap();
        assert!(errors.iter().all(|error| error["field"] == "/csr"), "{what}: {problem}");
        let said = errors[0]["message"].as_str().unwrap();
        assert!(said.contains(words), "{what}: {problem}");
    }
    assert_eq!(here.sql("SELECT count(*) FROM applications"), "0");
}
