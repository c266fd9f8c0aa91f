//! What the CA does when its token is away, and when its accounts do not agree.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::accounts::{self, LogOnPanic, reconcile};
use crate::installation::{Engine, Installation};

on_both_engines!(while_the_token_is_away_nothing_is_intended);

const PATIENCE: Duration = Duration::from_secs(60);

/// A token that is away piles up no intents, however often the process is killed meanwhile; revocations do not wait
/// behind the orders that it holds up, and those are carried out when it returns.
fn while_the_token_is_away_nothing_is_intended(engine: Engine) {
    let here = Installation::on(engine);
    let _log = LogOnPanic(&here);
    let serving = here.serve(None);
    let serials = [here.issue("01001012350"), here.issue("01001012351"), here.issue("01001012352")];
    let before = accounts::settled(&here);
    drop(serving);

    // The order waits: the process dies before it intends anything.
    let mut serving = here.serve(Some("before-intent"));
    let application = here.apply("01001012353");
    here.run(&["application", "approve", &application, "--as", "officers/approver.pem", "--yes"]);
    serving.await_end();
    drop(serving);

    // SoftHSM keeps its tokens in a folder: a token that is pulled out is one that is not there.
    let (tokens, drawer) = (here.file("tokens"), here.file("drawer"));
    fs::rename(&tokens, &drawer).unwrap();
    for serial in &serials {
        let serving = here.serve(None);
        // A revocation that is carried out shows that the CA has looked at all orders: each step looks at both queues.
        let revoked = here.revoke(serial);
        assert!(revoked.status.success(), "{revoked:?}");
        assert!(here.shown(serial).contains("revoked"));
        drop(serving);
    }
    let said = reconcile(&here, &["--json"]);
    let intents: u64 =
        said["keys"].as_array().unwrap().iter().map(|key| key["intents"].as_u64().unwrap()).sum();
    assert_eq!(intents, before.intents, "{said:#}");

    // It returns while the CA serves.
    let serving = here.serve(None);
    fs::rename(&drawer, &tokens).unwrap();
    // Nor was the data key's token there when this process was started (ADR 0020).
    let show = ["application", "show", &application, "--as", "officers/approver.pem"];
    here.await_that("the records", || here.run(&show).status.success());
    here.await_certificate(&application);
    for serial in &serials {
        here.await_listed(serial);
    }
    let now = accounts::settled(&here);
    assert_eq!((now.orders, now.lost_under_orders), (before.orders + 1, 0), "{now:?}");
    drop(serving);
}

/// A certificate that no attempt of the CA signed is in the database: issuing stops, and it alone.
#[test]
fn accounts_that_disagree_stop_issuing_and_nothing_else() {
    let here = Installation::on(Engine::Sqlite);
    let _log = LogOnPanic(&here);
    let serving = here.serve(None);
    let serial = here.issue("01001012360");
    drop(serving);
    let count_alarms = "SELECT count(*) FROM audit_events WHERE instr(event, 'accounts-disagree') > 0";
    assert_eq!(sql(&here, count_alarms), "0");

    sql(
        &here,
        "INSERT INTO certificates (ca, serial, ceremony, kind, tbs_digest, profile, profile_digest, lint, subject_name,
            name_owner, spki, not_before, not_after, recorded, der, issued)
         SELECT ca, x'4242', tbs_digest, kind, tbs_digest, profile, profile_digest, lint, subject_name,
            name_owner, spki, not_before, not_after, recorded, der, issued
         FROM certificates WHERE order_id IS NOT NULL",
    );
    // And the token counted more than was intended: the key was used behind the ledger's back.
    sql(
        &here,
        "UPDATE key_counts SET signatures = signatures + 100 WHERE node = 'ceremony' AND key_label = 'seal/ca/1'",
    );
    let output = here.run(&["ca", "reconcile", "--config", "ndoba.toml"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("VIOLATION certificate-without-intent signature:4242: "), "{said}");
    assert!(said.contains("VIOLATION more-signatures-than-intents seal/ca/1:"), "{said}");

    // So does the judge that shares no code with it.
    assert_eq!(accounts::judge(&here)["faults"], json!(["signature:4242 was never intended"]));

    let serving = here.serve(None);
    let start = Instant::now();
    let red = loop {
        let ready = health(&here);
        let ca =
            ready["checks"].as_array().and_then(|checks| checks.iter().find(|check| check["name"] == "ca"));
        match ca {
            Some(check) if check["state"] != "ok" => break check.to_string(),
            Some(_) | None => assert!(start.elapsed() < PATIENCE, "{ready:#}"),
        }
        sleep(Duration::from_millis(100));
    };
    assert!(red.contains("more-signatures-than-intents seal/ca/1:") && red.contains("2 in all"), "{red}");
    assert_eq!(sql(&here, count_alarms), "2");

    // An order waits, and the officer is told so, as while a token is away; a revocation goes through, and its CRL.
    let application = here.apply("01001012361");
    let told = here.run(&["application", "approve", &application, "--as", "officers/approver.pem", "--yes"]);
    assert!(String::from_utf8_lossy(&told.stderr).contains("does not answer"), "{told:?}");
    assert!(here.revoke(&serial).status.success());
    here.await_listed(&serial);
    let shown = here.must(&["application", "show", &application, "--as", "officers/approver.pem"]);
    assert!(shown.trim().ends_with("yet"), "{shown}");
    drop(serving);
}

fn health(here: &Installation) -> Value {
    let configured = fs::read_to_string(here.file("ndoba.toml")).unwrap();
    let address = configured.lines().find_map(|line| line.strip_prefix("operator = ")).unwrap();
    let url = format!("http://{}/health/ready", address.trim_matches('"'));
    let output = Command::new("curl").args(["--silent", "--noproxy", "*", &url]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// SQL past the product, as somebody would send it who may write in the database; its first value.
fn sql(here: &Installation, statement: &str) -> String {
    let program = "import sqlite3, sys\n\
                   connection = sqlite3.connect(sys.argv[1])\n\
                   row = connection.execute(sys.argv[2]).fetchone()\n\
                   connection.commit()\n\
                   print(row[0] if row else '')";
    let output = accounts::python()
        .args(["-c", program])
        .arg(here.file("ndoba.sqlite"))
        .arg(statement)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
