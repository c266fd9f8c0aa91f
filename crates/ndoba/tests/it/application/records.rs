//! What is kept of a person: all of it can be taken out, nobody else is told, and it ends when the law's time has passed.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::api::Call;
use crate::installation::{Engine, Installation};
use crate::program::wait_for;

on_both_engines!(
    a_record_is_whole_and_is_erased_when_its_time_has_passed,
    logs_and_public_addresses_know_nobody,
);

const NUMBER: &str = "01001012345";
const OFFICER: [&str; 2] = ["--as", "officers/registration-officer.pem"];

/// K-P11 with the wall clock ten and more years ahead.
fn a_record_is_whole_and_is_erased_when_its_time_has_passed(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    let serial = here.issue(NUMBER);
    assert!(here.suspend(&serial).status.success());
    // One that came to nothing.
    let given_up = here.apply("01001054321");
    here.must(&["application", "withdraw", &given_up, OFFICER[0], OFFICER[1]]);

    here.must(&["application", "record", NUMBER, "--out", "record", OFFICER[0], OFFICER[1]]);
    let record: Value = serde_json::from_str(&here.read_text("record/record.json")).unwrap();
    let case = &record["cases"][0];
    assert_eq!(case["application"]["content"]["subject"]["personal_number"], NUMBER, "{record}");
    assert_eq!(case["certificates"][0]["serial"], serial.as_str(), "{record}");
    let orders = case["orders"].as_array().unwrap();
    let kinds: Vec<&str> = orders.iter().map(|order| order["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["issue", "suspend"], "{record}");
    assert_eq!(orders[0]["signatures"].as_array().unwrap().len(), 2);
    // The request with its clock, and the certificate as it is fetched.
    let request = &case["requests"][0];
    assert_eq!(
        (&request["serial"], &request["clock"]["order"]),
        (&serial.as_str().into(), &orders[1]["order_id"])
    );
    assert!(request["channel"].is_string() && request["clock"]["carried_out"].is_string(), "{request}");
    let id = case["application"]["id"].as_str().unwrap();
    here.download(&serial, "one.der");
    assert_eq!(here.read(&format!("record/{id}/{serial}.der")), here.read("one.der"));
    // Each item of evidence opens to the digest that the order names.
    let evidence = case["evidence"].as_array().unwrap();
    assert!(evidence.len() >= 5, "{record}");
    for item in evidence {
        fs::write(here.file("item"), item["content"].as_str().unwrap()).unwrap();
        let digest = here.openssl(&["dgst", "-sha256", "-r", "item"]);
        assert_eq!(digest.split(' ').next(), item["digest"].as_str());
        let order = orders.iter().find(|order| order["order_id"] == item["order"]).unwrap();
        assert!(order["content"].as_str().unwrap().contains(item["digest"].as_str().unwrap()));
    }
    let unknown =
        here.must_not(&["application", "record", "01001099999", "--out", "x", OFFICER[0], OFFICER[1]]);
    assert!(unknown.contains("subject.unknown"), "{unknown}");
    // Every read of it is an event.
    let reads = count(&here, "\"record\"");
    assert!(reads >= 1, "{reads}");
    serving.stop();
    // A signed copy for each, as from before there was a data key.
    here.sql("INSERT INTO copies SELECT id, id, 'application/pdf', id, opened_by, 0, NULL FROM applications");

    let rows = |table: &str| here.sql(&format!("SELECT count(*) FROM {table}")).parse::<usize>().unwrap();
    let (applications, evidence) = (rows("applications"), rows("evidence"));
    let proofs = ["certificates", "orders", "order_signatures", "certificate_status"].map(rows);
    assert_eq!(applications, 2);

    // 3900 days on: what came to nothing is over; the certificate ended a year after its record was made.
    ahead(&here, 3900, 1);
    // Its signed copy, and the one from before.
    assert_eq!((rows("applications"), rows("copies")), (1, 2));
    assert!(rows("evidence") < evidence && rows("evidence") > 0);
    // The start has sealed what was in clear.
    assert_eq!(here.sql("SELECT DISTINCT data_key FROM copies"), "1");
    // 4500 days on: that is over too.
    ahead(&here, 4500, 2);
    assert_eq!(["applications", "evidence", "copies"].map(rows), [0; 3]);
    assert_eq!(["certificates", "orders", "order_signatures", "certificate_status"].map(rows), proofs);
}

/// Serves so many days from now until this many records were erased in all.
fn ahead(here: &Installation, days: u32, erased: usize) {
    let (library, offset) = (library().display().to_string(), format!("+{days}d"));
    let variables =
        [("LD_PRELOAD", library.as_str()), ("FAKETIME", &offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
    let serving = here.start_with("ndoba.toml", &variables);
    wait_for(|| match count(here, "personal-data-erased") {
        now if now >= erased => Ok(()),
        now => Err(format!("{now} erased\n{}", here.log())),
    });
    serving.stop();
    assert_eq!(count(here, "personal-data-erased"), erased);
}

fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path());
    let mut found =
        folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).filter(|path| path.exists());
    found.next().expect("libfaketime; run `cargo xtask setup`")
}

fn count(here: &Installation, words: &str) -> usize {
    let event = if here.is_on_postgresql() { "convert_from(event, 'UTF8')" } else { "CAST(event AS TEXT)" };
    here.sql(&format!("SELECT count(*) FROM audit_events WHERE {event} LIKE '%{words}%'")).parse().unwrap()
}

/// K-P13, P-14: whether the subscriber consented or not, no log line of a whole run, no event of the audit log and no
/// public address names them.
fn logs_and_public_addresses_know_nobody(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    let serial = here.issue(NUMBER);
    // What officers do in a day, refusals among it.
    here.prepare(crate::installation::Subject::Person(NUMBER));
    let wrong = here.read_text("person.toml").replace("n@example.ge", "nobody");
    fs::write(here.file("wrong.toml"), wrong).unwrap();
    here.must_not(&[
        "application",
        "new",
        "--file",
        "wrong.toml",
        "--csr",
        "person.csr",
        OFFICER[0],
        OFFICER[1],
    ]);
    here.ask(Call::get("registration-officer", &format!("/applications?subject={NUMBER}")));
    here.ask(Call::get("registration-officer", &format!("/certificates?subject={NUMBER}")));
    here.must(&["application", "record", NUMBER, "--out", "record", OFFICER[0], OFFICER[1]]);
    here.must(&["application", "list", OFFICER[0], OFFICER[1]]);
    assert!(here.suspend(&serial).status.success());
    assert!(here.release(&serial).status.success());
    assert!(here.revoke(&serial).status.success());

    let personal = [NUMBER, "ნინო", "ბერიძე", "n@example.ge", "12IA34567", "გიორგი"];
    for path in [
        format!("/certificates/{serial}"),
        format!("/certificate/{serial}.cer"),
        format!("/issuer/{serial}.cer"),
        format!("/api/v1/certificates/{serial}"),
        format!("/pki/{serial}"),
        format!("/certificates?subject={NUMBER}"),
    ] {
        let url = format!("http://{}{path}", here.public());
        let arguments =
            ["--silent", "--noproxy", "*", "--output", "answer", "--write-out", "%{http_code}", &url];
        assert_eq!(crate::program::must(here.folder(), "curl", &arguments), "404", "{path}");
    }
    third_parties_see_what_the_subscriber_lets_them(&here, &serial);
    let page = format!("http://{}/pki", here.public());
    let page = crate::program::must(here.folder(), "curl", &["--silent", "--noproxy", "*", &page]);
    serving.stop();
    let log = here.log();
    assert!(log.lines().count() > 5, "{log}");
    let event = if here.is_on_postgresql() { "convert_from(event, 'UTF8')" } else { "CAST(event AS TEXT)" };
    for word in personal {
        assert!(!log.contains(word), "the log has {word}: {log}");
        assert!(!page.contains(word), "/pki has {word}: {page}");
        let events = here.sql(&format!("SELECT count(*) FROM audit_events WHERE {event} LIKE '%{word}%'"));
        assert_eq!(events, "0", "an event has {word}");
    }
}

/// P-14, DIS-6.1-01B: from the delivery on, with consent, revoked or not, and until it is taken back.
fn third_parties_see_what_the_subscriber_lets_them(here: &Installation, serial: &str) {
    let url = format!("http://{}/certificates/{serial}", here.public());
    let status = || {
        let arguments =
            ["--silent", "--noproxy", "*", "--output", "shown.der", "--write-out", "%{http_code}", &url];
        crate::program::must(here.folder(), "curl", &arguments)
    };
    let publication = |more: &[&str]| {
        let tell = ["certificate", "publication", serial, OFFICER[0], OFFICER[1]];
        here.run(&[&tell[..], more].concat())
    };
    let early = publication(&["--consent", "given"]);
    assert!(crate::program::said(&early).contains("application.state"), "{early:?}");
    let shown = here.ask(Call::get("registration-officer", &format!("/certificates/{serial}"))).json();
    here.must(&["application", "deliver", shown["application"].as_str().unwrap(), OFFICER[0], OFFICER[1]]);
    assert_eq!(status(), "404", "the subscriber did not say so");
    let given = crate::program::said(&publication(&["--consent", "given"]));
    assert!(given.contains("shown to third parties since"), "{given}");
    assert_eq!(status(), "200");
    here.download(serial, "own.der");
    assert_eq!(here.read("shown.der"), here.read("own.der"));
    let withdrawn = crate::program::said(&publication(&["--consent", "withdrawn"]));
    assert!(withdrawn.contains("shown to officers only"), "{withdrawn}");
    assert_eq!(status(), "404");
}
