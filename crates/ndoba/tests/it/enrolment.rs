//! An officer makes a key on a machine of their own and presents it with a one-time code; two security officers appoint
//! them, or nobody does (design §3, ADR 0019).

use std::fs;

use ndoba_testkit::Judge;
use serde_json::Value;

use crate::api::Call;
use crate::installation::{Engine, Installation};
use crate::program::{self, said};

const SECURITY: [&str; 2] = ["--as", "officers/security-1.pem"];

#[test]
fn an_officers_key_is_made_by_its_officer() {
    let here = Installation::on(Engine::Sqlite);
    let door = format!("127.0.0.1:{}", ndoba_testkit::free_port().unwrap());
    here.configure("ndoba.toml", "[listen]", &format!("[listen]\nenrolment = \"{door}\""));
    let serving = here.serve(None);
    let url = format!("https://{door}");
    let [own, thief, next] = ["own", "thief", "next"].map(|name| {
        let (key, csr) = (format!("{name}.key"), format!("{name}.csr"));
        here.openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key]);
        here.openssl(&["req", "-new", "-key", &key, "-subj", "/CN=x", "-out", &csr]);
        csr
    });
    let [officer, code] = invite(&here);
    let at_door = |csr: &str| {
        [
            "--url".into(),
            url.clone(),
            "--api-ca".into(),
            "officers/operations-ca.pem".into(),
            "--csr".into(),
            csr.to_owned(),
        ]
    };
    let run = |what: &[&str], csr: &str| {
        let door = at_door(csr);
        here.run(&[what, &door.iter().map(String::as_str).collect::<Vec<_>>()].concat())
    };
    let enrol = |csr: &str| {
        let key = csr.replace(".csr", ".key");
        let accepts = ["--terms", "terms.json", "--csr-key", &key, "--yes"];
        run(&[&["officer", "enrol", "--code-file", "code"], &accepts[..]].concat(), csr)
    };
    let grant = grant(&officer);
    assert!(here.must_not(&grant).contains("no key was presented"));

    // Who accepts other roles than the security officers mean is told so, and the code is as good as before.
    let terms = here.read_text("terms.json");
    fs::write(here.file("terms.json"), terms.replace("approver", "auditor")).unwrap();
    assert!(said(&enrol(&own)).contains("grant-not-accepted"), "{}", said(&enrol(&own)));
    fs::write(here.file("terms.json"), terms).unwrap();
    let first = enrol(&own);
    assert!(first.status.success() && said(&first).contains(&officer), "{}", said(&first));
    // Used up: for whoever has read the code too, and with the same words as for a code that never was.
    let second = said(&enrol(&thief));
    fs::write(here.file("code"), "0000-0000-0000-0000").unwrap();
    assert!(second.contains("enrolment.no-match"), "{second}");
    assert_eq!(said(&enrol(&thief)), second);

    // Nothing follows of itself: no certificate, no officer, no grant.
    let fetch = |csr: &str| run(&["officer", "fetch-certificate", "--out", "own.crt"], csr);
    assert!(said(&fetch(&own)).contains("certificate.unknown"));
    let certify = ["officer", "certify", "--config", "ndoba.toml", &officer];
    assert!(here.must_not(&certify).contains("have not appointed"));
    let fingerprint = said(&first).split_whitespace().last().unwrap().to_owned();
    let listed = here.must(&[&["officer", "enrolments"], &SECURITY[..]].concat());
    assert!(listed.contains(&format!("{officer} presented")) && listed.contains(&fingerprint), "{listed}");

    // A row that somebody changed by hand shows another key to the security officers, and the TLS certificate goes to none
    // but the key that they signed for.
    here.must(&grant);
    let spki = here.sql("SELECT hex(spki) FROM officer_enrolments");
    here.sql("UPDATE officer_enrolments SET spki = X'3000'");
    assert!(here.must_not(&certify).contains("have not appointed"));
    here.sql(&format!("UPDATE officer_enrolments SET spki = X'{spki}'"));

    here.must(&certify);
    let event = crate::roles::event(&here);
    let certified =
        format!("SELECT count(*) FROM audit_events WHERE {event} LIKE '%{officer}%officer-certified%'");
    assert_eq!(here.sql(&certified), "1");
    assert!(fetch(&own).status.success());
    assert!(said(&fetch(&thief)).contains("certificate.unknown"));
    fs::write(here.file("officers/own.pem"), here.read_text("own.key") + &here.read_text("own.crt")).unwrap();
    let me = here.must(&["officer", "whoami", "--as", "officers/own.pem"]);
    assert!(me.contains(&officer) && me.contains("approver"), "{me}");
    let enrolments = here.ask(Call::get("security-1", "/enrolments")).json()["items"].clone();
    assert_eq!((&enrolments[0]["state"], &enrolments[0]["key"]), (&"appointed".into(), &fingerprint.into()));

    // The officer's next key takes the place of the one before: nobody is two officers, and the old key opens nothing more.
    let [enrolment, _] = invite(&here);
    assert!(enrol(&next).status.success());
    let again = self::grant(&enrolment);
    assert!(here.must_not(&again).contains("under another identifier"));
    here.must(&[&again[..], &["--replaces", &officer]].concat());
    here.must(&["officer", "certify", "--config", "ndoba.toml", &enrolment]);
    assert!(fetch(&next).status.success());
    fs::write(here.file("officers/next.pem"), here.read_text("next.key") + &here.read_text("own.crt"))
        .unwrap();
    assert_eq!(here.must(&["officer", "whoami", "--as", "officers/next.pem"]), me);
    here.must_not(&["officer", "whoami", "--as", "officers/own.pem"]);

    keeps_its_description(&here, &url);
    // Ten tries in ten minutes from one address: those above, and what the tester made of the rest.
    let more = (0..10).map(|_| said(&enrol(&thief))).find(|said| !said.contains("enrolment.no-match"));
    assert!(more.as_ref().is_some_and(|said| said.contains("; ask again in ")), "{more:?}");
    assert!(!here.log().contains(&code), "a code is in the log");
    serving.stop();
}

