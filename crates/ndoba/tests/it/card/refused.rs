//! What a card, or who holds it, gets wrong: one sentence each, before anything is asked of a server.

use std::fs;

use ndoba_testkit::Judge;

use super::{AUTHORITY, Cards, PIN};
use crate::installation::Installation;
use crate::program;

/// Runs `ndoba` at a terminal of its own and types the PIN when it is asked for; then prints all that was shown.
const TYPIST: &str = "
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b''
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    if b': ' in piece and b'PIN of the card' in shown + piece and b'PIN of the card' not in shown:
        os.write(terminal, sys.argv[1].encode() + b'\\n')
    shown += piece
os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
";

/// A folder with what stands for the operations CA: of production, as its name says.
fn beside_a_production_installation() -> Installation {
    let here = Installation::empty();
    fs::create_dir(here.file("officers")).unwrap();
    let key =
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "officers/own.key"];
    let certificate = ["-subj", "/CN=Ndoba operations CA", "-out", "officers/operations-ca.pem"];
    here.openssl(&[&["req", "-x509"], &key[..], &certificate].concat());
    here
}

#[test]
fn each_mistake_with_a_card_is_one_sentence() {
    let here = beside_a_production_installation();
    let cards = Cards::labelled(&here, &["tamar", "davit"]);
    cards.keep("wrong", "000000", 0o600);
    cards.keep("shown-to-all", PIN, 0o644);
    // A key that came into being elsewhere: whoever has the file has the key.
    here.openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", "officers/own.key", "-out", "officers/own.p8"]);
    let import = ["--import", "officers/own.p8", "--token", "davit", "--pin", PIN];
    cards.tool("softhsm2-util", &[&import[..], &["--label", "imported", "--id", "0a"]].concat());

    let named = |attributes: &str, pin: &str| cards.named(attributes, pin);
    for (key, sentence) in [
        (
            named("token=nobody", "pin"),
            "no card is there for pkcs11:token=nobody; in the readers: davit, tamar",
        ),
        (named("object=officer", "pin"), "more than one card is there for pkcs11:object=officer"),
        (named("token=tamar", "wrong"), "the card tamar refused the PIN"),
        (named("token=tamar", "absent"), "no PIN for the card tamar: the PIN cannot be read from "),
        (named("token=tamar", "shown-to-all"), "can be read by others than its owner (mode 644)"),
        (
            named("token=davit;object=officer", "pin"),
            "the card davit has no key pkcs11:token=davit;object=officer; its keys: imported",
        ),
        (
            named("token=davit;object=imported", "pin"),
            "must not be used: CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL",
        ),
        (
            named("token=tamar", "pin") + "&module-path=/nowhere.so",
            "the PKCS#11 library /nowhere.so cannot be used: ",
        ),
        ("pkcs11:token=tamar".into(), "there is no terminal to ask at, and no pin-source"),
    ] {
        let whoami = [&["officer", "whoami", "--as", &key], &AUTHORITY[..]].concat();
        let said = cards.must_not(&whoami);
        assert!(said.contains(sentence) && said.lines().count() == 1, "{key}: {said}");
        assert!(!said.contains(PIN), "{said}");
    }
    let nameless = named("token=tamar", "pin");
    let enrol = ["officer", "enrol", "--url", "https://127.0.0.1:1", "--key", &nameless];
    assert!(cards.must_not(&[&enrol[..], &AUTHORITY].concat()).contains("give object= in the pkcs11: URI"));
    let alone = cards.must_not(&["officer", "whoami", "--as", &nameless]);
    assert!(alone.contains("name the operations CA's certificate with --api-ca"), "{alone}");
    let given = here.run(&["officer", "whoami", "--as", "pkcs11:token=tamar?pin-value=1"]);
    assert!(program::said(&given).contains("a PIN is never an argument"), "{}", program::said(&given));
}

#[test]
fn a_pin_is_asked_for_and_not_shown() {
    let here = beside_a_production_installation();
    Cards::labelled(&here, &["tamar"]);
    fs::write(here.file("typist.py"), TYPIST).unwrap();
    let python = Judge::python().display().to_string();
    let ndoba = env!("CARGO_BIN_EXE_ndoba");
    let with_pin = |pin: &str| {
        let whoami = ["officer", "whoami", "--as", "pkcs11:token=tamar;object=officer"];
        let mut command = std::process::Command::new("timeout");
        command.args(["120", &python, "typist.py", pin, ndoba]).args(whoami).args(AUTHORITY);
        command.env("SOFTHSM2_CONF", here.file("cards.conf"));
        command.env("NDOBACTL_PKCS11_MODULE", crate::installation::SOFTHSM);
        program::said(&here.run_beside(command))
    };
    let right = with_pin(PIN);
    assert!(right.contains("PIN of the card tamar: ") && right.contains("its keys: none"), "{right}");
    let wrong = with_pin("000000");
    assert!(wrong.contains("the card tamar refused the PIN"), "{wrong}");
    assert!(!right.contains(PIN) && !wrong.contains("000000"), "it was shown: {right}{wrong}");
}

/// A server cannot see where a key lies; the command can, and refuses.
#[test]
fn a_key_in_a_file_is_for_development_only() {
    let here = beside_a_production_installation();
    let own = here.read_text("officers/own.key") + &here.read_text("officers/operations-ca.pem");
    fs::write(here.file("officers/own.pem"), own).unwrap();
    let whoami = here.must_not(&["officer", "whoami", "--as", "officers/own.pem"]);
    assert!(whoami.contains("an officer's key in a file is for development only"), "{whoami}");

    here.openssl(&["req", "-new", "-key", "officers/own.key", "-subj", "/CN=x", "-out", "own.csr"]);
    for what in ["enrol", "fetch-certificate"] {
        let door = ["officer", what, "--url", "https://127.0.0.1:1", "--csr", "own.csr"];
        let out: &[&str] = if what == "enrol" { &[] } else { &["--out", "own.crt"] };
        let refused = here.must_not(&[&door[..], &AUTHORITY, out].concat());
        assert!(refused.contains("a request in a file is for development only"), "{refused}");
    }
}
