//! How `serve` begins and ends. What is wrong is one clear sentence and a status of failure, before anything is
//! served; a stop loses nothing that was in flight.

mod in_flight;
mod recorded;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use crate::installation::{Engine, Installation};

on_both_engines!(
    what_is_wrong_is_one_sentence,
    a_stop_loses_nothing_in_flight,
    a_start_and_its_end_bear_the_epoch_of_the_accounts,
);

fn what_is_wrong_is_one_sentence(engine: Engine) {
    let here = Installation::on(engine);
    for address in [here.public(), here.public_tls(), here.officers(), here.operator()] {
        let held = TcpListener::bind(address).unwrap();
        refused(&here, "ndoba.toml", &[&address.to_string(), "in use"]);
        drop(held);
    }
    configurations(&here);
    files_and_folders(&here);
    pins(&here);
    database(&here);
    // Put right, it serves.
    here.serve(None).stop();
}

/// `serve` ends at once with one sentence that has these words.
#[track_caller]
fn refused(here: &Installation, configuration: &str, words: &[&str]) {
    let output = here.run(&["serve", "--config", configuration]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}: {said}", output.status);
    // Among lines of the log, perhaps.
    let sentences: Vec<_> = said.lines().filter(|line| line.starts_with("ndoba: ")).collect();
    assert_eq!(sentences.len(), 1, "{said}");
    for word in words {
        assert!(sentences[0].contains(word), "{word:?} is not in: {said}");
    }
    assert!(!said.contains("panicked") && output.stdout.is_empty(), "{said}");
}

/// File, key and reason are named, and `config check` says the same.
fn configurations(here: &Installation) {
    refused(here, "nowhere.toml", &["nowhere.toml", "cannot read"]);
    for (from, to, words) in [
        ("[log]", "[log", &["wrong.toml: line "][..]),
        ("[listen]", "[listen]\npubic = \"127.0.0.1:1\"", &["wrong.toml: line ", "pubic", "unknown field"]),
        ("mode = \"development\"", "mode = \"testing\"", &["wrong.toml", "mode"]),
        ("roles = [", "roles = [\"cook\", ", &["wrong.toml", "roles", "cook"]),
        (
            "checkpoint_every = \"1s\"",
            "checkpoint_every = \"soon\"",
            &["wrong.toml", "audit.checkpoint_every"],
        ),
        ("key = \"signature/ca/1\"", "key = \"nonsense\"", &["wrong.toml", "cas.1.key"]),
        ("token = \"ndoba-audit\"", "token = \"ndoba-other\"", &["wrong.toml", "ndoba-other"]),
    ] {
        // Where the section is not there, it is now.
        let text = here.read_text("ndoba.toml");
        let text = if text.contains(from) { text.replacen(from, to, 1) } else { text + "\n" + to + "\n" };
        fs::write(here.file("wrong.toml"), text).unwrap();
        refused(here, "wrong.toml", words);
        let checked = here.must_not(&["config", "check", "--config", "wrong.toml"]);
        assert!(words.iter().all(|word| checked.contains(word)), "{checked}");
    }
}

/// What must be there and is not, or is something else.
fn files_and_folders(here: &Installation) {
    let missing = [
        "pki/seal.pem",
        "tls/officers.pem",
        "officers/operations-ca.pem",
        "officers.pin.json",
        "person.salt",
    ];
    for file in missing.into_iter().chain(["witness/ca.json", "witness/ocsp.json", "pki/audit.pub.pem"]) {
        let away = here.file("away");
        fs::rename(here.file(file), &away).unwrap();
        refused(here, "ndoba.toml", &[file]);
        fs::rename(&away, here.file(file)).unwrap();
    }
    fs::write(here.file("no-folder"), "").unwrap();
    for (key, folder) in [("journal", "no-folder"), ("published", "no-folder"), ("witness", "no-folder")] {
        let text = format!("[paths]\n{key} = \"{folder}\"\n") + &here.read_text("ndoba.toml");
        // The keys without a section come first.
        let (paths, rest) = text.split_once("\n# Written").unwrap();
        let whole = format!("# Written{rest}\n{paths}\n");
        fs::write(here.file("wrong.toml"), whole).unwrap();
        refused(here, "wrong.toml", &["no-folder"]);
    }
    for (file, words) in [("pki/tsu.pem", "holds no certificate"), ("officers.pin.json", "pin")] {
        let whole = here.read(file);
        fs::write(here.file(file), "damaged").unwrap();
        refused(here, "ndoba.toml", &[words]);
        fs::write(here.file(file), whole).unwrap();
    }
}

/// A PIN's file that is not there, or not for its owner alone. What is in it is not repeated.
fn pins(here: &Installation) {
    let file = here.file("pins/ndoba-issuing.pin");
    let pin = here.read_text("pins/ndoba-issuing.pin");
    fs::rename(&file, here.file("away")).unwrap();
    refused(here, "ndoba.toml", &["PIN cannot be read", "pins/ndoba-issuing.pin", "No such file"]);
    fs::rename(here.file("away"), &file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    refused(here, "ndoba.toml", &["pins/ndoba-issuing.pin", "can be read by others"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    here.configure("wrong.toml", "{ file = \"pins/ndoba-issuing.pin\" }", &format!("\"{}\"", pin.trim()));
    refused(here, "wrong.toml", &["wrong.toml: line ", "pin", "a PIN is not written here"]);
    assert!(!here.must_not(&["serve", "--config", "wrong.toml"]).contains(pin.trim()));
}

/// None, or another's.
fn database(here: &Installation) {
    let installation = here.read_text("ndoba.toml");
    let installation = installation.lines().find(|line| line.starts_with("installation")).unwrap();
    here.configure("wrong.toml", installation, &format!("installation = \"{}\"", "ab".repeat(16)));
    refused(here, "wrong.toml", &["belongs to installation"]);
    if here.is_on_postgresql() {
        let url = here.read_text("database.url");
        fs::write(here.file("database.url"), "host=/nonexistent user=ndoba dbname=ndoba").unwrap();
        refused(here, "ndoba.toml", &["cannot open the database"]);
        fs::write(here.file("database.url"), url).unwrap();
    } else {
        here.configure("wrong.toml", "path = \"ndoba.sqlite\"", "path = \"nothing.sqlite\"");
        refused(here, "wrong.toml", &["nothing.sqlite", "there is no database"]);
        assert!(!here.file("nothing.sqlite").exists(), "and none was made");
    }
}

fn a_stop_loses_nothing_in_flight(engine: Engine) {
    let here = Installation::on(engine);
    in_flight::certificates(&here);
    in_flight::time_stamps(&here);
}

fn a_start_and_its_end_bear_the_epoch_of_the_accounts(engine: Engine) {
    recorded::starts_and_ends(&Installation::on(engine));
}
