//! Responders renew themselves under the officers' standing authorisation, without a gap and no further than the
//! officers said (design §3, §7; K-O14). RSA and P-256 responders answer side by side.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::installation::{Engine, Installation};
use crate::time_stamps::nodes::second_node;

const DAY: u32 = 24;

/// The development plan, with an RSA-3072 responder for signatures: for clients that know no ECDSA.
fn plan(here: &std::path::Path) -> String {
    let printed = Command::new(env!("CARGO_BIN_EXE_ndoba"))
        .args(["ceremony", "plan"])
        .current_dir(here)
        .output()
        .unwrap();
    let text = String::from_utf8(printed.stdout).unwrap();
    let (before, after) = text.split_once("name = \"signature\"").unwrap();
    let after = after.replacen("responder_key = \"p256\"", "responder_key = \"rsa3072\"", 1);
    format!("{before}name = \"signature\"{after}")
}

impl Installation {
    /// Asks about a certificate of `ca`; openssl's verdict at the time of the answer, and the responder's certificate.
    fn asked(&self, ca: &str, serial: &str, hours: u32) -> (String, String) {
        let seconds = unix_now() + u64::from(hours) * 3600 + 60;
        let at = seconds.to_string();
        let issuer = format!("pki/{ca}.pem");
        let url = format!("http://{}/ocsp", self.public());
        let said = Command::new("openssl")
            .args(["ocsp", "-no_nonce", "-url", &url, "-issuer", &issuer, "-verify_other", &issuer])
            .args(["-CAfile", "pki/root.pem", "-serial", &format!("0x{serial}"), "-resp_text"])
            // Answers and certificates are of the day that the clock was put to.
            .args(["-attime", &at, "-validity_period", "100000000"])
            .current_dir(self.file(""))
            .output()
            .unwrap();
        let text =
            String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
        let certificate = text.split_once("Certificate:").map_or("", |(_, after)| after);
        let number = certificate.split_once("Serial Number:").map_or("", |(_, after)| after);
        let number =
            number.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned();
        (text, number)
    }

    /// The serial number in a certificate, hexadecimal.
    fn serial_of(&self, file: &str) -> String {
        let said = Command::new("openssl")
            .args(["x509", "-noout", "-serial", "-in"])
            .arg(self.file(file))
            .output()
            .unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        text.trim().trim_start_matches("serial=").to_lowercase()
    }

    fn exported(&self) -> String {
        self.must(&["audit", "export", "--as", "officers/auditor.pem", "--out", "log.jsonl"]);
        fs::read_to_string(self.file("log.jsonl")).unwrap()
    }
}

fn unix_now() -> u64 {
    let said = Command::new("date").arg("+%s").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().parse().unwrap()
}

