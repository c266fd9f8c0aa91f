//! Other pinned security officers, by a ceremony and the configuration, and by nothing else (design §3, ADR 0026).

use std::fs;

use serde_json::Value;

use crate::api::Call;
use crate::installation::{Installation, Serving};
use crate::program::{self, eventually, said, wait_for};

const TWO_OF_BEFORE: [&str; 4] = ["--as", "officers/security-1.pem", "--second", "officers/security-2.pem"];

/// With two of before, then without; and once as a row of the database. Ends with a register that nobody believes.
pub(super) fn the_pin_is_replaced(here: &Installation, serving: Serving) {
    let first = here.pin();
    let second = with_two_of_before(here, serving, &first);
    let serving = by_witnesses_alone(here, &first, &second);
    approval_by_a_pin_in_the_database(here);
    drop(serving);
}

/// As whom the register knows those who are pinned: nobody, or by the key that they bring.
const NOBODY: [&str; 4] = ["--known-as", "-", "--known-as", "-"];

/// `ndoba ceremony replace-pin` for `officers/<a>.pem` and `officers/<b>.pem`, known as nobody.
fn ceremony<'a>(officers: [&'a str; 2], out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    ceremony_of_known(officers, out, &[&NOBODY, more].concat())
}

/// The same with words that say as whom.
fn ceremony_of_known<'a>(officers: [&'a str; 2], out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let file = |name: &str| -> &'static str { format!("officers/{name}.pem").leak() };
    let [a, b] = officers;
    let command =
        ["ceremony", "replace-pin", "--config", "ndoba.toml", "--reason", "a drill", "--out", out, "--yes"];
    let pinned = ["--officer", file(a), "--name", a, "--officer", file(b), "--name", b];
    [&command[..], &pinned, more].concat()
}

fn with_two_of_before(here: &Installation, serving: Serving, first: &str) -> String {
    for name in ["next-1", "next-2"] {
        let out = format!("officers/{name}.pem");
        here.must(&["officer", "new", "--config", "ndoba.toml", "--name", name, "--out", &out]);
    }
    let hold = |officers, more: &[&str]| here.must_not(&ceremony(officers, "ceremony/pin-2", more));
    let new = ["next-1", "next-2"];
    // Nobody but two security officers of before, or witnesses; different officers with keys of their own.
    let one = ["--as", "officers/security-1.pem", "--second", "officers/security-1.pem"];
    assert!(hold(new, &one).contains("of the same person"));
    let other = ["--as", "officers/security-1.pem", "--second", "officers/approver.pem"];
    assert!(hold(new, &other).contains("not a security officer"));
    assert!(hold(new, &[]).contains("--as <KEY>"));
    assert!(hold(new, &["--lost"]).contains("--witness <NAME>"));
    assert!(hold(["next-1", "next-1"], &TWO_OF_BEFORE).contains("members are not those of its kind"));
    assert!(!here.file("ceremony/pin-2").exists());
    let said = here.must(&ceremony(new, "ceremony/pin-2", &TWO_OF_BEFORE));
    let pin = said.lines().next().unwrap().strip_prefix("pin sha256 ").unwrap().to_owned();
    let report = here.read_text("ceremony/pin-2/report.txt");
    assert!(
        report.contains(&pin) && report.contains(first) && !report.contains("NO SECURITY OFFICER"),
        "{report}"
    );

    // It changed nothing: what nobody configured nobody takes up, whoever brings it.
    let adopt = |officer: &str| {
        let officer = format!("officers/{officer}.pem");
        here.run(&["officer", "adopt-pin", "ceremony/pin-2/document.json", "--as", &officer])
    };
    assert!(program::said(&adopt("security-1")).contains("the configuration does not name this pin"));
    assert!(program::said(&adopt("next-1")).contains("ndoba: "));
    // Configured: who was pinned before is out of office at once, everybody else goes on.
    serving.stop();
    fs::copy(here.file("ceremony/pin-2/officers.pin.json"), here.file("officers.pin.json")).unwrap();
    let serving = here.serve(None);
    let revoker =
        here.ask(Call::get("revocation-officer", "/whoami")).json()["officer"].as_str().unwrap().to_owned();
    let end = |officer: &str| {
        let officer = format!("officers/{officer}.pem");
        here.must_not(&["officer", "end", &revoker, "--as", &officer, "--yes"])
    };
    assert_eq!(here.ask(Call::get("security-1", "/whoami")).problem().1, "auth.not-an-officer");
    assert!(end("next-1").contains("the document that pins them comes first"), "{}", end("next-1"));
    here.issue("01001000951");
    the_safe_is_opened(here, ["security-1", "security-2"], Some("is not a security officer now"));
    the_safe_is_opened(here, new, None);
    // The log has their session before it has their pin. Whoever knows the pin of before waits for its document.
    assert_eq!(judged(here, &pin).unwrap()["statements_unseen"], 0);
    assert!(judged(here, first).unwrap_err().contains("officers acted by a pin"));
    let adopted = adopt("next-1");
    assert!(adopted.status.success() && program::said(&adopted).contains("goes on from the new pin"));
    assert!(!adopt("next-1").status.success(), "once");
    // The chain goes on with the new ones.
    let made = ["officer", "new", "--config", "ndoba.toml", "--name", "x", "--out", "officers/by-next.pem"];
    here.must(&made);
    let grant =
        ["officer", "grant", "--officer", "officers/by-next.pem", "--name", "x", "--roles", "auditor"];
    let next = ["--as", "officers/next-1.pem", "--second", "officers/next-2.pem", "--yes"];
    here.must(&[&grant[..], &["--personal-number", "01001000957", "--vetting", "HR 3"], &next].concat());
    here.issue("01001000952");
    // The pin of before is all that an auditor needs: two of before signed.
    for known in [first, &pin] {
        let found = judged(here, known).unwrap();
        assert_eq!((&found["pins_signed"], &found["pins_witnessed"]), (&1.into(), &0.into()), "{found}");
    }
    serving.stop();
    pin
}

