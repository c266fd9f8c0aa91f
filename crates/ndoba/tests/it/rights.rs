//! What one reads who lacks a right to a file or folder: the program as another user than root, who may everything.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::installation::{Engine, Installation, SOFTHSM};
use crate::program::{must, said};

/// A user and a group that own nothing.
const NOBODY: &str = "65534";

/// Each file or folder that `serve` cannot do without, its rights taken away: one sentence that names it, and status 1.
#[test]
fn a_missing_right_is_one_sentence_that_names_the_file() {
    let Some(here) = Owned::by_nobody() else { return };
    // With all rights it does what it is asked; else nothing below would prove anything.
    let listed = here.run(&["keys", "list", "--config", "here.toml"]);
    assert!(listed.status.success() && said(&listed).contains("signature/ca/1"), "{}", said(&listed));

    for name in [
        "here.toml",
        "ndoba.sqlite",
        "officers.pin.json",
        "person.salt",
        "pki/signature.pem",
        "pki",
        "tls",
        "witness",
        "witness/ca.json",
        "journal",
        "published",
    ] {
        let Some(before) = here.take_away(name) else { panic!("there is no {name}") };
        let output = here.run(&["serve", "--config", "here.toml"]);
        here.give_back(name, before);
        let told = said(&output);
        let words: Vec<&str> = told.lines().filter(|line| line.starts_with("ndoba: ")).collect();
        assert_eq!(output.status.code(), Some(1), "{name}: {told}");
        assert!(
            words.len() == 1 && words[0].contains(name) && words[0].contains("ermission denied"),
            "{name}: {told}"
        );
    }
}

#[test]
fn a_pin_that_cannot_be_read_or_that_others_can_is_a_sentence() {
    let Some(here) = Owned::by_nobody() else { return };
    let pin = "pins/ndoba-issuing.pin";
    let before = here.take_away(pin).unwrap();
    for command in [&["keys", "list", "--config", "here.toml"][..], &["serve", "--config", "here.toml"]] {
        let told = said(&here.run(command));
        assert!(told.contains("the PIN cannot be read from") && told.contains(pin), "{told}");
        assert!(told.contains("ermission denied"), "{told}");
    }
    here.give_back(pin, before);
    fs::set_permissions(here.installation.file(pin), fs::Permissions::from_mode(0o644)).unwrap();
    for command in [&["keys", "list", "--config", "here.toml"][..], &["serve", "--config", "here.toml"]] {
        let told = said(&here.run(command));
        assert!(
            told.contains(pin) && told.contains("can be read by others than its owner (mode 644)"),
            "{told}"
        );
    }
}

/// The whole state folder closed.
#[test]
fn a_closed_state_folder_is_a_sentence() {
    let Some(here) = Owned::by_nobody() else { return };
    let configuration = here.installation.file("here.toml").display().to_string();
    let before = here.take_away("").unwrap();
    for command in ["serve", "config"] {
        let check = if command == "config" { &["check"][..] } else { &[] };
        let output =
            here.run_in(Path::new("/"), &[&[command], check, &["--config", &configuration]].concat());
        let told = said(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains(&configuration) && told.contains("ermission denied"), "{told}");
    }
    here.give_back("", before);
}

/// An installation whose files are all nobody's.
struct Owned {
    installation: Installation,
    /// The program where everybody may start it: the checkout may be in a folder that is closed to others.
    program: tempfile::TempDir,
}

impl Owned {
    /// `None`, and said so, where this is not run by root.
    fn by_nobody() -> Option<Self> {
        if must(Path::new("/"), "id", &["-u"]).trim() != "0" {
            eprintln!("skipped: only root can run a program as another user");
            return None;
        }
        let installation = Installation::on(Engine::Sqlite);
        let text = installation.read_text("ndoba.toml");
        let module = text.lines().find(|line| line.contains("libndoba_witness.so")).expect("the module");
        // What records signatures may be in a folder that nobody else enters.
        let plain = format!("{}= \"{SOFTHSM}\"", module.split_once('=').unwrap().0);
        installation.configure("here.toml", module, &plain);
        must(installation.folder(), "chown", &["-R", &format!("{NOBODY}:{NOBODY}"), "."]);
        let program = tempfile::tempdir().unwrap();
        fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_ndoba"), program.path().join("ndoba")).unwrap();
        Some(Self { installation, program })
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(self.installation.folder(), arguments)
    }

    /// As nobody; what does not end by itself is ended.
    fn run_in(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new("setpriv");
        let user = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".into()];
        command.args(user).args(["timeout", "20"]).arg(self.program.path().join("ndoba")).args(arguments);
        command.env_remove("NDOBA_SHIMS").env_remove("NDOBA_JUDGES").current_dir(folder).output().unwrap()
    }

    /// Makes it root's alone; its mode before.
    fn take_away(&self, name: &str) -> Option<u32> {
        let path = self.installation.file(name);
        let mode = fs::metadata(&path).ok()?.permissions().mode();
        must(Path::new("/"), "chown", &["root:root", &path.display().to_string()]);
        let closed = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(&path, fs::Permissions::from_mode(closed)).unwrap();
        Some(mode)
    }

    fn give_back(&self, name: &str, mode: u32) {
        let path = self.installation.file(name);
        must(Path::new("/"), "chown", &[&format!("{NOBODY}:{NOBODY}"), &path.display().to_string()]);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
}
