//! The root in its safe: its responder's next certificate and its next list, drafted where the ledger is, signed at a
//! ceremony, imported and served (C-93, O-26; design §7).

mod pin_replaced;

use std::fs;

use serde_json::Value;

use crate::installation::{Engine, Installation};
use crate::presence::TWO;
use crate::program::wait_for;

/// The lines that give a CA its key, in the first section of a CA: the root's.
fn without_the_roots_key(text: &str) -> String {
    let (before, rest) = text.split_once("[[cas]]\nname = \"root\"\n").unwrap();
    let (section, after) = rest.split_once("[cas.ocsp]").unwrap();
    let kept: String = section
        .lines()
        .filter(|line| !["token", "key", "algorithm"].contains(&line.split(" = ").next().unwrap()))
        .map(|line| format!("{line}\n"))
        .collect();
    format!("{before}[[cas]]\nname = \"root\"\n{kept}[cas.ocsp]{after}")
}

impl Installation {
    fn draft_for_the_root(&self) -> String {
        self.must(&[
            "root",
            "draft",
            "--config",
            "ndoba.toml",
            "--request",
            "next.csr",
            "--out",
            "draft.json",
        ])
    }

    fn sign_at_the_safe(&self, draft: &str, out: &str) -> Vec<String> {
        let command = ["root", "sign", "--config", "ceremony.toml", "--draft", draft, "--out", out];
        [&command[..], &["--report", "report.txt"]].concat().into_iter().map(str::to_owned).collect()
    }

    fn import_from_the_safe(&self, signed: &str) -> Vec<String> {
        let command =
            ["root", "import", "--config", "ndoba.toml", "--signed", signed, "--out", "pki/root-ocsp-2.pem"];
        command.map(str::to_owned).to_vec()
    }

    /// A third security officer; the identifier.
    fn appoint_a_third(&self) -> String {
        let key = ["--name", "Security officer 3", "--out", "officers/third.pem"];
        self.must(&[&["officer", "new", "--config", "ndoba.toml"], &key[..]].concat());
        let grant = ["officer", "grant", "--officer", "officers/third.pem", "--name", "Security officer 3"];
        let as_what =
            ["--personal-number", "01001000955", "--roles", "security-officer", "--vetting", "HR 2"];
        self.must(&[&grant[..], &as_what, &TWO].concat());
        let said = self.must(&["officer", "list", "--as", "officers/security-1.pem"]);
        let line = said.lines().find(|line| line.ends_with("Security officer 3")).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    }

    fn list_of_the_root(&self) -> String {
        let list = ["crl", "-inform", "DER", "-in", "published/crl/root.crl", "-noout"];
        self.openssl(&[&list[..], &["-crlnumber", "-nextupdate", "-CAfile", "pki/root.pem"]].concat())
    }
}

fn with_two(command: &[String]) -> Vec<&str> {
    [&words(command)[..], &TWO].concat()
}

fn words(command: &[String]) -> Vec<&str> {
    command.iter().map(String::as_str).collect()
}

/// The same text with one hexadecimal digit of a member's value changed, far inside.
fn altered(json: &str, member: &str) -> String {
    let at = json.find(&format!("\"{member}\": \"")).unwrap() + member.len() + 5 + 60;
    let other = if &json[at..=at] == "0" { "1" } else { "0" };
    format!("{}{other}{}", &json[..at], &json[at + 1..])
}

on_both_engines!(the_next_year_is_signed_at_a_ceremony_and_imported);