/// A draft for the root is signed with these two there, and taken in; or the two are refused.
fn the_safe_is_opened(here: &Installation, officers: [&str; 2], refused: Option<&str>) {
    let [one, other] = officers.map(|name| format!("officers/{name}.pem"));
    let there = ["--as", one.as_str(), "--second", &other, "--yes"];
    if !here.file("window.json").exists() {
        let draft = ["root", "draft", "--config", "ndoba.toml", "--request", "third.csr"];
        here.must(&[&draft[..], &["--out", "window.json"]].concat());
    }
    let signing = here.sign_at_the_safe("window.json", "window.signed.json");
    let signing = [&super::words(&signing)[..], &there].concat();
    if let Some(refused) = refused {
        let said = here.must_not(&signing);
        assert!(said.contains(refused), "{said}");
        return;
    }
    here.must(&signing);
    let import = here.import_from_the_safe("window.signed.json");
    let import = import.iter().map(|word| word.replace("root-ocsp-2", "root-ocsp-3")).collect::<Vec<_>>();
    // The number of the list that was given up is used.
    assert!(here.must(&super::words(&import)).contains("list 4 of root is online"));
}

fn by_witnesses_alone(here: &Installation, first: &str, second: &str) -> Serving {
    for name in ["last-1", "last-2"] {
        let out = format!("officers/{name}.pem");
        here.must(&["officer", "new", "--config", "ndoba.toml", "--name", name, "--out", &out]);
    }
    // One stays with another card: the same officer, whose identifier the register has.
    let serving = here.serve(None);
    let stays = here.ask(Call::get("next-1", "/whoami")).json()["officer"].as_str().unwrap().to_owned();
    serving.stop();
    let lost = ["--lost", "--witness", "Notary public"];
    let both = ["last-1", "last-2"];
    let hold = |known_as: &[&str]| {
        here.must_not(&ceremony_of_known(both, "ceremony/pin-3", &[&lost[..], known_as].concat()))
    };
    // Who is known and not named would be two officers: it must be said of everybody.
    assert!(hold(&[]).contains("--known-as <OFFICER>"));
    assert!(hold(&["--known-as", &stays]).contains("give a --known-as for each --officer"));
    let nobody = "ab".repeat(16);
    assert!(hold(&["--known-as", "-", "--known-as", &nobody]).contains("the register has no such officer"));
    let more = [&lost[..], &["--known-as", &stays, "--known-as", "-"]].concat();
    let told = here.must(&ceremony_of_known(both, "ceremony/pin-3", &more));
    let pin = told.lines().next().unwrap().strip_prefix("pin sha256 ").unwrap().to_owned();
    let report = here.read_text("ceremony/pin-3/report.txt");
    for text in [told.as_str(), &report] {
        assert!(text.contains("NO SECURITY OFFICER OF BEFORE SIGNED THIS"), "{text}");
    }
    assert!(report.contains(&format!("last-1, officer {stays}")), "{report}");
    assert!(report.contains("last-1 held security-officer, which ends with it; last-2 is new"), "{report}");
    assert!(report.contains("Notary public, independent witness: ____"), "{report}");
    fs::copy(here.file("ceremony/pin-3/officers.pin.json"), here.file("officers.pin.json")).unwrap();
    let serving = here.serve(None);
    here.must(&["officer", "adopt-pin", "ceremony/pin-3/document.json", "--as", "officers/last-2.pem"]);
    here.issue("01001000953");
    let found = judged(here, &pin).unwrap();
    assert_eq!((&found["pins_signed"], &found["pins_witnessed"]), (&1.into(), &1.into()), "{found}");
    for known in [first, second] {
        let refused = judged(here, known).unwrap_err();
        assert!(refused.contains("no security officer of before signed it"), "{refused}");
    }
    serving
}

