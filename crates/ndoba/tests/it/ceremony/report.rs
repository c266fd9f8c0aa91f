//! The report's own form, and what it says of files.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::installation::Installation;

pub(crate) fn read(here: &Installation) -> Value {
    serde_json::from_slice(&here.read("ceremony/report.json")).unwrap()
}

/// The entries of one of the report's lists.
pub(crate) fn list<'r>(report: &'r Value, name: &str) -> &'r [Value] {
    report[name].as_array().unwrap_or_else(|| panic!("{name}"))
}

pub(crate) fn text<'r>(entry: &'r Value, name: &str) -> &'r str {
    let text = entry[name].as_str().unwrap_or_else(|| panic!("{name} in {entry}"));
    assert!(!text.trim().is_empty(), "{name} is empty in {entry}");
    text
}

/// GEN-6.5.1-13A: roles, functions and phases, responsibilities, evidence, date, keys, devices and their settings.
pub(crate) fn has_every_field(report: &Value) {
    assert_eq!((&report["version"], text(report, "mode")), (&1.into(), "development"));
    for name in ["installation", "place", "date", "plan", "software"] {
        text(report, name);
    }
    assert!(text(report, "date").ends_with('Z'));
    // Who does what in which phase, and who of them comes from outside.
    let mut roles = BTreeSet::new();
    let mut at_work = Vec::new();
    for participant in list(report, "participants") {
        text(participant, "name");
        text(participant, "responsibility");
        let role = text(participant, "role");
        assert_eq!(participant["external"], role == "independent witness", "{participant}");
        roles.insert(role);
        for phase in list(participant, "phases") {
            at_work.push((role, phase.as_str().unwrap()));
        }
    }
    assert_eq!(roles, BTreeSet::from(["independent witness", "operator", "security officer"]));

    let mut phases = BTreeSet::new();
    let mut before = "";
    for (place, step) in list(report, "steps").iter().enumerate() {
        assert_eq!(step["number"], place + 1, "{step}");
        for name in ["description", "evidence"] {
            text(step, name);
        }
        let at = text(step, "at");
        assert!(before <= at && at <= text(report, "date"), "in order of time: {step}");
        before = at;
        phases.insert(text(step, "phase"));
    }
    let expected = BTreeSet::from(["appointment", "certification", "key-generation", "publication"]);
    assert_eq!(phases, expected);
    for phase in phases {
        let together = at_work.iter().filter(|one| **one == ("security officer", phase)).count();
        assert_eq!(together, 2, "{phase} is under the control of two (P-04)");
    }

    // Two of them signed that they are there, after they were pinned and before the first key (GEN-6.4.3-02).
    let session = &report["session"];
    assert_eq!(text(session, "statement").matches(text(report, "plan")).count(), 1, "{session}");
    let there: BTreeSet<_> = list(session, "officers").iter().map(|one| one.as_str().unwrap()).collect();
    let pinned: BTreeSet<_> = list(report, "officers").iter().map(|one| text(one, "officer")).collect();
    assert_eq!((there, list(session, "signatures").len()), (pinned, 2));
    let steps = list(report, "steps");
    assert!(text(&steps[1], "evidence").contains(text(session, "sha256")), "{}", steps[1]);
    assert!(steps.iter().skip(2).any(|step| step["phase"] == "key-generation"));
    assert!(steps.iter().take(2).all(|step| step["phase"] == "appointment"));

    // Who signs it: both security officers, and somebody independent for the root (GEN-6.5.1-14).
    let mut signers: Vec<_> = list(report, "signatures").iter().map(|slot| text(slot, "role")).collect();
    signers.sort_unstable();
    assert_eq!(signers, ["independent witness", "security officer", "security officer"]);
}

/// For people: every value of the inventory, and the digest of the JSON.
pub(crate) fn text_tells_the_json(here: &Installation, report: &Value) {
    let told = here.read_text("ceremony/report.txt");
    let digest = here.openssl(&["dgst", "-sha256", "-r", "ceremony/report.json"]);
    assert!(told.contains(digest.split(' ').next().unwrap()), "{told}");
    for name in ["statement", "sha256"] {
        assert!(told.contains(text(&report["session"], name)), "{name}: {told}");
    }
    for (entries, names) in [
        ("participants", &["name", "role", "responsibility"][..]),
        ("hsms", &["token", "serial", "manufacturer", "model", "firmware", "settings"]),
        ("keys", &["label", "id", "token", "algorithm", "mechanism", "fingerprint"]),
        ("certificates", &["subject", "issuer", "serial", "sha256", "not_before", "not_after"]),
        ("officers", &["name", "officer", "key"]),
        ("steps", &["at", "description", "evidence"]),
    ] {
        for entry in list(report, entries) {
            for name in names {
                assert!(told.contains(text(entry, name)), "{entries}: {name} of {entry}");
            }
        }
    }
}

