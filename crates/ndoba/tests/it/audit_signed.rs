//! What officers signed in the hands of outsiders: every signature is verified again from the export, by `ndoba audit verify`
//! and by a program that shares no code with us (`tests/judges/audit_signed.py`).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ndoba_testkit::Judge;
use ndoba_types::canonical;
use serde_json::Value;

use crate::installation::{Engine, Installation};
use crate::program::{said, wait_for};

on_both_engines!(every_signature_is_verified_again);

fn every_signature_is_verified_again(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.issue("01001000911");
    let serial = here.issue("01001000912");
    assert!(here.revoke(&serial).status.success());
    here.await_listed(&serial);
    here.await_checkpoint();
    let before = here.events("signed-documents-exported");
    here.export_signed();
    assert_eq!(here.events("signed-documents-exported"), before + 1, "a read of personal data is an event");
    let mode = fs::metadata(here.file("signed.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // 1. Everything holds, and both programs count alike.
    let verdict: Value = serde_json::from_str(&here.must(&here.verify(&["--json"]))).unwrap();
    let counted = &verdict["signatures"];
    let number = |name: &str| counted[name].as_u64().unwrap_or_else(|| panic!("{name}: {verdict}"));
    assert_eq!((&verdict["verdict"], &counted["pin_known"]), (&"holds".into(), &true.into()));
    // Besides the two applicants, persons and an organisation may have certificates from the installation's making.
    assert!(number("certificates") >= 2 && number("changes") == 1, "{verdict}");
    assert_eq!(number("orders"), number("certificates") + number("changes"));
    assert!(number("grants") >= 4 && number("ceremonies") >= 4 && number("statements") >= 1, "{verdict}");
    assert_eq!((number("erased"), number("statements_unseen")), (0, 0));
    let theirs: Value = serde_json::from_str(&here.other_program(0)).unwrap();
    for (name, found) in theirs.as_object().unwrap() {
        assert_eq!(found, &counted[name], "{name}: {theirs} {verdict}");
    }
    assert!(theirs["ceremonies"] == counted["ceremonies"] && theirs["statements"] == counted["statements"]);

    // 2. Without the files it is said what was not looked at.
    let unseen = here.must(&["audit", "verify", "log.jsonl"]);
    assert!(unseen.contains("no signature was looked at"), "{unseen}");
    let unseen = here.must(&["audit", "verify", "log.jsonl", "--signed", "signed.jsonl"]);
    assert!(unseen.contains("statements were not looked at"), "{unseen}");
    assert!(unseen.contains("is the file's own word"), "{unseen}");
    let foreign = ["audit", "verify", "log.jsonl", "--signed", "signed.jsonl", "--pin", &"ab".repeat(32)];
    assert!(here.must_not(&foreign).contains("pin: "));

    // 3. Each damage is found, and named by both.
    let whole = String::from_utf8(here.read("signed.jsonl")).unwrap();
    for (what, copy, about) in damaged(&whole) {
        fs::write(here.file("signed.jsonl"), copy).unwrap();
        here.is_found(&about, what);
        let output = here.run(&here.verify(&["--json"]));
        let finding: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!((&finding["verdict"], &finding["about"]), (&"finding".into(), &about.into()), "{what}");
    }

    fs::write(here.file("signed.jsonl"), &whole).unwrap();
    here.a_statements_signature_is_missed("sessions", &[]);

    // 4. A row is changed by hand, past every trigger: the next export shows it.
    let order = first_order(&whole).1;
    let on = if here.is_on_postgresql() { " ON order_signatures" } else { "" };
    here.sql(&format!("DROP TRIGGER order_signatures_no_update{on}"));
    let id = if here.is_on_postgresql() { format!("'\\x{order}'::bytea") } else { format!("X'{order}'") };
    here.sql(&format!(
        "UPDATE order_signatures SET jws = (SELECT s.jws FROM order_signatures s WHERE s.order_id = {id} \
         AND s.role = 'submitter') WHERE order_id = {id} AND role = 'approver'"
    ));
    here.export_signed();
    let ours = here.must_not(&here.verify(&[]));
    assert!(ours.starts_with(&format!("ndoba: order {order}: ")), "{ours}");
    assert!(here.other_program(1).starts_with(&format!("order {order}: ")));
    serving.stop();
}

/// Copies of the file that were tampered with: what was done, the copy, and what the finding is about.
fn damaged(whole: &str) -> Vec<(&'static str, String, String)> {
    let lines: Vec<&str> = whole.lines().collect();
    let (place, id) = first_order(whole);
    let order = format!("order {id}");
    // Behind the ceremony's own documents.
    let is_grant = |(place, line): (usize, &&str)| {
        let read = document(line);
        (read["kind"] == "grant").then(|| (place, format!("grant {}", read["seq"])))
    };
    let (grants, grant) = lines.iter().enumerate().skip(1).find_map(is_grant).unwrap();
    let with = |place: usize, change: &dyn Fn(&mut Value)| changed(whole, place, change);
    let without = |place: usize| {
        let mut copy = lines.clone();
        copy.remove(place);
        copy.join("\n") + "\n"
    };
    vec![
        ("one octet of the approver's signature", with(place, &flip), order.clone()),
        (
            "the submitter's signature in the approver's place",
            with(place, &|line| line["signatures"][1] = line["signatures"][0].clone()),
            order.clone(),
        ),
        (
            "one signature only",
            with(place, &|line| drop(line["signatures"].as_array_mut().unwrap().pop())),
            order.clone(),
        ),
        ("no such order", without(place), order.clone()),
        (
            "the content was erased, and nobody logged it",
            with(place, &|line| line["document"] = Value::Null),
            order.clone(),
        ),
        (
            "another order's content",
            with(place, &|line| line["document"] = BASE64_STANDARD.encode("{}").into()),
            order,
        ),
        ("one octet of a grant's signature", with(grants, &flip), grant.clone()),
        ("no such grant", without(grants), grant),
    ]
}

/// A copy of lines of JSON with one of them changed.
fn changed(whole: &str, place: usize, change: &dyn Fn(&mut Value)) -> String {
    let mut lines: Vec<&str> = whole.lines().collect();
    let mut line: Value = serde_json::from_str(lines[place]).unwrap();
    change(&mut line);
    let line = String::from_utf8(canonical::encode(&line).unwrap()).unwrap();
    lines[place] = &line;
    lines.join("\n") + "\n"
}

/// One octet of the second signature is another.
fn flip(line: &mut Value) {
    let mut jws = BASE64_STANDARD.decode(line["signatures"][1].as_str().unwrap()).unwrap();
    let at = jws.len() - 20;
    jws[at] = if jws[at] == b'A' { b'B' } else { b'A' };
    line["signatures"][1] = BASE64_STANDARD.encode(jws).into();
}

/// The line and the identifier of the first order for a certificate.
fn first_order(whole: &str) -> (usize, String) {
    let found = whole.lines().enumerate().skip(1).find(|(_, line)| document(line)["kind"] == "issue");
    let (place, line) = found.unwrap();
    (place, document(line)["order_id"].as_str().unwrap().to_owned())
}

/// What was signed.
fn document(line: &str) -> Value {
    let line: Value = serde_json::from_str(line).unwrap();
    let octets = BASE64_STANDARD.decode(line["document"].as_str().unwrap()).unwrap();
    serde_json::from_slice(&octets).unwrap()
}

impl Installation {
    /// Exports the log into `log.jsonl`, and what was signed into `signed.jsonl`.
    pub(crate) fn export_signed(&self) {
        let out = ["--out", "log.jsonl", "--signed", "signed.jsonl"];
        self.must(&[&["audit", "export", "--as", "officers/auditor.pem"], &out[..]].concat());
    }

    /// Waits for a checkpoint, and judges the log by all that was signed; what was found of the signatures, by both programs.
    #[track_caller]
    pub(crate) fn signatures_hold(&self) -> Value {
        let held = wait_for(|| {
            self.export_signed();
            let output = self.run(&self.verify(&["--json"]));
            let said = said(&output);
            if output.status.success() { Ok(said) } else { Err(format!("{said}\n{}", self.log())) }
        });
        let verdict: Value = serde_json::from_str(&held).unwrap();
        let found = verdict["signatures"].clone();
        let theirs: Value = serde_json::from_str(&self.other_program(0)).unwrap();
        for (name, counted) in theirs.as_object().unwrap() {
            assert_eq!(counted, &found[name], "{name}: {theirs} {verdict}");
        }
        found
    }

    /// Both programs stop at that.
    #[track_caller]
    fn is_found(&self, about: &str, what: &str) {
        let (ours, theirs) = (self.must_not(&self.verify(&[])), self.other_program(1));
        assert!(ours.starts_with(&format!("ndoba: {about}: ")), "{what}: {ours}");
        assert!(theirs.starts_with(&format!("{about}: ")), "{what}: {theirs}");
    }

    /// The log says something else of the first record that is meant than what was signed, and was hashed and sealed anew, which
    /// is another program's to find: `audit_signed.py` stops there.
    #[track_caller]
    pub(crate) fn another_log_is_found(
        &self,
        is_it: impl Fn(&Value) -> bool,
        change: impl Fn(&mut Value),
        what: &str,
    ) {
        let whole = String::from_utf8(self.read("log.jsonl")).unwrap();
        let event = |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"].clone();
        let place = whole.lines().position(|line| is_it(&event(line))).unwrap();
        let copy = changed(&whole, place, &|record| change(&mut record["event"]["data"]));
        fs::write(self.file("log.jsonl"), copy).unwrap();
        let found = self.other_program(1);
        assert!(found.contains(what), "{what}: {found}");
        fs::write(self.file("log.jsonl"), whole).unwrap();
    }

    /// The latest authorisation of responders without one of its signatures, and with an octet of one changed.
    pub(crate) fn an_authorisations_signature_is_missed(&self) {
        let whole = String::from_utf8(self.read("signed.jsonl")).unwrap();
        let is_it = |line: &str| document(line)["kind"] == "authorise-responder";
        let place = whole.lines().skip(1).collect::<Vec<_>>().into_iter().rposition(is_it).unwrap() + 1;
        let about = format!("grant {}", document(whole.lines().nth(place).unwrap())["seq"]);
        let is_found = |what: &str, damage: &dyn Fn(&mut Value)| {
            fs::write(self.file("signed.jsonl"), changed(&whole, place, damage)).unwrap();
            self.is_found(&about, what);
        };
        is_found("one octet", &flip);
        is_found("one officer", &|line| drop(line["signatures"].as_array_mut().unwrap().pop()));
        is_found("one officer twice", &|line| line["signatures"][1] = line["signatures"][0].clone());
        fs::write(self.file("signed.jsonl"), whole).unwrap();
    }

    /// The pin's digest, by the ceremony's report.
    pub(crate) fn pin(&self) -> String {
        let report: Value = serde_json::from_slice(&self.read("ceremony/report.json")).unwrap();
        let mut steps = report["steps"].as_array().unwrap().iter();
        let pinned = steps.find_map(|step| step["evidence"].as_str()?.strip_prefix("pin sha256 ")).unwrap();
        pinned.to_owned()
    }

    /// Of one session or restore the second signature is in the place of the first, then those of `others` are in its own, then
    /// it is gone, then the statement is another and then it is gone.
    pub(crate) fn a_statements_signature_is_missed(&self, folder: &str, others: &[&str]) {
        let kept = fs::read_dir(self.file(folder)).unwrap().next().unwrap().unwrap();
        let about = format!("statement {}", kept.file_name().into_string().unwrap());
        let [first, second] = ["signature-1.json", "signature-2.json"].map(|name| kept.path().join(name));
        let (one, other) = (fs::read(&first).unwrap(), fs::read(&second).unwrap());
        fs::write(&first, &other).unwrap();
        self.is_found(&about, "one officer twice");
        fs::write(&first, &one).unwrap();
        for file in others {
            fs::copy(self.file(file), &second).unwrap();
            self.is_found(&about, file);
        }
        fs::remove_file(&second).unwrap();
        self.is_found(&about, "one officer");
        fs::write(&second, &other).unwrap();
        let statement = kept.path().join("statement.json");
        let away = kept.path().join("away.json");
        fs::rename(&statement, &away).unwrap();
        let mut octets = fs::read(&away).unwrap();
        octets.push(b'\n');
        fs::write(&statement, octets).unwrap();
        self.is_found(&about, "another content");
        fs::remove_file(&statement).unwrap();
        let unseen: Value = serde_json::from_str(&self.other_program(0)).unwrap();
        assert_eq!(unseen["statements_unseen"], 1, "{unseen}");
        fs::rename(&away, &statement).unwrap();
    }

    fn verify<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let pin: &'static str = self.pin().leak();
        let files = [
            "--signed",
            "signed.jsonl",
            "--pin",
            pin,
            "--statements",
            "sessions",
            "--statements",
            "restores",
        ];
        [&["audit", "verify", "log.jsonl"], &files[..], more].concat()
    }

    /// What the independent program says; its exit status is this.
    pub(crate) fn other_program(&self, status: i32) -> String {
        let output = self.judged_by_the_other(&self.pin());
        assert_eq!(output.status.code(), Some(status), "{}", said(&output));
        said(&output)
    }

    /// The same with that pin known.
    pub(crate) fn judged_by_the_other(&self, pin: &str) -> Output {
        let mut command = Command::new(Judge::python());
        let files = ["log.jsonl", "signed.jsonl", "--pin", pin];
        command.arg(Judge::script("audit_signed.py")).args(files);
        command.args(["--statements", "sessions", "--statements", "restores"]);
        command.current_dir(self.folder()).output().unwrap()
    }
}
