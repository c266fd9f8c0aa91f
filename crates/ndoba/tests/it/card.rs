//! Officers with their keys on cards (ADR 0021): made there, enrolled with a one-time code, used for TLS and for the
//! signatures over orders. SoftHSM stands for the card.

mod refused;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use serde_json::Value;

use crate::installation::{Engine, Installation, SOFTHSM, Subject, today};
use crate::program::{PATIENCE, said};

const PIN: &str = "135790";
const SECURITY: [&str; 4] = ["--as", "officers/security-1.pem", "--second", "officers/security-2.pem"];
const AUTHORITY: [&str; 2] = ["--api-ca", "officers/operations-ca.pem"];

/// A reader of its own with cards in it.
struct Cards<'i> {
    here: &'i Installation,
}

impl<'i> Cards<'i> {
    /// With these cards, whose PIN is in the file `pin`.
    fn labelled(here: &'i Installation, labels: &[&str]) -> Self {
        fs::create_dir(here.file("cards")).unwrap();
        let folder = here.file("cards").display().to_string();
        let configuration = format!("directories.tokendir = {folder}\nobjectstore.backend = file\n");
        fs::write(here.file("cards.conf"), configuration).unwrap();
        let cards = Self { here };
        for label in labels {
            let pins = ["--so-pin", "246802", "--pin", PIN];
            cards.tool("softhsm2-util", &[&["--init-token", "--free", "--label", label], &pins[..]].concat());
        }
        cards.keep("pin", PIN, 0o600);
        cards
    }

    /// A file with a PIN.
    fn keep(&self, name: &str, pin: &str, mode: u32) {
        fs::write(self.here.file(name), pin).unwrap();
        fs::set_permissions(self.here.file(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The key `officer` on the card `token`, with its PIN in a file.
    fn key(&self, token: &str) -> String {
        self.named(&format!("token={token};object=officer"), "pin")
    }

    fn named(&self, attributes: &str, pin: &str) -> String {
        format!("pkcs11:{attributes}?pin-source=file:{}", self.here.file(pin).display())
    }

    /// Runs `ndoba` at this reader, whatever comes of it.
    fn run(&self, arguments: &[&str]) -> Output {
        let limit = (PATIENCE * 2).as_secs().to_string();
        // Without the tester's own terminal, at which a PIN would be asked for.
        let mut command = Command::new("setsid");
        command.args(["--wait", "timeout", &limit, env!("CARGO_BIN_EXE_ndoba")]).args(arguments);
        command.env("SOFTHSM2_CONF", self.here.file("cards.conf")).env("NDOBACTL_PKCS11_MODULE", SOFTHSM);
        let output = self.here.run_beside(command);
        assert_ne!(output.status.code(), Some(124), "it does not end: ndoba {arguments:?}");
        output
    }

    #[track_caller]
    fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "ndoba {arguments:?}: {}\n{}", said(&output), self.here.log());
        said(&output)
    }

    #[track_caller]
    fn must_not(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "ndoba {arguments:?}: {}", said(&output));
        said(&output)
    }

    #[track_caller]
    fn tool(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program);
        command.args(arguments).env("SOFTHSM2_CONF", self.here.file("cards.conf"));
        let output = self.here.run_beside(command);
        assert!(output.status.success(), "{program} {arguments:?}: {}", said(&output));
    }

    /// Has the holder of the card `token` become an officer: the key is made on the card and never leaves it.
    fn enrol(&self, token: &str, role: &str, kind: &str, number: &str, url: &str) {
        let here = self.here;
        let invite =
            ["officer", "invite", "--name", token, "--roles", role, "--terms", "terms.json", "--json"];
        let invited: Value =
            serde_json::from_str(&here.must(&[&invite[..], &SECURITY[..2]].concat())).unwrap();
        let [officer, code] = ["officer", "code"].map(|member| invited[member].as_str().unwrap().to_owned());
        fs::write(here.file("code"), &code).unwrap();
        let key = self.key(token);
        let door = [&["--url", url, "--key", &key], &AUTHORITY[..]].concat();
        let enrol = [
            &["officer", "enrol", "--code-file", "code", "--terms", "terms.json", "--yes", "--kind", kind],
            &door[..],
        ]
        .concat();

        // A PIN that is refused uses up no code; what was made before a code was refused is used again.
        self.keep("pin", "000000", 0o600);
        assert!(self.must_not(&enrol).contains(&format!("the card {token} refused the PIN")));
        self.keep("pin", PIN, 0o600);
        fs::write(here.file("code"), "0000-0000-0000-0000").unwrap();
        let refused = self.must_not(&enrol);
        assert!(refused.contains("made the key") && refused.contains("enrolment.no-match"), "{refused}");
        fs::write(here.file("code"), &code).unwrap();
        let enrolled = self.must(&enrol);
        assert!(enrolled.contains(&officer) && !enrolled.contains("made the key"), "{enrolled}");

        let as_card = [&["officer", "whoami", "--as", &key], &AUTHORITY[..]].concat();
        assert!(self.must_not(&as_card).contains("has no certificate of this key"));
        let grant = [
            "officer",
            "grant",
            "--yes",
            "--enrolment",
            &officer,
            "--personal-number",
            number,
            "--vetting",
            "HR 4",
        ];
        here.must(&[&grant[..], &SECURITY].concat());
        here.must(&["officer", "certify", "--config", "ndoba.toml", &officer]);
        // Fetched twice: the card holds it once.
        let fetch = [&["officer", "fetch-certificate"], &door[..]].concat();
        assert_eq!(self.must(&fetch), self.must(&fetch));
        let me = self.must(&as_card);
        assert!(me.contains(&officer) && me.contains(role), "{me}");
    }
}