/// Every certificate file that the ceremony made, and no other.
pub(crate) fn certificates_are_the_files(here: &Installation, report: &Value) {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(here.file("pki")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".pub.pem") {
            files.insert(format!("pki/{name}"));
        }
    }
    let stated = list(report, "certificates");
    assert_eq!(stated.len(), files.len(), "{files:?}");
    for file in files {
        let shown = here.openssl(&[
            "x509",
            "-in",
            &file,
            "-noout",
            "-fingerprint",
            "-sha256",
            "-serial",
            "-startdate",
            "-enddate",
            "-dateopt",
            "iso_8601",
            "-subject",
            "-nameopt",
            "utf8,multiline",
        ]);
        let value = |name: &str| {
            let line = shown.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("{name} in {shown}")).trim_start_matches('=').to_lowercase()
        };
        let sha256 = value("sha256 Fingerprint").replace(':', "");
        let entry = stated.iter().find(|entry| text(entry, "sha256") == sha256);
        let entry = entry.unwrap_or_else(|| panic!("{file} is not in the report: {shown}"));
        assert_eq!(text(entry, "serial").to_lowercase(), value("serial"), "{file}");
        for (name, label) in [("not_before", "notBefore"), ("not_after", "notAfter")] {
            let stated = text(entry, name).replace('T', " ").to_lowercase();
            assert_eq!(stated.split(['.', 'z']).next(), value(label).split('z').next(), "{file}");
        }
        let subject = text(entry, "subject");
        assert!(subject.contains("TEST"), "made in development: {subject}");
        for line in shown.lines().filter(|line| line.starts_with("    ")) {
            let (_, part) = line.split_once('=').unwrap();
            assert!(subject.contains(part.trim()), "{part} is not in {subject}");
        }
        // Named by the issuer's short name, which is a file's.
        let issuer = format!("pki/{}.pem", text(entry, "issuer"));
        let verify = ["verify", "-x509_strict", "-partial_chain", "-trusted", &issuer];
        assert!(here.openssl(&[&verify[..], &[&file]].concat()).contains(": OK"));
    }
}

/// The keys of the first security officers, as their own files have them and as the CA is told.
pub(crate) fn officers_are_pinned(here: &Installation, report: &Value) {
    let pin = here.read_text("officers.pin.json");
    assert_eq!(list(report, "officers").len(), 2);
    for (place, officer) in list(report, "officers").iter().enumerate() {
        let file = format!("officers/security-{}.pem", place + 1);
        here.openssl(&["x509", "-in", &file, "-noout", "-pubkey", "-out", "officer.pub"]);
        here.openssl(&["pkey", "-pubin", "-in", "officer.pub", "-outform", "DER", "-out", "officer.der"]);
        let digest = here.openssl(&["dgst", "-sha256", "-r", "officer.der"]);
        assert_eq!(digest.split(' ').next(), Some(text(officer, "key")));
        assert!(pin.contains(text(officer, "officer")), "{pin}");
    }
    let digest = here.openssl(&["dgst", "-sha256", "-r", "officers.pin.json"]);
    let stated = list(report, "steps").iter().map(|step| text(step, "evidence"));
    assert!(stated.into_iter().any(|said| said.ends_with(digest.split(' ').next().unwrap())));
}

/// The digest of the report is in the audit log, beside the plan's.
pub(crate) fn is_in_the_log(here: &Installation, report: &Value) {
    let digest = here.openssl(&["dgst", "-sha256", "-r", "ceremony/report.json"]);
    let serving = here.serve(None);
    let log = here.export_log("log.jsonl");
    serving.stop();
    let finished = log.lines().find(|line| line.contains("ceremony-finished")).expect("its end is an event");
    assert!(finished.contains(digest.split(' ').next().unwrap()), "{finished}");
    assert!(finished.contains(text(report, "plan")), "{finished}");
    assert_eq!(log.matches("ceremony-step-done").count(), list(report, "steps").len());
}
