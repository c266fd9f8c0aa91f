//! What an operator sees of a process: health, metrics, and a log for machines.

use serde_json::Value;

use crate::http::{get, send};
use crate::installation::{Engine, Installation};
use crate::program::wait_for;

#[test]
fn health_metrics_and_a_log_of_objects() {
    let here = Installation::on(Engine::Sqlite);
    let text = here.read_text("ndoba.toml") + "\n[log]\nformat = \"json\"\n";
    std::fs::write(here.file("json.toml"), text).unwrap();
    // What was logged when this installation was prepared is for people.
    let before = here.log().len();
    let mut serving = here.start("json.toml", None);
    here.await_address(&mut serving, here.operator());

    let live = get(here.operator(), "/health/live");
    assert_eq!((live.status, live.body.as_slice()), (200, &br#"{"live":true}"#[..]));
    // Every part is there from the first answer on, and counts as failed until it was looked at.
    let first: Value = serde_json::from_slice(&get(here.operator(), "/health/ready").body).unwrap();
    let names = |health: &Value| -> Vec<String> {
        let checks = health["checks"].as_array().unwrap().iter();
        checks.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
    };
    let ready: Value = wait_for(|| {
        let reply = get(here.operator(), "/health/ready");
        let text = String::from_utf8(reply.body).unwrap();
        if reply.status == 200 { Ok(serde_json::from_str(&text).unwrap()) } else { Err(text) }
    });
    assert_eq!(ready["ready"], true);
    for part in [
        "CA key root",
        "CRL root",
        "CRL seal",
        "CRL signature",
        "CRL time-stamping",
        "audit",
        "ca",
        "clock",
        "database",
        "journal",
        "published CRLs",
        "status records",
        "time-stamping tsu",
        "token ndoba-audit",
        "token ndoba-issuing",
        "data key",
        "token ndoba-ocsp",
        "token ndoba-registration",
        "token ndoba-root",
        "token ndoba-tsa",
    ] {
        assert!(names(&first).iter().any(|name| name == part), "{part}: {first}");
    }
    // A clock that nobody watches is said so, and keeps nobody away.
    for check in ready["checks"].as_array().unwrap() {
        let state = if check["name"] == "clock" { "degraded" } else { "ok" };
        assert_eq!(check["state"], state, "{check}");
    }

    let issued = here.issue("01001000601");
    assert!(here.ocsp(&issued).contains(": good"));
    let metrics = get(here.operator(), "/metrics");
    let text = String::from_utf8(metrics.body.clone()).unwrap();
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for sample in ["ndoba_ca_waiting 0\n", "ndoba_ca_violations 0\n", "ndoba_clock_trusted 1\n"] {
        assert!(text.contains(sample), "{sample} is not in {text}");
    }
    assert_eq!(send(here.operator(), "POST", "/metrics", "", b"").status, 405);
    assert_eq!(get(here.operator(), "/ocsp").status, 404);
    serving.stop();

    let log = here.log().split_off(before);
    let said: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(said.iter().any(|line| line["fields"]["message"] == "stopped"), "{log}");
    // Where nothing is wrong no library cries wolf, as of mechanisms that nobody asked for.
    let errors: Vec<_> = said.iter().filter(|line| line["level"] == "ERROR").collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert!(said.iter().any(|line| line["fields"]["serial"] == issued.as_str()), "{log}");
}
