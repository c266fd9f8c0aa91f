//! The command line as scripts rely on it: words, exit statuses, what goes to which stream, where PINs come from.

mod operations;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use serde_json::Value;

use crate::installation::{Engine, Installation};

/// What `ndoba … -h` says of every command. Made by the failing test: it prints where it left what is so now.
const HELP: &str = include_str!("command_line/help.txt");
/// The same of the officers' commands in Georgian.
const GEORGIAN_HELP: &str = include_str!("command_line/help.ka.txt");

#[test]
fn every_commands_help_is_as_recorded() {
    let mut said = String::new();
    collect_help("en", &mut Vec::new(), &mut said);
    is_as_recorded(&said, HELP, "help.txt");
    let mut said = help_of("ka", &[]).0;
    for family in ["application", "certificate", "officer", "order"] {
        collect_help("ka", &mut vec![family.into()], &mut said);
    }
    is_as_recorded(&said, GEORGIAN_HELP, "help.ka.txt");
    // What operators read is English whatever the language.
    assert_eq!(help_of("ka", &["db".into()]).1, help_of("en", &["db".into()]).1);
}

fn is_as_recorded(said: &str, recorded: &str, name: &str) {
    if said != recorded {
        let now = std::env::temp_dir().join(format!("ndoba-{name}"));
        fs::write(&now, said).unwrap();
        let line = said.lines().zip(recorded.lines()).find(|(is, was)| is != was);
        panic!("the help is another, first in {line:?}; if it is meant, copy {} over {name}", now.display());
    }
}

/// The help of a command and of those beneath it.
fn collect_help(language: &str, words: &mut Vec<String>, said: &mut String) {
    let (shown, help) = help_of(language, words);
    *said += &shown;
    let list = help.split_once("\nCommands:\n").or_else(|| help.split_once("\nბრძანებები:\n"));
    let Some((_, list)) = list else { return };
    for line in list.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        if name != "help" {
            words.push(name.to_owned());
            collect_help(language, words, said);
            words.pop();
        }
    }
}

/// As it is recorded, and as it is.
fn help_of(language: &str, words: &[String]) -> (String, String) {
    let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    arguments.push("-h");
    // The help tells the variables' values too: none is set but the language.
    let mut command = Command::new(env!("CARGO_BIN_EXE_ndoba"));
    command.args(&arguments).env_clear();
    if language == "ka" {
        command.env("NDOBACTL_LANGUAGE", language);
    }
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let help = text(&output.stdout);
    (format!("$ ndoba {}\n{help}\n", arguments.join(" ")), help)
}

