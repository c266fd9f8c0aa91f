//! A revocation that the database cannot take is recorded locally, and comes into force when it can (K-P06, ADR 0013).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use ndoba_testkit::PostgresCluster;
use ndoba_types::UtcTime;
use serde_json::Value;

use crate::api::Call;
use crate::fail_closed::{break_log, mend_log};
use crate::installation::{Engine, Installation};
use crate::program::{eventually, said, wait_for};
use crate::revocation::{health, metric};

on_both_engines!(a_request_is_kept_while_the_log_cannot_be_written);

const OFFICER: [&str; 2] = ["--as", "officers/revocation-officer.pem"];
/// A caller who answers rightly.
const ASKED: [&str; 11] = [
    "--channel",
    "telephone",
    "--note",
    "a drill",
    "--answer",
    "document-number=12IA34567",
    "--answer",
    "document-issuer=PSDA",
    "--answer",
    "email=n@example.ge",
    "--yes",
];

fn a_request_is_kept_while_the_log_cannot_be_written(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    let [revoked, suspended, on_hold] =
        ["01001000701", "01001000702", "01001000703"].map(|one| here.issue(one));
    assert!(here.suspend(&on_hold).status.success());
    wait_for(|| told(&here, &on_hold, "revoked"));
    assert_eq!(part(&here)["state"], "ok");

    break_log(&here, &["%"]);
    // Who does not say which CA is told what to say; nothing is kept of it, nor of a release.
    let unsaid = said(&here.revoke(&revoked));
    assert!(unsaid.contains("nothing is recorded") && unsaid.contains("--ca signature"), "{unsaid}");
    assert!(!here.release(&on_hold).status.success());
    assert_eq!(kept_files(&here, "spool"), Vec::<PathBuf>::new());

    let first = keep(&here, &["revoke", &revoked, "--reason", "keyCompromise", "--ca", "signature"]);
    let second = keep(&here, &["suspend", &suspended, "--ca", "signature"]);
    for (serial, receipt) in [(&revoked, &first), (&suspended, &second)] {
        assert_eq!((&receipt["state"], &receipt["in_force"]), (&"recorded-locally".into(), &false.into()));
        assert!(here.ocsp(serial).contains(": good"), "{}", here.ocsp(serial));
    }
    // Of a CA that did not issue it: the rows can be read, so this is known and said.
    let mistaken = ["certificate", "suspend", &revoked, "--ca", "seal"];
    let words = here.must_not(&[&mistaken[..], &ASKED, &OFFICER].concat());
    assert!(words.contains("certificate.unknown"), "{words}");

    // Whose answers are wrong is not served on this way either.
    let caller = ["certificate", "suspend", &revoked, "--ca", "signature", "--channel", "telephone"];
    let unknown = ["--note", "x", "--answer", "email=n@example.com", "--yes"];
    let words = here.must_not(&[&caller[..], &unknown, &OFFICER].concat());
    assert!(words.contains("/control") && words.contains("control.no-match"), "{words}");

    // Seen by the operator, readable by nobody else, and not in the log of the process.
    let both = "2 kept here and not in force";
    eventually(|| part(&here).to_string().contains(both), || part(&here).to_string());
    assert_eq!(part(&here)["state"], "degraded", "{}", part(&here));
    assert_eq!(metric(&here, "ndoba_registration_kept_orders"), 2.0);
    let files = kept_files(&here, "spool");
    assert_eq!(files.len(), 2);
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&here.file("spool")), files.iter().map(mode).collect()), (0o700, vec![0o600; 2]));
    assert!(!here.log().contains("a drill"), "a note is personal data");

    // Killed, and started when the log can be written again.
    let copies: Vec<_> = files.iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect();
    drop(serving);
    mend_log(&here);
    let serving = here.serve(None);
    wait_for(|| told(&here, &revoked, "revoked"));
    wait_for(|| told(&here, &suspended, "revoked"));
    assert!(here.ocsp(&suspended).contains("certificateHold"), "{}", here.ocsp(&suspended));
    here.await_listed(&revoked);
    eventually(|| kept_files(&here, "spool").is_empty(), || format!("{:?}", kept_files(&here, "spool")));

    // Once, in the order of receipt, with the time of receipt.
    let rows = || {
        here.sql(
            "SELECT received, decided FROM revocation_requests WHERE channel = 'telephone' ORDER BY received",
        )
    };
    let before = (rows(), events(&here));
    let times: Vec<i64> = before.0.split(['\n', '|']).map(|number| number.parse().unwrap()).collect();
    let received =
        |receipt: &Value| receipt["received"].as_str().unwrap().parse::<UtcTime>().unwrap().unix_micros();
    assert_eq!(times.len(), 4, "{}", before.0);
    assert_eq!((times[1], times[3]), (received(&first), received(&second)), "signed when it was handed in");
    assert!(times[0] <= times[1] && times[1] <= times[2] && times[2] <= times[3], "{times:?}");
    assert!(
        times[1] - times[0] < 60_000_000 && times[3] - times[2] < 60_000_000,
        "received when it was drafted"
    );
    assert_eq!(before.1, "2|2|0", "requested, taken over, turned down");

    // As a kill between the commit and the end of the file leaves it: the file is there again, and doubles nothing.
    for (file, content) in &copies {
        fs::write(file, content).unwrap();
    }
    eventually(|| kept_files(&here, "spool").is_empty(), || here.log());
    assert_eq!((rows(), events(&here)), before);
    eventually(|| part(&here)["state"] == "ok", || part(&here).to_string());
    here.signatures_hold();
    serving.stop();
}

