//! The two subjects of the story and the way of their certificates.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::super::Stage;
use super::super::runner::{must, must_not, write_file};
use super::{must_ndoba, must_openssl, ndoba};
use crate::failure::{Doing as _, Failure, Outcome};

/// How long the CA may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A subject who applies.
pub(super) struct Subject {
    /// The files' name under `demo/`.
    pub(super) name: &'static str,
    /// The short name of the CA that issues.
    pub(super) ca: &'static str,
    /// The application as the officer writes it.
    application: &'static str,
}

pub(super) const PERSON: Subject = Subject {
    name: "person",
    ca: "signature",
    application: "\
profile = \"person-signature\"
days = 730
publication_consent = false

[subject]
type = \"natural-person\"
given_names = \"ნინო\"
surname = \"ბერიძე\"
personal_number = \"01001012345\"
email = \"nino.beridze@example.ge\"

[identity_document]
type = \"identity-card\"
number = \"12IA34567\"
issued_by = \"Public Service Development Agency\"
validation = \"visual-inspection\"
copies_at = \"archive\"

[identity_proofing]
method = \"physical-presence\"
date = \"TODAY\"
seen_by = \"Registration officer\"
",
};

pub(super) const MUNICIPALITY: Subject = Subject {
    name: "municipality",
    ca: "seal",
    application: "\
profile = \"organisation-seal\"
days = 730
publication_consent = false

[subject]
type = \"legal-person\"
name = \"თელავის მუნიციპალიტეტი\"
identification_code = \"404123456\"
email = \"office@telavi.example.ge\"
contact_address = \"Telavi, Erekle II street 16\"

[subject.representative]
name = \"გიორგი მაისურაძე\"
personal_number = \"01001054321\"
position = \"Mayor\"

[subject.authority]
type = \"order-of-appointment\"
reference = \"Council decision 12-34\"
date = \"2026-01-15\"

[identity_document]
type = \"identity-card\"
number = \"12IA76543\"
issued_by = \"Public Service Development Agency\"
validation = \"visual-inspection\"
copies_at = \"archive\"

[identity_proofing]
method = \"physical-presence\"
date = \"TODAY\"
seen_by = \"Registration officer\"
",
};

/// An application that was opened.
pub(super) struct Application {
    pub(super) subject: &'static Subject,
    id: String,
}

impl Application {
    /// `demo/<name>.<ending>`, relative to the state folder.
    pub(super) fn file(&self, ending: &str) -> String {
        format!("demo/{}.{ending}", self.subject.name)
    }
}

const REGISTRATION: &str = "officers/registration.pem";
const APPROVER: &str = "officers/approver.pem";

/// Makes a key and a CSR, opens the application and submits it. Goes on with one that an earlier run left.
pub(super) fn apply(stage: &Stage, subject: &'static Subject) -> Outcome<(Application, String)> {
    let mut application = Application { subject, id: String::new() };
    let (key, csr, toml) = (application.file("key"), application.file("csr"), application.file("toml"));
    let note = stage.file(&application.file("application"));
    if let Ok(id) = fs::read_to_string(&note) {
        application.id = id;
    } else {
        let today = must(Command::new("date").args(["-u", "+%F"]), &stage.folder)?.text();
        write_file(&stage.file(&toml), &subject.application.replace("TODAY", today.trim()))?;
        // A key of its own for each application: an earlier one may be revoked as compromised.
        must_openssl(
            stage,
            &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key],
        )?;
        must_openssl(
            stage,
            &["req", "-new", "-key", &key, "-subj", "/CN=key for an application", "-out", &csr],
        )?;
        let opened =
            must_ndoba(stage, &["application", "new", "--file", &toml, "--csr", &csr, "--as", REGISTRATION])?;
        application.id = last_word(&opened.text())?;
        write_file(&note, &application.id)?;
    }
    let state = application.state(stage)?;
    if state == "draft" {
        let (id, agreement) = (application.id.as_str(), application.file("agreement.pdf"));
        must_ndoba(stage, &["application", "agreement", id, "--out", &agreement, "--as", REGISTRATION])?;
        let today = must(Command::new("date").args(["-u", "+%F"]), &stage.folder)?.text();
        let agree = ["application", "agree", id, "--file", &agreement, "--accepted", today.trim()];
        must_ndoba(stage, &[&agree[..], &["--as", REGISTRATION]].concat())?;
        // The file stands in for a scan of what was signed.
        let attach = ["application", "attach", id, "--file", &agreement];
        must_ndoba(stage, &[&attach[..], &["--as", REGISTRATION]].concat())?;
    }
    // Also when an earlier run was killed between the order and its submitter's signature.
    if state == "draft" || state == "submitted" {
        must_ndoba(stage, &["application", "submit", &application.id, "--as", REGISTRATION, "--yes"])?;
    }
    let words = format!("application {}", application.id);
    Ok((application, words))
}

