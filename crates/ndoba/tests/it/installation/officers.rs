//! The officers and what they do at the command line.

use std::fs;
use std::process::{Command, Output};

use super::{Installation, Serving};
use crate::program::{self, wait_for};

/// Each has one officer, whose file is `officers/<role>.pem`.
const ROLES: [&str; 4] = ["registration-officer", "approver", "revocation-officer", "auditor"];

/// Who applies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    /// The municipality with this identification code: files `municipality.*`.
    Municipality(&'a str),
    /// The person with this number: files `person.*`.
    Person(&'a str),
}

impl Subject<'_> {
    /// The name of its files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Municipality(_) => "municipality",
            Self::Person(_) => "person",
        }
    }

    /// The application without its CSR, as an officer writes it.
    fn content(self) -> String {
        let subject = match self {
            Self::Municipality(code) => format!(
                "profile = \"organisation-seal\"\ndays = 730\npublication_consent = false\n[subject]\ntype = \"legal-person\"\n\
                 name = \"თელავის მუნიციპალიტეტი\"\nidentification_code = \"{code}\"\n\
                 email = \"office@telavi.example.ge\"\ncontact_address = \"Telavi, Erekle II street 16\"\n\
                 [subject.representative]\nname = \"გიორგი მაისურაძე\"\npersonal_number = \"01001054321\"\n\
                 position = \"Mayor\"\n[subject.authority]\ntype = \"order-of-appointment\"\n\
                 reference = \"Council decision 12-34\"\ndate = \"2026-01-15\"\n"
            ),
            Self::Person(number) => format!(
                "profile = \"person-signature\"\ndays = 365\npublication_consent = false\n[subject]\ntype = \"natural-person\"\n\
                 given_names = \"ნინო\"\nsurname = \"ბერიძე\"\npersonal_number = \"{number}\"\n\
                 email = \"n@example.ge\"\n"
            ),
        };
        let today = Command::new("date").args(["-u", "+%F"]).output().unwrap().stdout;
        let today = String::from_utf8(today).unwrap();
        format!(
            "{subject}[identity_document]\ntype = \"identity-card\"\nnumber = \"12IA34567\"\nissued_by = \"PSDA\"\n\
             validation = \"visual-inspection\"\ncopies_at = \"archive\"\n\
             [identity_proofing]\nmethod = \"physical-presence\"\ndate = \"{}\"\nseen_by = \"officer\"\n",
            today.trim()
        )
    }
}

impl Installation {
    /// Serves for as long as it takes the two security officers to grant the others their roles.
    pub(super) fn appoint_officers(&self) {
        let serving = self.serve(None);
        for (place, role) in ROLES.into_iter().enumerate() {
            self.appoint(role, role, &format!("0100100000{place}"));
        }
        serving.stop();
    }

    /// Makes the officer `officers/<name>.pem` and grants the role, in the head office.
    pub(crate) fn appoint(&self, name: &str, role: &str, number: &str) {
        self.appoint_in(name, role, number, "GE");
    }

    /// The same in this office.
    pub(crate) fn appoint_in(&self, name: &str, role: &str, number: &str, office: &str) {
        let pem = format!("officers/{name}.pem");
        self.must(&["officer", "new", "--config", "ndoba.toml", "--name", name, "--out", &pem]);
        let signers = ["--as", "officers/security-1.pem", "--second", "officers/security-2.pem"];
        let officer = [
            "--officer",
            &pem,
            "--name",
            name,
            "--personal-number",
            number,
            "--roles",
            role,
            "--vetting",
            "HR 1",
        ];
        let office = ["--office", office];
        self.must(&[&["officer", "grant", "--yes"], &signers[..], &officer, &office].concat());
    }