/// The database cannot even be asked who is an officer: the register as it was read last says it.
#[test]
fn a_request_is_kept_while_the_database_does_not_answer() {
    let here = Installation::on(Engine::Postgresql);
    let serving = here.serve(None);
    let serial = here.issue("01001000711");
    let url = here.read_text("database.url");
    let name = url.rsplit("dbname=").next().unwrap().trim();
    let server = PostgresCluster::shared();
    server.psql("postgres", &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    server.psql(
        "postgres",
        &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
    );

    let receipt = keep(&here, &["revoke", &serial, "--reason", "superseded", "--ca", "signature"]);
    assert_eq!(receipt["in_force"], false);
    // Handed in again, the receipt is the first one's; by others, or unsigned, it is nobody's.
    let [file] = &kept_files(&here, "spool")[..] else { panic!("one is kept") };
    let mut body: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    body.as_object_mut().unwrap().remove("v");
    let again = body.to_string();
    let reply = here.ask(Call::post("revocation-officer", "/status-orders", again.as_bytes()));
    assert_eq!((reply.status, &reply.json()["received"]), (202, &receipt["received"]));
    let reply = here.ask(Call::post("approver", "/status-orders", again.as_bytes()));
    assert_eq!(reply.problem(), (403, "auth.role".into()));
    body["jws"] = "{}".into();
    let reply = here.ask(Call::post("revocation-officer", "/status-orders", body.to_string().as_bytes()));
    assert_eq!(reply.problem(), (422, "request.invalid".into()));
    assert_eq!(kept_files(&here, "spool").len(), 1);
    // Of a CA that did not issue it, which nobody can know now.
    let mistaken = ["certificate", "suspend", &serial, "--ca", "seal"];
    let words = here.must(&[&mistaken[..], &ASKED, &OFFICER].concat());
    assert!(words.contains("NOT IN FORCE") && words.contains("judged again"), "{words}");
    eventually(|| here.health().contains("2 kept here and not in force"), || here.health());

    server.psql("postgres", &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    wait_for(|| told(&here, &serial, "revoked"));
    eventually(|| kept_files(&here, "spool").is_empty(), || here.log());
    assert_eq!(events(&here), "1|1|1");
    eventually(|| part(&here).to_string().contains("1 turned down at takeover"), || part(&here).to_string());
    // The operator has looked at what was turned down.
    let [aside] = &kept_files(&here, "spool/refused")[..] else { panic!("one is laid aside") };
    fs::remove_file(aside).unwrap();
    eventually(|| part(&here)["state"] == "ok", || part(&here).to_string());
    here.signatures_hold();
    serving.stop();
}

/// Has a request kept; the receipt.
#[track_caller]
fn keep(here: &Installation, what: &[&str]) -> Value {
    let output = here.must(&[&["certificate"], what, &ASKED, &OFFICER, &["--json"]].concat());
    serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
}

fn told(here: &Installation, serial: &str, status: &str) -> Result<(), String> {
    let told = here.ocsp(serial);
    if told.contains(&format!(": {status}")) { Ok(()) } else { Err(format!("{told}\n{}", here.log())) }
}

fn part(here: &Installation) -> Value {
    health(here, "status orders")
}

fn kept_files(here: &Installation, folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(here.file(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// How many requests by telephone came, how many were taken over, how many turned down.
fn events(here: &Installation) -> String {
    let text = crate::roles::event(here);
    let count = |like: &str| format!("(SELECT count(*) FROM audit_events WHERE {text} LIKE '{like}')");
    here.sql(&format!(
        "SELECT {}, {}, {}",
        count("%telephone%\"kind\":\"status-requested\"%"),
        count("%status-request-taken-over%"),
        count("%status-request-refused%")
    ))
}