/// Who submitted is refused; a second officer approves.
pub(super) fn approve(stage: &Stage, application: &Application) -> Outcome<((), String)> {
    let id = application.id.as_str();
    if application.state(stage)? == "submitted" {
        let alone = ["application", "approve", id, "--as", REGISTRATION, "--yes"];
        // For this reason and no other, such as a server that does not answer.
        must_not(&mut ndoba(stage, &alone), &stage.folder)?.must_say("order-signer-role")?;
        must_ndoba(stage, &["application", "approve", id, "--as", APPROVER, "--yes"])?;
    }
    Ok(((), "both signed the order".into()))
}

/// Waits for the certificate and puts it and its chain under `demo/`.
pub(super) fn fetch(stage: &Stage, application: &Application) -> Outcome<((), String)> {
    let start = Instant::now();
    let serial = loop {
        let shown = application.show(stage)?;
        let serial = last_word(&shown)?;
        if serial != "yet" {
            break serial;
        }
        if start.elapsed() > PATIENCE {
            return Err(Failure::new(format!("the CA has not issued: {shown}")));
        }
        sleep(Duration::from_millis(200));
    };
    let certificate = application.file("pem");
    must_ndoba(stage, &["certificate", "download", &serial, "--out", &certificate, "--as", REGISTRATION])?;
    let read = |file: &str| fs::read_to_string(stage.file(file)).doing(format_args!("read {file}"));
    let chain = read(&certificate)? + &read(&format!("pki/{}.pem", application.subject.ca))?;
    write_file(&stage.file(&application.file("chain.pem")), &chain)?;
    let shown = must_ndoba(stage, &["certificate", "show", &serial, "--as", REGISTRATION])?;
    Ok(((), format!("serial {serial}, {}", passed(&shown.text())?)))
}

/// The profile, by the first digits of its digest, and the lint's verdict, as the certificate's record tells them.
fn passed(shown: &str) -> Outcome<String> {
    let line = |start: &str| shown.lines().find_map(|line| line.trim().strip_prefix(start));
    let (Some(profile), Some(lint)) = (line("profile "), line("lint: ")) else {
        return Err(Failure::new(format!(
            "the certificate's record tells neither profile nor lint: {shown}"
        )));
    };
    let (name, digest) = profile.split_once(", ").unwrap_or((profile, ""));
    Ok(format!("profile {name} {}…; lint: {lint}", &digest.get(..8).unwrap_or(digest)))
}

/// The story was told to its end: the next run opens new applications.
pub(super) fn close(stage: &Stage) -> Outcome {
    for subject in [&PERSON, &MUNICIPALITY] {
        fs::remove_file(stage.file(&format!("demo/{}.application", subject.name))).doing("end the story")?;
    }
    Ok(())
}

impl Application {
    /// What the registration API says of it, in one line.
    fn show(&self, stage: &Stage) -> Outcome<String> {
        Ok(must_ndoba(stage, &["application", "show", &self.id, "--as", REGISTRATION])?.text())
    }

    /// Its state: the third word of that line.
    fn state(&self, stage: &Stage) -> Outcome<String> {
        let shown = self.show(stage)?;
        let word = shown.split_whitespace().nth(2).unwrap_or_default();
        Ok(word.trim_end_matches(',').to_owned())
    }
}

/// The status of a subject's certificate as the officers see it: `good`, `suspended`, `revoked`.
pub(super) fn officers_see(stage: &Stage, subject: &Subject) -> Outcome<String> {
    let serial = serial_of(stage, subject)?;
    let shown = must_ndoba(stage, &["certificate", "show", &serial, "--as", REGISTRATION])?.text();
    let status = shown.split(": ").nth(1).and_then(|rest| rest.split([',', ' ']).next());
    Ok(status.unwrap_or_default().to_owned())
}

/// The certificate's serial number in hexadecimal.
pub(super) fn serial(stage: &Stage, application: &Application) -> Outcome<String> {
    serial_of(stage, application.subject)
}

fn serial_of(stage: &Stage, subject: &Subject) -> Outcome<String> {
    let file = format!("demo/{}.pem", subject.name);
    let said = must_openssl(stage, &["x509", "-noout", "-serial", "-in", &file])?.text();
    Ok(said.trim().trim_start_matches("serial=").to_ascii_lowercase())
}

fn last_word(text: &str) -> Outcome<String> {
    text.split_whitespace()
        .last()
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("the command printed no identifier"))
}