fn the_next_year_is_signed_at_a_ceremony_and_imported(engine: Engine) {
    let here = Installation::on(engine);
    // The room with the safe has the root's key, and nobody else.
    let whole = here.read_text("ndoba.toml");
    fs::write(here.file("ceremony.toml"), &whole).unwrap();
    let request = ["root", "request", "--config", "ndoba.toml", "--out", "next.csr"];
    here.must(&request);
    let draft = ["root", "draft", "--config", "ndoba.toml", "--request", "next.csr", "--out", "draft.json"];
    let said = here.must_not(&draft);
    assert!(said.contains("the key of root is configured here"), "{said}");
    fs::write(here.file("ndoba.toml"), without_the_roots_key(&whole)).unwrap();
    let serving = here.serve(None);
    let before = here.list_of_the_root();

    // 1. The responder's key, made once; the draft, one at a time.
    assert!(here.must(&request).starts_with("root/ocsp/2 "));
    here.draft_for_the_root();
    let said = here.must_not(&draft);
    assert!(said.contains("a draft of root waits already"), "{said}");
    // What waits is none of the role `ca`'s business, and no disagreement.
    let accounts = here.must(&["ca", "reconcile", "--config", "ndoba.toml"]);
    assert!(accounts.contains("2 intents have neither a signature nor an end yet"), "{accounts}");

    // 2. The ceremony shows it, signs it once, and signs nothing else.
    let text = here.read_text("draft.json");
    fs::write(here.file("cut.json"), altered(&text, "tbs")).unwrap();
    let cut = here.must_not(&with_two(&here.sign_at_the_safe("cut.json", "cut.signed.json")));
    // Two security officers by the register that the draft brings, which leads back to the pin or to nothing.
    let signing = here.sign_at_the_safe("draft.json", "signed.json");
    here.presence_is_asked_for(&words(&signing));
    let forged = text.replace("registration-officer", "security-officer");
    assert_ne!(forged, text);
    fs::write(here.file("forged.json"), forged).unwrap();
    let said = here.must_not(&with_two(&here.sign_at_the_safe("forged.json", "signed.json")));
    assert!(said.contains("of the register in the draft"), "{said}");
    assert!(!here.file("signed.json").exists() && !here.file("report.txt").exists());
    let shown = here.must_with_two(&words(&signing));
    for line in
        ["CA: root", "Key: root/ca/1", "TEST Ndoba Root CA OCSP Responder", "List: number 2", "revoked: 0"]
    {
        assert!(shown.contains(line), "{line}: {shown}");
        assert!(here.read_text("report.txt").contains(line), "{line}");
    }
    for line in ["Session: SHA-256 ", "Security officer 2, security officer: ____"] {
        assert!(here.read_text("report.txt").contains(line), "{line}");
    }
    let said = here.must_not(&with_two(&signing));
    assert!(said.contains("a draft is signed once"), "{said}; {cut}");

    // 3. What was not asked for, or is not signed by the root, is not taken.
    let said = here.must_not(&words(&here.import_from_the_safe("draft.json")));
    assert!(said.contains("was not signed"), "{said}");
    let signed = here.read_text("signed.json");
    for (member, refusal) in [
        ("certificate", "not what two security officers were there for"),
        ("tbs", "not what two security officers were there for"),
        ("list", "does not verify with the key of root"),
    ] {
        fs::write(here.file("other.json"), altered(&signed, member)).unwrap();
        let said = here.must_not(&words(&here.import_from_the_safe("other.json")));
        assert!(said.contains(refusal), "{member}: {said}");
    }
    assert_eq!(here.list_of_the_root(), before);
    let said = here.must(&words(&here.import_from_the_safe("signed.json")));
    assert!(said.contains("list 2 of root is online"), "{said}");
    assert_eq!(here.must(&words(&here.import_from_the_safe("signed.json"))), said, "the same again");

    // 4. Strangers see it: the list for a year, the responder with its new certificate.
    let after = here.list_of_the_root();
    assert!(after != before && after.contains("crlNumber=0x02"), "{after}");
    // An empty list does not show that it is one of CAs.
    let lint = ["lint", "--type", "carl", "published/crl/root.crl"];
    assert_eq!(here.must(&lint), "published/crl/root.crl: clean as carl\n");
    let said = here.must(&["lint", "pki/root-ocsp-2.pem"]);
    assert_eq!(said, "pki/root-ocsp-2.pem: clean as ocsp-responder\n");
    here.openssl(&["verify", "-CAfile", "pki/root.pem", "-purpose", "any", "pki/root-ocsp-2.pem"]);
    let text = here.read_text("ndoba.toml").replace("\"root/ocsp/1\"", "\"root/ocsp/2\"");
    fs::write(here.file("ndoba.toml"), text.replace("pki/root-ocsp.pem", "pki/root-ocsp-2.pem")).unwrap();
    // The session was held in another room; the log names it, and it was kept here.
    let found = here.signatures_hold();
    assert_eq!((&found["unattended"], &found["statements_unseen"]), (&0.into(), &0.into()), "{found}");
    let theirs: Value = serde_json::from_str(&here.other_program(0)).unwrap();
    assert_eq!((&theirs["ceremonies"], &theirs["statements"]), (&found["ceremonies"], &found["statements"]));
    assert_eq!((here.events("draft-written"), here.events("draft-signed")), (1, 1));
    serving.stop();
    let serving = here.serve(None);
    let serial = |file: &str| {
        let said = here.openssl(&["x509", "-in", file, "-noout", "-serial"]);
        said.trim().trim_start_matches("serial=").to_lowercase()
    };
    let (about, by) = (serial("pki/signature.pem"), serial("pki/root-ocsp-2.pem"));
    wait_for(|| {
        let said = here.ocsp_of("root", &about, &["-no_nonce", "-resp_text"]);
        let by_the_new = said.to_lowercase().replace([':', '\n', ' '], "").contains(&by);
        if said.contains(": good") && said.contains("Response verify OK") && by_the_new {
            Ok(())
        } else {
            Err(said)
        }
    });
    // The key before, and every signature, are accounted for.
    let accounts = here.must(&["ca", "reconcile", "--config", "ndoba.toml", "--signatures"]);
    assert!(accounts.contains("every signature has its row"), "{accounts}");
    assert!(accounts.contains("0 intents have neither a signature nor an end yet"), "{accounts}");

    // 5. A ceremony that is not held: its draft is given up, and comes back in vain. So does one with an officer who was
    // dismissed since it was drafted: the room cannot know.
    let third = here.appoint_a_third();
    here.must(&request.map(|word| if word == "next.csr" { "third.csr" } else { word }));
    here.must(&draft.map(|word| match word {
        "next.csr" => "third.csr",
        "draft.json" => "third.json",
        other => other,
    }));
    here.must_with_two(&words(&here.sign_at_the_safe("third.json", "third.signed.json")));
    let signing = here.sign_at_the_safe("third.json", "dismissed.signed.json");
    let there = ["--as", "officers/security-1.pem", "--second", "officers/third.pem", "--yes"];
    here.must(&[&words(&signing)[..], &there].concat());
    here.must(&["officer", "end", &third, "--as", "officers/security-1.pem", "--yes"]);
    let said = here.must_not(&words(&here.import_from_the_safe("dismissed.signed.json")));
    assert!(said.contains("is not a security officer now"), "{said}");
    let said = here.must(&["root", "give-up", "--config", "ndoba.toml"]);
    assert!(said.contains("2 signatures of root are awaited no more"), "{said}");
    let said = here.must_not(&words(&here.import_from_the_safe("third.signed.json")));
    assert!(said.contains("was not asked to sign this here, or no longer"), "{said}");

    // 6. Other security officers are pinned.
    pin_replaced::the_pin_is_replaced(&here, serving);
}