/// Signed by every one who must, and written past the API: no configuration names it.
fn approval_by_a_pin_in_the_database(here: &Installation) {
    let waiting = here.apply("01001000954");
    // Who was dismissed with a pin of before is not pinned again with the same key.
    let officers = ["--as", "officers/last-1.pem", "--second", "officers/last-2.pem"];
    let again = here.must_not(&ceremony(["security-1", "by-next"], "ceremony/forged", &officers));
    assert!(again.contains("these officers cannot be pinned"), "{again}");
    here.must(&ceremony(["approver", "by-next"], "ceremony/forged", &officers));
    let signed: Value = serde_json::from_slice(&here.read("ceremony/forged/document.json")).unwrap();
    let signatures: Vec<String> = serde_json::from_value(signed["signatures"].clone()).unwrap();
    let seq = here.insert_grant(signed["content"].as_str().unwrap(), &signatures);
    for officer in ["last-1", "by-next", "approver"] {
        assert_eq!(
            here.ask(Call::get(officer, "/whoami")).problem(),
            (500, "internal".to_owned()),
            "{officer}"
        );
    }
    assert!(!here.approve(&waiting).status.success());
    let refused = format!("grant {seq}: the configuration does not name this pin");
    eventually(|| here.log().contains(&refused), || here.log());
}

/// What `ndoba audit verify` says of the signatures with that pin known; the independent program must say the same.
fn judged(here: &Installation, pin: &str) -> Result<Value, String> {
    let files = ["--signed", "signed.jsonl", "--pin", pin, "--statements", "sessions", "--json"];
    wait_for(|| {
        here.export_signed();
        let output = here.run(&[&["audit", "verify", "log.jsonl"], &files[..]].concat());
        let told: Value = serde_json::from_slice(&output.stdout).map_err(|_| said(&output))?;
        if told["code"] == "log" {
            // No checkpoint yet.
            return Err(told.to_string());
        }
        let theirs = here.judged_by_the_other(pin);
        assert_eq!(theirs.status.success(), output.status.success(), "{}\n{told}", said(&theirs));
        if theirs.status.success() {
            let theirs: Value = serde_json::from_slice(&theirs.stdout).unwrap();
            assert_eq!(theirs["statements"], told["signatures"]["statements"], "{theirs}\n{told}");
        }
        Ok(if output.status.success() { Ok(told["signatures"].clone()) } else { Err(told.to_string()) })
    })
}