#[test]
fn responders_renew_themselves_and_no_further_than_they_may() {
    let folder = tempfile::tempdir().unwrap();
    let here = Installation::planned(&plan(folder.path()));
    let serving = here.serve(None);
    let serial = here.issue("01001000301");
    let (said, first) = here.asked("signature", &serial, 0);
    assert!(said.contains(": good") && said.contains("Response verify OK"), "{said}");
    assert!(said.contains("sha256WithRSAEncryption") && !first.is_empty(), "{said}");
    let (said, elliptic) = here.asked("seal", &serial, 0);
    assert!(said.contains("ecdsa-with-SHA256") && said.contains("Response verify OK"), "{said}");
    // A number that nobody was given is not good, and its asker is noticed.
    let (said, _) = here.asked("seal", &serial, 0);
    assert!(said.contains(": unknown"), "{said}");
    here.await_that("the alarm about it", || here.health().contains("about numbers never issued"));
    // CA certificates are answered too, by the root's responder (O-26).
    let number = here.serial_of("pki/signature.pem");
    let (said, _) = here.asked("root", &number, 0);
    assert!(said.contains(": good") && said.contains("Response verify OK"), "{said}");
    drop(serving);

    // The second half of its life: it asks, is certified, and answers with the new certificate.
    let serving = here.serve_ahead(8 * DAY);
    let renewed = |ca: &str, before: &str, hours: u32| {
        let mut now = String::new();
        here.await_that(&format!("another responder certificate of {ca}"), || {
            let (said, number) = here.asked(ca, &serial, hours);
            now = number;
            // Whichever of the two answers, the answer holds: there is no gap.
            assert!(said.contains("Response verify OK") && !said.contains("Status times invalid"), "{said}");
            now != before
        });
        now
    };
    let second = renewed("signature", &first, 8 * DAY);
    renewed("seal", &elliptic, 8 * DAY);
    // Keys were opened for it, and nobody is frightened with mechanisms that nobody asked for.
    assert!(!here.log().contains("is not supported"), "{}", here.log());
    let (said, _) = here.asked("signature", &serial, 8 * DAY);
    assert!(said.contains(": good") && said.contains("sha256WithRSAEncryption"), "{said}");
    // Those of the third CA too, which nobody asked here.
    for kind in ["responder-authorised", "responder-requested", "responder-activated"] {
        here.await_that(kind, || here.exported().matches(kind).count() >= 3);
    }
    let log = here.exported();
    assert!(log.contains("ocsp-unissued-queries"), "{log}");
    assert!(log.contains("authorisation:"), "{log}");
    drop(serving);

    // What the old key signed has ended: it is destroyed. The new one goes on.
    let serving = here.serve_ahead(8 * DAY + 3);
    here.await_that("the old keys' end", || {
        let keys = here.must(&["keys", "list", "--config", "ndoba.toml"]);
        !keys.contains("signature/ocsp/1 ") && !keys.contains("seal/ocsp/1 ")
    });
    let keys = here.must(&["keys", "list", "--config", "ndoba.toml"]);
    assert!(keys.contains("signature/ocsp/2 ") && keys.contains("root/ocsp/1 "), "{keys}");
    assert_eq!(here.asked("signature", &serial, 8 * DAY + 3).1, second);

    // One security officer ends the authorisation: the CA refuses, and everybody is told.
    here.must(&["officer", "end-responder", "signature", "--as", "officers/security-1.pem", "--yes"]);
    drop(serving);
    let serving = here.serve_ahead(16 * DAY);
    here.await_that("the refusal", || here.health().contains("responder-not-authorised"));
    assert_eq!(here.asked("signature", &serial, 16 * DAY).1, second);
    // The other CA's authorisation is in force.
    here.await_that("the seal CA's third certificate", || here.log().matches("seal/ocsp/3").count() > 0);
    assert!(here.exported().contains("responder-refused"));
    // Two give another one.
    here.must(&[
        "officer",
        "authorise-responder",
        "signature",
        "--responder",
        "pki/signature-ocsp.pem",
        "--enrolment",
        "pki/signature-enrolment.pub.pem",
        "--as",
        "officers/security-1.pem",
        "--second",
        "officers/security-2.pem",
        "--yes",
    ]);
    drop(serving);
    let serving = here.serve_ahead(16 * DAY + 1);
    renewed("signature", &second, 16 * DAY + 1);
    drop(serving);

    // Past the end of every responder: nothing is answered until the new one is there, and then all is.
    let serving = here.serve_ahead(60 * DAY);
    here.await_that("answers again", || {
        let (said, _) = here.asked("signature", &serial, 60 * DAY);
        assert!(said.contains("trylater") || said.contains("Response verify OK"), "{said}");
        said.contains(": good")
    });
    // A certificate that ended weeks ago, the first responder's own, is answered as before (K-O10).
    let ended = here.serial_of("pki/signature-ocsp.pem");
    let (said, _) = here.asked("signature", &ended, 60 * DAY);
    assert!(said.contains(": good") && said.contains("Archive Cutoff"), "{said}");

    // All of it leads back to two security officers, by our program and by one that shares no code with it.
    let found = here.signatures_hold();
    assert!(found["responders"].as_u64().unwrap() >= 6, "{found}");
    here.an_authorisations_signature_is_missed();
    let authorised = |event: &Value| event["kind"] == "responder-authorised";
    let about = "grant 1: the log says another thing";
    here.another_log_is_found(authorised, |data| data["count"] = "9999".into(), about);
    here.another_log_is_found(authorised, |data| data["signers"] = json!([data["signers"][0]]), about);
    let renewed = |event: &Value| {
        let cause = event["data"]["cause"].as_str().unwrap_or_default();
        event["kind"] == "issuance-intended" && cause.starts_with("authorisation:")
    };
    let none = "no authorisation of two security officers for it is in force";
    here.another_log_is_found(renewed, |data| data["profile"] = "ab".repeat(32).into(), none);
    let under = |id: &str| json!(format!("authorisation:{id}"));
    here.another_log_is_found(renewed, |data| data["cause"] = under(&"ab".repeat(16)), none);
    here.another_log_is_found(renewed, |data| data["cause"] = "a word".into(), "event: ");
    // Nor under the one that was ended, where another had taken its place.
    let log = fs::read_to_string(here.file("log.jsonl")).unwrap();
    let mut events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone());
    let ended = events.find(|event| event["kind"] == "responder-authorisation-ended").unwrap();
    let day = |event: &Value| event["at"].as_str().unwrap()[..10].to_owned();
    let later =
        |event: &Value| renewed(event) && event["data"]["ca"] == "signature" && day(event) > day(&ended);
    let id = ended["data"]["authorisation"].as_str().unwrap();
    here.another_log_is_found(later, |data| data["cause"] = under(id), none);
    // A key has one name: another CA's responder is none of this authorisation's.
    here.another_log_is_found(later, |data| data["ca"] = "seal".into(), "the authorisation is another CA's");
    drop(serving);
}

/// Two nodes that share the token, both with the enrolment key: one makes each key, the other notices what it got.
#[test]
fn two_nodes_of_one_token_take_turns() {
    let here = Installation::on(Engine::Postgresql);
    second_node(&here, 7);
    let configurations = ["ndoba.toml", "second.toml"];
    let nodes = configurations.map(|configuration| here.start_ahead(configuration, 8 * DAY));
    // By each node or, where one starts late enough to begin with what the other got, by one.
    here.await_that("every responder renewed", || {
        let log = here.log();
        let renewed = |ca: &str| log.contains(&format!("a new responder certificate is in service ca={ca}"));
        ["signature", "seal", "time-stamping"].into_iter().all(renewed)
    });
    let log = here.exported();
    assert_eq!(log.matches("\"responder-requested\"").count(), 3, "{log}");
    let keys = here.must(&["keys", "list", "--config", "ndoba.toml"]);
    for ca in ["signature", "seal", "time-stamping"] {
        assert_eq!(keys.matches(&format!(" {ca}/ocsp/")).count(), 2, "{keys}");
    }
    assert!(!here.log().contains("is not renewed"), "{}", here.log());
    drop(nodes);
}