/// Opens an enrolment, whose code goes into the file `code`: its identifier, and the code.
fn invite(here: &Installation) -> [String; 2] {
    let invite =
        ["officer", "invite", "--name", "ნინო", "--roles", "approver", "--terms", "terms.json", "--json"];
    let invited: Value = serde_json::from_str(&here.must(&[&invite[..], &SECURITY].concat())).unwrap();
    let [officer, code] = ["officer", "code"].map(|member| invited[member].as_str().unwrap().to_owned());
    fs::write(here.file("code"), &code).unwrap();
    [officer, code]
}

/// What two security officers call to appoint who presented a key.
fn grant(enrolment: &str) -> Vec<&str> {
    let grant = ["officer", "grant", "--second", "officers/security-2.pem", "--enrolment", enrolment];
    [&grant[..], &["--personal-number", "01001000601", "--vetting", "HR 5", "--yes"], &SECURITY].concat()
}

/// The door against its own description, as for the officers' API.
fn keeps_its_description(here: &Installation, url: &str) {
    let described = here.file("door.json").display().to_string();
    let get = [
        "--silent",
        "--fail",
        "--noproxy",
        "*",
        "--cacert",
        "officers/operations-ca.pem",
        "--output",
        &described,
    ];
    program::must(here.folder(), "curl", &[&get[..], &[&format!("{url}/api/v1/openapi.json")]].concat());
    let script = Judge::script("contract.py").display().to_string();
    let run = [&script, "run", "door.json", "--url", url, "--tls-verify", "officers/operations-ca.pem"];
    let bounds =
        ["--max-examples", "5", "--seed", "20261127", "--max-time", "10", "--no-shrink", "--no-color"];
    let how = ["--phases", "examples,coverage,fuzzing", "--checks", crate::contract::CHECKS];
    let quiet = ["--suppress-health-check", "all", "--generation-database", "none", "--warnings", "off"];
    let arguments = [&run[..], &bounds, &how, &quiet].concat();
    let output = program::run(here.folder(), Judge::python(), &arguments);
    assert!(output.status.success(), "{}\n{}", said(&output), here.log());
}
