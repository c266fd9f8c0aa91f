//! Officers who work on whatever dies under them: each step is tried again until it is seen to be done.

use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::acknowledged::{Acknowledged, Step};
use crate::installation::Installation;

/// Registration officers at work at once; one revocation officer beside them.
const DESKS: u32 = 2;
/// Every so many certificates one is revoked.
const REVOKED_OF: usize = 3;
/// How long one step may take once nothing is killed any more.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

pub(super) struct Streams<'a> {
    here: &'a Installation,
    /// No new work is begun; what is begun is ended.
    pub(super) over: AtomicBool,
    persons: AtomicU32,
    today: String,
    certificates: Mutex<Vec<String>>,
    revoked: Mutex<Vec<String>>,
    pub(super) acknowledged: Acknowledged,
}

impl<'a> Streams<'a> {
    pub(super) fn new(here: &'a Installation) -> Self {
        let today = Command::new("date").args(["-u", "+%F"]).output().unwrap().stdout;
        Self {
            here,
            over: AtomicBool::new(false),
            persons: AtomicU32::new(1),
            today: String::from_utf8(today).unwrap().trim().to_owned(),
            certificates: Mutex::default(),
            revoked: Mutex::default(),
            acknowledged: Acknowledged::default(),
        }
    }

    pub(super) fn start<'s>(&'s self, scope: &'s Scope<'s, '_>) -> Vec<ScopedJoinHandle<'s, ()>> {
        let mut officers: Vec<_> = (0..DESKS).map(|_| scope.spawn(|| self.register())).collect();
        officers.push(scope.spawn(|| self.revoke()));
        officers
    }

    /// Serial numbers of the certificates that applicants have got.
    pub(super) fn certificates(&self) -> Vec<String> {
        self.certificates.lock().unwrap().clone()
    }

    /// Serial numbers that were seen to be revoked.
    pub(super) fn revoked(&self) -> Vec<String> {
        self.revoked.lock().unwrap().clone()
    }

    fn register(&self) {
        while !self.over.load(Ordering::Relaxed) {
            let person = self.persons.fetch_add(1, Ordering::Relaxed);
            // One that is not opened before the end is no application.
            let Some(application) = self.open(person) else { return };
            self.until("issued", || {
                self.acknowledged.see_application(self.here, &application);
                // A kill may fall between the order and its submitter's signature, so this too is told again.
                let agreement = self.here.file(&format!("person-{person}.pdf")).display().to_string();
                let fetch = ["application", "agreement", &application, "--out", &agreement];
                self.officer("registration-officer", &fetch);
                let agree =
                    ["application", "agree", &application, "--file", &agreement, "--accepted", &self.today];
                let steps = [
                    ("registration-officer", &agree[..], Step::Agreed),
                    (
                        "registration-officer",
                        &["application", "attach", &application, "--file", &agreement],
                        Step::Agreed,
                    ),
                    ("registration-officer", &["application", "submit", &application], Step::Submitted),
                    ("approver", &["application", "approve", &application], Step::Approved),
                ];
                for (officer, arguments, step) in steps {
                    if self.officer(officer, arguments).is_some() {
                        self.acknowledged.told(&application, step);
                    }
                }
                self.shown(&application).is_some_and(|certificate| certificate != "yet")
            });
            let mut serial = None;
            self.until("shown", || {
                serial = self.shown(&application);
                serial.is_some()
            });
            self.certificates.lock().unwrap().extend(serial);
        }
    }

    /// The draft of an application; `None` when the day is over.
    fn open(&self, person: u32) -> Option<String> {
        let file = |ending: &str| self.here.file(&format!("person-{person}.{ending}")).display().to_string();
        let (content, key, csr) = (file("toml"), file("key"), file("csr"));
        let made = Command::new("openssl")
            .args(["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
            .args(["-subj", "/CN=x", "-keyout", &key, "-out", &csr])
            .output();
        assert!(made.unwrap().status.success());
        let text = format!(
            "profile = \"person-signature\"\ndays = 365\npublication_consent = false\n[subject]\ntype = \"natural-person\"\n\
             given_names = \"ნინო\"\nsurname = \"ბერიძე\"\npersonal_number = \"{:011}\"\nemail = \"n@example.ge\"\n\
             [identity_document]\ntype = \"identity-card\"\nnumber = \"12IA34567\"\nissued_by = \"PSDA\"\n\
             validation = \"visual-inspection\"\ncopies_at = \"archive\"\n\
             [identity_proofing]\nmethod = \"physical-presence\"\ndate = \"{}\"\nseen_by = \"officer\"\n",
            2_000_000_000 + u64::from(person),
            self.today
        );
        fs::write(&content, text).unwrap();
        while !self.over.load(Ordering::Relaxed) {
            // A draft whose answer was lost stays a draft: it is nobody's certificate.
            let new = ["application", "new", "--file", &content, "--csr", &csr];
            if let Some(said) = self.officer("registration-officer", &new) {
                let application = said.split_whitespace().last().map(str::to_owned);
                application.iter().for_each(|one| self.acknowledged.told(one, Step::Opened));
                return application;
            }
        }
        None
    }

    fn revoke(&self) {
        loop {
            let done = self.revoked().len();
            // The ones that are due, in the order in which they came.
            match self.certificates().iter().step_by(REVOKED_OF).nth(done) {
                Some(serial) => {
                    self.until("revoked", || self.is_revoked(serial));
                    self.revoked.lock().unwrap().push(serial.clone());
                }
                None if self.over.load(Ordering::Relaxed) => return,
                None => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    fn is_revoked(&self, serial: &str) -> bool {
        self.acknowledged.see_certificate(self.here, serial);
        let what = ["certificate", "revoke", serial, "--reason", "keyCompromise", "--channel", "own-finding"];
        if self.officer("revocation-officer", &[&what[..], &["--note", "a drill"]].concat()).is_some() {
            self.acknowledged.told(serial, Step::RevocationOrdered);
        }
        let shown =
            self.here.run(&["certificate", "show", serial, "--as", "officers/revocation-officer.pem"]);
        shown.status.success() && String::from_utf8_lossy(&shown.stdout).contains(": revoked")
    }

    /// An application's certificate, or `yet`; `None` when nobody answers.
    fn shown(&self, application: &str) -> Option<String> {
        let said = self.officer("registration-officer", &["application", "show", application, "--json"])?;
        let shown: Value = serde_json::from_str(&said).unwrap();
        Some(shown["certificate"].as_str().unwrap_or("yet").to_owned())
    }

    /// Runs a command as an officer; what it printed, when it succeeded.
    fn officer(&self, role: &str, arguments: &[&str]) -> Option<String> {
        let pem = format!("officers/{role}.pem");
        let output = self.here.run(&[arguments, &["--as", &pem, "--yes"]].concat());
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let mut calm: Option<Instant> = None;
        while !done() {
            if self.over.load(Ordering::Relaxed) {
                let since = *calm.get_or_insert_with(Instant::now);
                assert!(since.elapsed() < PATIENCE, "not {what} {PATIENCE:?} after the last kill");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