/// Bash reads the script and completes commands and options by it; the other shells' scripts know the same commands.
#[test]
fn shells_complete_the_command() {
    let script = |shell| {
        let output = Command::new(env!("CARGO_BIN_EXE_ndoba")).args(["completions", shell]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        text(&output.stdout).to_owned()
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ndoba.bash"), script("bash")).unwrap();
    let bash = |words: &str| {
        let output = Command::new("bash").args(["-c", words]).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{words}: {output:?}");
        text(&output.stdout).to_owned()
    };
    bash("bash -n ndoba.bash");
    let complete = |line: &str, last: &str| {
        bash(&format!(
            "source ndoba.bash; complete -p ndoba >/dev/null; COMP_WORDS=({line} '{last}'); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _ndoba ndoba '{last}' ''; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        ))
    };
    assert_eq!(complete("ndoba certificate", "rel"), "release\n");
    assert_eq!(complete("ndoba webhook list", "--f"), "--failed\n");
    assert_eq!(complete("ndoba completions", "z"), "zsh\n");
    for shell in ["fish", "zsh"] {
        let script = script(shell);
        assert!(script.contains("release") && script.contains("final-ocsp"), "{shell}");
    }
}

/// 0: done. 1: refused, failed or found something. 2: not understood, or not readable where a finding is 1.
#[test]
fn statuses_and_streams() {
    let here = Installation::on(Engine::Sqlite);
    fs::write(here.file("wrong.toml"), "installation = 1\n").unwrap();
    fs::write(here.file("not-a-log"), "nothing\n").unwrap();
    for (arguments, status, printed, told) in [
        (&["config", "check", "--config", "ndoba.toml"][..], 0, "ndoba.toml is in order\n", ""),
        (&["config", "check", "--config", "wrong.toml"], 1, "", "ndoba: "),
        (
            &["config", "check", "--config", "nowhere.toml"],
            1,
            "",
            "ndoba: cannot read the configuration file nowhere.toml",
        ),
        (&["keys", "list", "--config", "ndoba.toml"], 0, "ndoba-audit audit/seal/1 ", ""),
        (&["db", "status", "--config", "ndoba.toml"], 0, "", ""),
        (&["ca", "reconcile", "--config", "ndoba.toml"], 0, "key  ", ""),
        (&["ca", "reconcile", "--config", "nowhere.toml"], 1, "", "ndoba: "),
        (&["ceremony", "plan"], 0, "", ""),
        (&["ceremony", "run", "--dir", ".", "--development"], 1, "", "ndoba: a ceremony was held in "),
        (&["lint", "pki/root.pem"], 0, "", ""),
        (&["lint", "not-a-log"], 2, "", ""),
        (&["audit", "verify", "not-a-log"], 1, "", "ndoba: "),
        (&["audit", "verify", "nowhere"], 1, "", "ndoba: cannot read nowhere"),
        (&["officer", "whoami", "--as", "nowhere.pem"], 1, "", "ndoba: cannot read "),
        // Nobody serves.
        (&["officer", "whoami", "--as", "officers/auditor.pem"], 1, "", "ndoba: "),
        (&[], 2, "", "Ndoba, the backend"),
        (&["serve"], 2, "", "error: "),
        (&["cook"], 2, "", "error: unrecognized subcommand 'cook'"),
        (&["officer", "cook", "--language", "ka"], 2, "", "შეცდომა: უცნობი ბრძანება: 'cook'"),
        (&["officer", "whoami", "--as", "nowhere.pem", "--language=ka"], 1, "", "ndoba: ვერ იკითხება "),
        (&["officer", "list", "--as", "officers/auditor.pem", "--language=ka"], 1, "", "ndoba: https://"),
        (&["certificate", "revoke", "ab", "--reason", "boredom"], 2, "", "error: invalid value 'boredom'"),
        (&["ceremony", "run", "--dir", "x"], 2, "", "error: "),
        (&["--version"], 0, concat!("ndoba ", env!("CARGO_PKG_VERSION")), ""),
    ] {
        let output = here.run(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {out}{err}");
        assert!(out.starts_with(printed) && err.starts_with(told), "{arguments:?}: {out}{err}");
        // What failed is told on standard error only; what succeeded says nothing there.
        assert!(status == 0 || out.is_empty() || arguments[0] == "lint", "{arguments:?}: {out}");
        assert!(status != 0 || err.is_empty(), "{arguments:?}: {err}");
    }
}

/// What was begun, or is somebody else's, is not written over; a name that SoftHSM would cut at its `#` is refused.
#[test]
fn a_ceremony_wants_a_folder_of_its_own() {
    let here = Installation::empty();
    for name in ["begun", "cut#short"] {
        fs::create_dir(here.file(name)).unwrap();
    }
    fs::write(here.file("begun/softhsm2.conf"), "somebody's").unwrap();
    for (name, because) in
        [("begun", "a ceremony that was not finished"), ("cut#short", "a comment begins at `#`")]
    {
        let refused = here.must_not(&["ceremony", "run", "--development", "--dir", name]);
        assert!(refused.starts_with("ndoba: ") && refused.contains(because), "{name}: {refused}");
    }
    assert_eq!(here.read_text("begun/softhsm2.conf"), "somebody's");
    assert_eq!(fs::read_dir(here.file("cut#short")).unwrap().count(), 0);
    // Nor does it begin with addresses that certificates cannot carry.
    let addressed = ["ceremony", "run", "--development", "--dir", "addressed"];
    for address in ["https://pki.example.com", "http://ნდობა.example", "http://"] {
        let refused = here.must_not(&[&addressed[..], &["--public-url", address]].concat());
        assert!(refused.contains("urls.public_url: "), "{address}: {refused}");
        assert_eq!(fs::read_dir(here.file("addressed")).unwrap().count(), 0, "{address}");
    }
}

/// Whoever closes a pager gets no more, and nothing panics; a full disk is a failure.
#[test]
fn what_cannot_be_printed() {
    let here = Installation::empty();
    // The reader is gone before anything is written.
    let closed = shell(&here, "{ sleep 0.2; \"$NDOBA\" config reference; echo $? >&2; } | true");
    assert_eq!(text(&closed.stderr), "0\n");
    let full = shell(&here, "\"$NDOBA\" config reference > /dev/full");
    assert_eq!(full.status.code(), Some(1));
    let said = text(&full.stderr);
    assert!(said.starts_with("ndoba: what was done could not be printed whole: No space left"), "{said}");
}

/// From a file descriptor, also of a pipe, and from a systemd credential; never from the command line.
#[test]
fn pins_come_from_descriptors_and_credentials() {
    let here = Installation::on(Engine::Sqlite);
    here.configure("other.toml", "{ file = \"pins/ndoba-issuing.pin\" }", "{ fd = 7 }");
    let text_of = here.read_text("other.toml");
    let credential = text_of.replace("{ file = \"pins/ndoba-tsa.pin\" }", "{ credential = \"tsa.pin\" }");
    fs::write(here.file("other.toml"), credential).unwrap();
    fs::create_dir(here.file("credentials")).unwrap();
    fs::copy(here.file("pins/ndoba-tsa.pin"), here.file("credentials/tsa.pin")).unwrap();
    fs::set_permissions(here.file("credentials/tsa.pin"), fs::Permissions::from_mode(0o400)).unwrap();

    const LIST: &str = "\"$NDOBA\" keys list --config other.toml";
    let with = "CREDENTIALS_DIRECTORY=$PWD/credentials";
    for script in [
        format!("{with} {LIST} 7< pins/ndoba-issuing.pin"),
        format!("cat pins/ndoba-issuing.pin | {{ {with} {LIST} 7<&0; }}"),
    ] {
        let listed = shell(&here, &script);
        let said = text(&listed.stdout) + &text(&listed.stderr);
        assert!(listed.status.success(), "{script}: {said}");
        for key in ["ndoba-issuing signature/ca/1 ", "ndoba-tsa tsu/tsu/1 "] {
            assert!(
                said.lines().any(|line| line.starts_with(key) && line.ends_with(" fit")),
                "{key}: {said}"
            );
        }
    }
    for (script, because) in [
        (format!("{with} {LIST}"), "file descriptor 7 is not open"),
        (format!("{LIST} 7< pins/ndoba-issuing.pin"), "CREDENTIALS_DIRECTORY is not set"),
        (format!("{with} {LIST} 7< pins/ndoba-root.pin"), "PIN"),
    ] {
        let refused = shell(&here, &script);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{script}: {said}");
        assert!(said.starts_with("ndoba: ") && said.contains(because), "{script}: {said}");
        for token in ["issuing", "root", "tsa"] {
            let pin = here.read_text(&format!("pins/ndoba-{token}.pin"));
            assert!(!said.contains(pin.trim()), "the PIN is in {said}");
        }
    }
}

/// The addresses and files that others rely on, by the names under which they do.
#[test]
fn endpoints_json_lists_all_of_it() {
    let here = Installation::on(Engine::Sqlite);
    let listed: Value = serde_json::from_slice(&here.read("endpoints.json")).unwrap();
    let (public, tls) = (here.public(), here.public_tls());
    for (pointer, address) in [
        ("/ocsp", format!("http://{public}/ocsp")),
        ("/tsa", format!("http://{public}/tsa")),
        ("/tsa_tls", format!("https://{tls}/tsa")),
        ("/checkpoint", format!("http://{public}/audit/checkpoint")),
        ("/pki", format!("http://{public}/pki")),
        ("/officers_api", format!("https://{}/api/v1", here.officers())),
        ("/operator", format!("http://{}", here.operator())),
    ] {
        assert_eq!(listed.pointer(pointer), Some(&Value::from(address)), "{pointer}");
    }
    for ca in ["root", "signature", "seal", "time-stamping"] {
        assert_eq!(listed["crl"][ca], format!("http://{public}/crl/{ca}.crl"));
        assert_eq!(listed["issuer"][ca], format!("http://{public}/issuer/{ca}.cer"));
        assert!(here.file(&format!("pki/{ca}.pem")).exists());
    }
    let files = listed["files"].as_object().unwrap();
    let of = |folder: &str, names: &[&str]| {
        names.iter().map(|name| format!("{folder}/{name}")).collect::<Vec<_>>()
    };
    let pki = of("pki", &["root.pem", "signature.pem", "seal.pem", "time-stamping.pem", "tsu.pem"]);
    let demo = ["person", "municipality"]
        .map(|name| ["key", "pem", "chain.pem"].map(|ending| format!("demo/{name}.{ending}")))
        .concat();
    let officers = [
        "security-1.pem",
        "security-2.pem",
        "registration.pem",
        "approver.pem",
        "revocation.pem",
        "auditor.pem",
        "operator.pem",
        "administrator.pem",
    ];
    for name in [pki, demo, of("officers", &officers)].concat() {
        assert_eq!(files[&name], here.file(&name).display().to_string());
    }
}

/// A script of the shell, in which `$NDOBA` is the command.
fn shell(here: &Installation, script: &str) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", script]).env("NDOBA", env!("CARGO_BIN_EXE_ndoba"));
    here.run_beside(command)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
