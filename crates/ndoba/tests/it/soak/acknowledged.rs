//! What was acknowledged is there ever after: `kill -9` during any call loses nothing that its caller was told. Looked at
//! before the call is made again, which would mend what is to be seen.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::installation::Installation;

/// How far an officer was told that an application, or a certificate's revocation, has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Opened,
    Agreed,
    Submitted,
    Approved,
    Issued,
    RevocationOrdered,
}

#[derive(Default)]
pub(super) struct Acknowledged {
    steps: Mutex<BTreeMap<String, Step>>,
    told: AtomicU32,
    seen: AtomicU32,
}

impl Acknowledged {
    /// Somebody was told that `step` is done for the application, or the certificate, `of`.
    pub(super) fn told(&self, of: &str, step: Step) {
        self.told.fetch_add(1, Ordering::Relaxed);
        self.steps.lock().unwrap().insert(of.to_owned(), step);
    }

    /// What was told and was asked for again, for the tally.
    pub(super) fn tally(&self) -> (u32, u32) {
        (self.told.load(Ordering::Relaxed), self.seen.load(Ordering::Relaxed))
    }

    /// Asks for the application; nobody may answer.
    pub(super) fn see_application(&self, here: &Installation, application: &str) {
        self.see(here, application, &["application", "show", application], |shown| {
            match shown["state"].as_str().unwrap() {
                "draft" if shown["agreement"].is_object() => Step::Agreed,
                "draft" => Step::Opened,
                "submitted" => Step::Submitted,
                "approved" | "issuing" => Step::Approved,
                "issued" => Step::Issued,
                state => panic!("{application} is {state}, and nobody made it so"),
            }
        });
    }

    /// Asks for the certificate and what was ordered for it; nobody may answer.
    pub(super) fn see_certificate(&self, here: &Installation, serial: &str) {
        self.see(here, serial, &["certificate", "show", serial], |shown| {
            let ordered = shown["clocks"].as_array().is_some_and(|clocks| !clocks.is_empty());
            if ordered { Step::RevocationOrdered } else { Step::Issued }
        });
    }

    fn see(&self, here: &Installation, of: &str, ask: &[&str], step: impl Fn(&Value) -> Step) {
        // Before the question: an answer may be older than what is told meanwhile.
        let Some(told) = self.steps.lock().unwrap().get(of).copied() else { return };
        let how = ["--json", "--as", "officers/registration-officer.pem"];
        let output = here.run(&[ask, &how].concat());
        if !output.status.success() {
            return;
        }
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        let seen = step(&shown);
        assert!(seen >= told, "{of} was acknowledged as {told:?} and is {seen:?}: {shown}");
        self.seen.fetch_add(1, Ordering::Relaxed);
    }
}
