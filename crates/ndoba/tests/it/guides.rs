//! The documents are run: every `console` block of the guides against a real installation, with what it should print;
//! every command and option that any document names; every configuration that we ship as an example.
//!
//! How a guide is written: a block tagged `console` holds commands after `$ ` and their output. `…` stands for any
//! text, on a line of its own for any lines; identifiers, serial numbers and digests stand for whatever this run
//! gives them, the same one everywhere; times stand for any time. A command that is answered `ndoba: …` must fail,
//! all others must succeed. A block tagged `toml NAME` or `python NAME` is the file
//! NAME; Python is the one of the judges, with what they have installed.

mod commands;
mod transcript;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ndoba_testkit::Judge;

use crate::installation::{Engine, Installation, today};
use transcript::{Names, Part, Step};

/// In the order of their reading: each goes on where the one before left off.
const GUIDES: [&str; 8] = [
    "operator.md",
    "clock.md",
    "officer.md",
    "officer.ka.md",
    "relying-party.md",
    "time-stamps.md",
    "webhooks.md",
    "auditor.md",
];
/// The day on which the guides are written.
const WRITTEN: &str = "2026-11-25";

#[test]
fn every_guide_tells_what_happens() {
    let here = Installation::on(Engine::Sqlite);
    // The quick start's names, which the guides use.
    for (name, role) in [("registration", "registration-officer"), ("revocation", "revocation-officer")] {
        let file = |name: &str| here.file(&format!("officers/{name}.pem"));
        fs::copy(file(role), file(name)).unwrap();
    }
    let serving = here.serve(None);
    let mut session = Session::begin(&here);
    for guide in GUIDES {
        let path = tree().join("docs/guides").join(guide);
        let text = fs::read_to_string(&path).unwrap();
        let before = session.steps;
        for part in transcript::parts(&text) {
            session.play(guide, &part);
        }
        assert!(session.steps > before, "{guide} has no step that runs");
    }
    drop(serving);
}

/// A person at a terminal in the state folder, who follows the guides.
struct Session {
    folder: PathBuf,
    api: String,
    /// What the guide writes and what it is here.
    names: Names,
    steps: usize,
}

impl Session {
    fn begin(here: &Installation) -> Self {
        let endpoints = fs::read_to_string(here.file("endpoints.json")).unwrap();
        let endpoints: serde_json::Value = serde_json::from_str(&endpoints).unwrap();
        let origin = |member: &str| {
            let address = endpoints[member].as_str().unwrap();
            address.split("://").nth(1).unwrap().split('/').next().unwrap().to_owned()
        };
        let mut names = Names::default();
        for (written, member) in
            [("8080", "ocsp"), ("8444", "tsa_tls"), ("8443", "officers_api"), ("9090", "operator")]
        {
            names.fix(&format!("127.0.0.1:{written}"), &origin(member));
        }
        names.fix(WRITTEN, &today());
        Self { folder: here.file(""), api: format!("https://{}", origin("officers_api")), names, steps: 0 }
    }

    fn play(&mut self, guide: &str, part: &Part) {
        match part {
            Part::File { name, text } => {
                fs::write(self.folder.join(name), self.names.here(text)).unwrap();
            }
            Part::Step(step) => {
                self.steps += 1;
                let command = self.names.here(&step.command);
                let (succeeded, said) = self.run(&command, step);
                let at = format!("{guide}:{}\n$ {command}\n{said}", step.line);
                assert_eq!(succeeded, !step.must_fail(), "{at}");
                let unlike = self.names.compare(&step.expected, &said);
                assert_eq!(unlike, None, "{at}\nwas expected to say:\n{}", step.expected.join("\n"));
            }
        }
    }

    /// Runs a command line as if the built program were installed; whether it succeeded, and both outputs as one text.
    fn run(&self, command: &str, step: &Step) -> (bool, String) {
        let program = Path::new(env!("CARGO_BIN_EXE_ndoba")).parent().unwrap();
        let mut child = Command::new("bash")
            .args(["-c", &format!("exec 2>&1\nset -o pipefail\nPATH=\"$PROGRAM:$PYTHON:$PATH\"\n{command}")])
            .current_dir(&self.folder)
            .env("PROGRAM", program)
            .env("PYTHON", Judge::python().parent().unwrap())
            .env("NDOBACTL_API", &self.api)
            .env("NDOBACTL_WITNESS_MODULE", "/usr/lib/softhsm/libsofthsm2.so")
            .env("NDOBACTL_WITNESS_LOG", self.folder.join("witness.log"))
            .env_remove("NDOBA_SHIMS")
            .env_remove("NDOBA_JUDGES")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Who does not ask reads nothing, and may be gone already.
        let _ = stdin.write_all(step.answers().as_bytes());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        (output.status.success(), transcript::with_answers(&String::from_utf8_lossy(&output.stdout)))
    }
}

/// The checkout's root folder.
pub(crate) fn tree() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}
