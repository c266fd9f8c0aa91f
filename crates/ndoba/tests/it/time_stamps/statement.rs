//! The clock's statement as the public gets it, judged by our command and by a program that is not ours.

use std::fs;
use std::time::{Duration, Instant};

use ndoba_testkit::Judge;
use serde_json::Value;

use super::{House, must};
use crate::http::send;

#[test]
fn it_is_signed_by_its_own_key_and_soon_lapses() {
    let house = House::shared();
    let _open = house.open();
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let reply = loop {
        let reply = send(house.here.public(), "GET", "/tsa/clock", "", b"");
        // The first one is signed beside the start.
        if reply.status != 503 || start.elapsed() > Duration::from_secs(60) {
            break reply;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/jose+json")));
    let file = folder.path().join("clock.jws");
    fs::write(&file, &reply.body).unwrap();
    let (file, key) =
        (file.display().to_string(), house.here.file("pki/clock.pub.pem").display().to_string());

    let shown = |path: std::path::PathBuf| path.display().to_string();
    let (python, script) = (shown(Judge::python()), shown(Judge::script("clock_statement.py")));
    let said = must(folder.path(), &python, &[&script, &file, &key]);
    let payload: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(payload["kind"], "clock-statement");
    assert_eq!(payload["trusted"], true);
    assert_eq!(payload["measured"]["bound_us"], 100_000);

    let verify = |statement: &str, key: &str, more: &[&str]| {
        house.here.run(&[&["tsa", "verify-clock", statement, "--key", key, "--json"], more].concat())
    };
    let good = verify(&file, &key, &[]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let ours: Value = serde_json::from_slice(&good.stdout).unwrap();
    assert_eq!((&ours["at"], &ours["current"]), (&payload["at"], &true.into()));

    // A statement is of its minute only; another key, or another word, is refused.
    assert_eq!(verify(&file, &key, &["--at", "2040-01-01T00:00:00Z"]).status.code(), Some(1));
    let audit = house.here.file("pki/audit.pub.pem").display().to_string();
    assert!(!verify(&file, &audit, &[]).status.success());
    let mut jws: Value = serde_json::from_slice(&reply.body).unwrap();
    jws["payload"] = jws["payload"].as_str().unwrap().replacen('e', "f", 1).into();
    let forged = folder.path().join("forged.jws").display().to_string();
    fs::write(&forged, serde_json::to_vec(&jws).unwrap()).unwrap();
    assert!(!verify(&forged, &key, &[]).status.success());

    // The key is one of the installation's, known wherever keys are told of.
    for told in ["ceremony/report.txt", "ceremony/report.json", "ndoba.toml"] {
        assert!(fs::read_to_string(house.here.file(told)).unwrap().contains("tsa/clock/1"), "{told}");
    }
    let endpoints = fs::read_to_string(house.here.file("endpoints.json")).unwrap();
    let endpoints: Value = serde_json::from_str(&endpoints).unwrap();
    assert_eq!(endpoints["clock"], format!("http://{}/tsa/clock", house.here.public()));
    assert_eq!(endpoints["files"]["pki/clock.pub.pem"], key);
    assert!(house.here.must(&["keys", "list", "--config", "ndoba.toml"]).contains("ndoba-tsa tsa/clock/1"));
}