on_both_engines!(officers_work_with_keys_on_cards);

fn officers_work_with_keys_on_cards(engine: Engine) {
    let here = Installation::on(engine);
    let cards = Cards::labelled(&here, &["tamar", "davit"]);
    let door = format!("127.0.0.1:{}", ndoba_testkit::free_port().unwrap());
    here.configure("ndoba.toml", "[listen]", &format!("[listen]\nenrolment = \"{door}\""));
    let serving = here.serve(None);
    let url = format!("https://{door}");
    cards.enrol("tamar", "registration-officer", "p-384", "01001000701", &url);
    cards.enrol("davit", "approver", "p-256", "01001000702", &url);

    // One submits and the other approves, each with a card: nothing of theirs lies in a file.
    let [submitter, approver] = ["tamar", "davit"].map(|token| cards.key(token));
    let submitter = [&["--as", &submitter], &AUTHORITY[..]].concat();
    let approving = [&["--as", &approver], &AUTHORITY[..]].concat();
    here.prepare(Subject::Person("01001000703"));
    let new = ["application", "new", "--file", "person.toml", "--csr", "person.csr"];
    let opened = cards.must(&[&new[..], &submitter].concat());
    let id = opened.split_whitespace().last().unwrap().to_owned();
    let agreement = ["application", "agreement", &id, "--out", "agreement.pdf"];
    cards.must(&[&agreement[..], &submitter].concat());
    let today = today();
    let agreed = ["application", "agree", &id, "--file", "agreement.pdf", "--accepted", &today];
    cards.must(&[&agreed[..], &submitter].concat());
    cards.must(&[&["application", "attach", &id, "--file", "agreement.pdf"], &submitter[..]].concat());
    cards.must(&[&["application", "submit", &id, "--yes"], &submitter[..]].concat());
    // What the API cannot tell apart it refuses all the same: nobody approves their own.
    assert!(
        !cards.run(&[&["application", "approve", &id, "--yes"], &submitter[..]].concat()).status.success()
    );
    cards.must(&[&["application", "approve", &id, "--yes"], &approving[..]].concat());
    let serial = here.await_certificate(&id);

    // Two cards in one command.
    assert!(here.suspend(&serial).status.success());
    let release = ["certificate", "release", &serial, "--channel", "in-person", "--note", "a drill", "--yes"];
    cards.must(&[&release[..], &submitter, &["--approver", &approver]].concat());
    assert!(here.shown(&serial).contains("good"), "{}", here.shown(&serial));

    here.export_log("log.jsonl");
    here.must(&["audit", "verify", "log.jsonl"]);
    serving.stop();

    // A ceremony that pins other officers makes their keys on their cards, and certificates with them.
    let pinned = |token: &str| cards.named(&format!("token={token};object=pinned"), "pin");
    let (first, second) = (pinned("tamar"), pinned("davit"));
    let pin = [
        "ceremony",
        "replace-pin",
        "--config",
        "ndoba.toml",
        "--reason",
        "a drill",
        "--out",
        "ceremony/pin-2",
        "--yes",
    ];
    let who = ["--officer", &first, "--name", "Tamar", "--officer", &second, "--name", "Davit"];
    let known = ["--known-as", "-", "--known-as", "-"];
    cards.must(&[&pin[..], &who, &known, &["--lost", "--witness", "Notary public"]].concat());
    fs::copy(here.file("ceremony/pin-2/officers.pin.json"), here.file("officers.pin.json")).unwrap();
    let serving = here.serve(None);
    let adopt = ["officer", "adopt-pin", "ceremony/pin-2/document.json", "--as", &second];
    let adopted = cards.must(&[&adopt[..], &AUTHORITY].concat());
    assert!(adopted.contains("goes on from the new pin"), "{adopted}");
    assert!(!here.log().contains(PIN), "a PIN is in the log");
    serving.stop();
}
