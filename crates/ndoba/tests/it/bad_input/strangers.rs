//! OCSP and time-stamping with what no honest client sends.

use crate::http::{Reply, get, send};
use crate::installation::Installation;

const OCSP: &str = "Content-Type: application/ocsp-request\r\n";
const TSP: &str = "Content-Type: application/timestamp-query\r\n";
/// OCSPResponse with `malformedRequest` and nothing else (RFC 6960 §4.2.1).
const MALFORMED: &[u8] = &[0x30, 3, 0x0a, 1, 1];

pub(super) fn http_is_refused_by_http(here: &Installation) {
    let at = here.public();
    let codes = |path: &str, headers: &str, body: &[u8]| send(at, "POST", path, headers, body).status;
    for (path, headers) in [("/ocsp", OCSP), ("/tsa", TSP)] {
        for kind in ["application/json", "text/plain"] {
            let headers = format!("Content-Type: {kind}\r\n");
            assert_eq!(codes(path, &headers, b"{}"), 415, "{path} {kind}");
        }
        assert_eq!(codes(path, headers, &vec![0; 70_000]), 413, "{path}");
        for method in ["PUT", "DELETE", "PATCH"] {
            let refused = send(at, method, path, headers, b"");
            assert_eq!(refused.status, 405, "{method} {path}");
            assert!(refused.header("allow").is_some_and(|allow| allow.contains("POST")), "{refused:?}");
        }
    }
    for path in ["/crl/signature.crl", "/issuer/root.cer", "/audit/checkpoint", "/pki"] {
        assert_eq!(send(at, "POST", path, "", b"x").status, 405, "{path}");
        assert_eq!(get(at, path).status, 200, "{path}");
    }
    for path in
        ["/crl/nobody.crl", "/issuer/../ndoba.toml", "/crl/../../pins/ndoba-root.pin", "/api/v1/whoami"]
    {
        assert_eq!(get(at, path).status, 404, "{path}");
    }
}

/// With HTTP 200, since it is the protocol that answers.
pub(super) fn garbage_gets_the_protocols_own_error(here: &Installation) {
    let at = here.public();
    let empty_list = [0x30, 4, 0x30, 2, 0x30, 0];
    // Nobody asks for nothing by mistake but clients whose HTTP is wrong.
    assert_eq!(send(at, "POST", "/tsa", TSP, b"").status, 400);
    assert_eq!(send(at, "POST", "/ocsp", OCSP, b"").body, MALFORMED);
    for body in [&b"x"[..], b"garbage", &[0x30, 0x80], &empty_list, &[0x30; 5_000]] {
        let reply = send(at, "POST", "/ocsp", OCSP, body);
        assert_eq!((reply.status, reply.body.as_slice()), (200, MALFORMED), "{body:02x?}");
        assert_eq!(reply.header("content-type"), Some("application/ocsp-response"));
        let reply = send(at, "POST", "/tsa", TSP, body);
        assert_eq!(reply.status, 200, "{body:02x?}");
        assert_eq!(reply.header("content-type"), Some("application/timestamp-reply"));
        assert!(is_rejection(&reply, &[3, 2, 2, 4]), "badDataFormat: {:02x?}", reply.body);
    }
    for path in ["/ocsp/garbage", "/ocsp/MAA%3D", "/ocsp/%ff"] {
        let reply = get(at, path);
        let answered = reply.status == 200 && reply.body == MALFORMED;
        assert!(answered || [400, 404, 405].contains(&reply.status), "{path}: {reply:?}");
    }
    // A request of openssl's with an octet too many.
    here.openssl(&["ocsp", "-issuer", "pki/root.pem", "-serial", "0x1234", "-reqout", "asked.der"]);
    let longer = [here.read("asked.der").as_slice(), &[0]].concat();
    assert_eq!(send(at, "POST", "/ocsp", OCSP, &longer).body, MALFORMED);
    std::fs::write(here.file("document"), "x").unwrap();
    here.openssl(&["ts", "-query", "-data", "document", "-sha1", "-out", "weak.tsq"]);
    let weak = send(at, "POST", "/tsa", TSP, &here.read("weak.tsq"));
    assert!(is_rejection(&weak, &[3, 2, 7, 0x80]), "badAlg: {:02x?}", weak.body);
}

/// PKIStatus `rejection` with this failInfo at the end, and no token behind.
pub(super) fn is_rejection(reply: &Reply, fail_info: &[u8]) -> bool {
    let status = [2, 1, 2];
    reply.body.len() < 400
        && reply.body.windows(3).take(8).any(|window| window == status)
        && reply.body.ends_with(fail_info)
}