    /// Writes the application's file and a CSR for a new key on P-256.
    pub(crate) fn prepare(&self, subject: Subject<'_>) {
        self.prepare_with(subject, &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    }

    /// The same with another kind of key, as `openssl genpkey -algorithm` takes it.
    pub(crate) fn prepare_with(&self, subject: Subject<'_>, key: &[&str]) {
        let name = subject.name();
        let (file, csr) = (format!("{name}.key"), format!("{name}.csr"));
        self.openssl(&[&["genpkey", "-out", &file, "-algorithm"], key].concat());
        self.openssl(&["req", "-new", "-key", &file, "-subj", "/CN=x", "-out", &csr]);
        fs::write(self.file(&format!("{name}.toml")), subject.content()).unwrap();
    }

    /// Opens an application from the prepared files; its id.
    #[track_caller]
    pub(crate) fn open(&self, subject: Subject<'_>) -> String {
        let name = subject.name();
        let files = ["--file", &format!("{name}.toml"), "--csr", &format!("{name}.csr")];
        let officer = ["--as", "officers/registration-officer.pem"];
        let said = self.must(&[&["application", "new"], &files[..], &officer].concat());
        let id = said.split_whitespace().last().unwrap().to_owned();
        self.agree(&id, &officer);
        id
    }

    /// Has the subscriber accept the agreement.
    #[track_caller]
    pub(crate) fn agree(&self, id: &str, officer: &[&str]) {
        let file = format!("{id}.pdf");
        self.must(&[&["application", "agreement", id, "--out", &file], officer].concat());
        // An organisation's part and the person's, where the application has both.
        let shown = self.must(&[&["application", "show", id, "--json"], officer].concat());
        let today = today();
        let days: &[&str] = if shown.contains("\"organisation\"") {
            &["--accepted", &today, "--subject-accepted", &today]
        } else {
            &["--accepted", &today]
        };
        self.must(&[&["application", "agree", id, "--file", &file], days, officer].concat());
        // What was signed; here nobody looks whether it was.
        self.must(&[&["application", "attach", id, "--file", &file], officer].concat());
    }

    /// Signs an application as its submitter.
    #[track_caller]
    pub(crate) fn submit(&self, id: &str) {
        self.must(&["application", "submit", id, "--as", "officers/registration-officer.pem", "--yes"]);
    }

    /// Signs an application as its approver and waits for the CA.
    pub(crate) fn approve(&self, id: &str) -> Output {
        self.run(&["application", "approve", id, "--as", "officers/approver.pem", "--yes"])
    }

    /// The same, and waits for nothing.
    pub(crate) fn start_approval(&self, id: &str) -> Serving {
        self.spawn(&["application", "approve", id, "--as", "officers/approver.pem", "--yes"])
    }

    /// Opens and submits an application; its id.
    #[track_caller]
    pub(crate) fn apply_for(&self, subject: Subject<'_>) -> String {
        self.prepare(subject);
        let id = self.open(subject);
        self.submit(&id);
        id
    }

    /// The same for the person with this number.
    #[track_caller]
    pub(crate) fn apply(&self, number: &str) -> String {
        self.apply_for(Subject::Person(number))
    }

    /// What the officers see of an application.
    pub(crate) fn application(&self, id: &str) -> String {
        self.must(&["application", "show", id, "--as", "officers/registration-officer.pem"])
    }

    /// Waits until the application has its certificate; the serial number.
    #[track_caller]
    pub(crate) fn await_certificate(&self, application: &str) -> String {
        wait_for(|| {
            let said = self.application(application);
            // What is attached follows on lines of its own.
            match said.lines().next().unwrap().split_whitespace().last().unwrap() {
                "yet" => Err(format!("{said}\n{}", self.log())),
                serial => Ok(serial.to_owned()),
            }
        })
    }

    /// Has a certificate issued to the person with this number; its serial number.
    #[track_caller]
    pub(crate) fn issue(&self, number: &str) -> String {
        self.issue_to(Subject::Person(number))
    }

    /// Has a certificate issued; its serial number.
    #[track_caller]
    pub(crate) fn issue_to(&self, subject: Subject<'_>) -> String {
        let application = self.apply_for(subject);
        let approved = self.approve(&application);
        assert!(approved.status.success(), "{}\n{}", program::said(&approved), self.log());
        self.await_certificate(&application)
    }

    /// Fetches a certificate into a file whose ending says its form.
    #[track_caller]
    pub(crate) fn download(&self, serial: &str, file: &str) {
        let officer = ["--as", "officers/registration-officer.pem"];
        self.must(&[&["certificate", "download", serial, "--out", file], &officer[..]].concat());
    }

    /// Asks for a certificate to be revoked because its key was lost.
    pub(crate) fn revoke(&self, serial: &str) -> Output {
        self.change(&["revoke", serial, "--reason", "keyCompromise"])
    }

    /// Asks for a certificate to be suspended.
    pub(crate) fn suspend(&self, serial: &str) -> Output {
        self.change(&["suspend", serial])
    }

    fn change(&self, what: &[&str]) -> Output {
        let asked = ["--channel", "own-finding", "--note", "a drill", "--yes"];
        let officer = ["--as", "officers/revocation-officer.pem"];
        self.run(&[&["certificate"], what, &asked, &officer].concat())
    }

    /// Releases a certificate from suspension: the registration officer and the approver sign.
    pub(crate) fn release(&self, serial: &str) -> Output {
        let asked = ["--channel", "in-person", "--note", "a drill", "--yes"];
        let officers = ["--as", "officers/registration-officer.pem", "--approver", "officers/approver.pem"];
        self.run(&[&["certificate", "release", serial], &asked[..], &officers].concat())
    }

    /// What the officers see of a certificate.
    #[track_caller]
    pub(crate) fn shown(&self, serial: &str) -> String {
        self.must(&["certificate", "show", serial, "--as", "officers/registration-officer.pem"])
    }

    /// Takes the audit log out into a file.
    #[track_caller]
    pub(crate) fn export_log(&self, file: &str) -> String {
        self.must(&["audit", "export", "--as", "officers/auditor.pem", "--out", file]);
        self.read_text(file)
    }
}

/// The day, as a program writes it.
pub(crate) fn today() -> String {
    let said = Command::new("date").args(["-u", "+%F"]).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}
