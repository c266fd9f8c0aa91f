//! Tokens and keys: the report, `ndoba keys list` and pkcs11-tool side by side.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use super::report::{list, text};
use crate::installation::{Installation, SOFTHSM};
use crate::program::{eventually, said};

/// Label, serial number, maker, model and version of every token, as it says itself.
pub(crate) fn tokens_are_as_they_say(here: &Installation, report: &Value) {
    let told = said(&tool(here, &["--list-token-slots"], None));
    for hsm in list(report, "hsms") {
        let label = format!(": {}\n", text(hsm, "token"));
        let slot = told.split("\nSlot ").find(|slot| slot.contains(&label));
        let slot = slot.unwrap_or_else(|| panic!("{label} in {told}"));
        for (name, line) in
            [("serial", "serial num"), ("manufacturer", "token manufacturer"), ("model", "token model")]
        {
            let value = slot.lines().find_map(|told| told.trim().strip_prefix(line)).unwrap();
            assert_eq!(value.trim_start_matches([' ', ':']).trim(), text(hsm, name), "{slot}");
        }
        assert!(text(hsm, "settings").contains("not certified"), "a software token is called one");
    }
    assert_eq!(told.matches("token label").count(), list(report, "hsms").len(), "{told}");
}

/// Every key by pkcs11-tool and openssl: id, kind, size, fingerprint, uses, and what guards it.
pub(crate) fn are_as_strangers_read_them(here: &Installation, report: &Value) {
    let keys = list(report, "keys");
    for key in keys {
        let (label, id) = (text(key, "label"), text(key, "id"));
        if text(key, "algorithm") == "AES" {
            wraps_and_nothing_else(here, key);
            continue;
        }
        let listed = session(here, text(key, "token"), &["--list-objects"]);
        let object = |kind: &str| {
            let named = format!("label:      {label}\n");
            let mut objects = listed.split(" Key Object");
            let kinds: Vec<_> = objects.clone().map(|one| one.ends_with(kind)).collect();
            objects.next();
            let found = objects.zip(kinds).find(|(one, of_kind)| *of_kind && one.contains(&named));
            found.unwrap_or_else(|| panic!("{kind} {label} in {listed}")).0
        };
        write_public_key(here, key, object("Public"));
        let digest = here.openssl(&["dgst", "-sha256", "-r", "key.der"]);
        assert_eq!(digest.split(' ').next(), Some(text(key, "fingerprint")), "{label}");
        let printed =
            here.openssl(&["pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-text", "-noout"]);
        let size = format!("({} bit)", key["bits"]);
        assert!(printed.contains(&size), "{label}: {printed}");
        let curve = match key["bits"].as_u64().unwrap() {
            256 => "EC secp256r1",
            384 => "EC secp384r1",
            3072 | 4096 => "RSA",
            other => panic!("{label}: {other} bits"),
        };
        assert_eq!(text(key, "algorithm"), curve);

        let object = object("Private");
        assert!(object.contains(id), "{label}: {object}");
        let usage = object.lines().find_map(|line| line.trim().strip_prefix("Usage:")).unwrap();
        assert_eq!(usage.trim(), "sign", "{label}: for nothing else (P-41)");
        let access = object.lines().find_map(|line| line.trim().strip_prefix("Access:")).unwrap();
        for guard in ["sensitive", "always sensitive", "never extractable", "local"] {
            assert!(access.split(',').any(|one| one.trim() == guard), "{label}: {guard}: {access}");
        }
        for (name, value) in [
            ("CKA_TOKEN", true),
            ("CKA_PRIVATE", true),
            ("CKA_SENSITIVE", true),
            ("CKA_ALWAYS_SENSITIVE", true),
            ("CKA_EXTRACTABLE", false),
            ("CKA_NEVER_EXTRACTABLE", true),
            ("CKA_LOCAL", true),
            ("CKA_SIGN", true),
            ("CKA_DECRYPT", false),
            ("CKA_UNWRAP", false),
            ("CKA_DERIVE", false),
        ] {
            let stated = list(key, "attributes").iter().find(|one| text(one, "name") == name);
            assert_eq!(stated.map(|one| &one["value"]), Some(&value.into()), "{label}: {name}");
        }
    }
    // Root, three CAs, a responder for each, the three CAs' enrolment keys, a unit, the clock's statement's, the log's, and
    // the one that wraps data keys.
    assert_eq!(keys.len(), 15);
}

/// The key that wraps data keys, alone in its token (ADR 0020).
fn wraps_and_nothing_else(here: &Installation, key: &Value) {
    let listed = session(here, text(key, "token"), &["--list-objects"]);
    assert_eq!(listed.matches(" Key Object").count(), 1, "{listed}");
    assert!(listed.contains("Secret Key Object; AES length 32"), "{listed}");
    let line = |name: &str| listed.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap().trim();
    assert_eq!(line("label:"), text(key, "label"));
    assert_eq!(line("ID:"), text(key, "id"));
    assert_eq!(line("Usage:"), "encrypt, decrypt", "for nothing else (P-41)");
    let access = line("Access:");
    for guard in ["sensitive", "always sensitive", "never extractable", "local"] {
        assert!(access.split(',').any(|one| one.trim() == guard), "{guard}: {access}");
    }
    // No other role's PIN opens it.
    let pin = here.read_text("pins/ndoba-ocsp.pin");
    let other =
        tool(here, &["--token-label", text(key, "token"), "--login", "--pin", pin.trim(), "-O"], None);
    assert!(!other.status.success(), "{}", said(&other));
}

/// `key.der`: the SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of a public key in a token.
fn write_public_key(here: &Installation, key: &Value, object: &str) {
    if text(key, "algorithm") == "RSA" {
        let read = ["--read-object", "--type", "pubkey", "--label", text(key, "label")];
        let file = ["--output-file", "key.der"];
        session(here, text(key, "token"), &[&read[..], &file].concat());
        return;
    }
    // The tool of Debian 12 writes no key on P-384; it prints point and curve.
    let hex = |name: &str| {
        let line = object.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
        hex::decode(line.trim()).unwrap()
    };
    let element = |tag: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap();
        let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
        [&head, content].concat()
    };
    let point = hex("EC_POINT:");
    let id_ec_public_key = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    let algorithm = element(0x30, &[&id_ec_public_key[..], &hex("EC_PARAMS:")].concat());
    // Within an OCTET STRING in the token, a BIT STRING here.
    let bits = element(3, &[&[0], &point[2..]].concat());
    fs::write(here.file("key.der"), element(0x30, &[algorithm, bits].concat())).unwrap();
}

/// `ndoba keys list` lists the same keys, all fit.
pub(crate) fn command_agrees(here: &Installation, report: &Value) {
    let listed = here.must(&["keys", "list", "--config", "ndoba.toml"]);
    let mut expected: Vec<String> = list(report, "keys")
        .iter()
        .map(|key| format!("{} {} {} fit", text(key, "token"), text(key, "label"), text(key, "id")))
        .collect();
    let mut listed: Vec<&str> = listed.lines().filter(|line| !line.contains(" canary/")).collect();
    expected.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, expected);
}

/// A key that was made outside and brought in under a CA's label is not worked with (K-P09).
pub(crate) fn an_imported_key_is_refused(here: &Installation) {
    here.openssl(&["ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "outside.pem"]);
    for (kind, public) in [("privkey", &[][..]), ("pubkey", &["-pubout"])] {
        let written = ["pkey", "-in", "outside.pem", "-outform", "DER", "-out", "outside.der"];
        here.openssl(&[&written, public].concat());
        let write = ["--write-object", "outside.der", "--type", kind, "--usage-sign"];
        session(here, "ndoba-issuing", &[&write[..], &["--label", "signature/ca/9", "--id", "ab"]].concat());
    }
    let listed = here.run(&["keys", "list", "--config", "ndoba.toml"]);
    assert_eq!(listed.status.code(), Some(1), "{}", said(&listed));
    let line = said(&listed);
    let line = line.lines().find(|line| line.contains("signature/ca/9")).unwrap().to_owned();
    assert!(line.contains("CKA_LOCAL") && line.contains("CKA_ALWAYS_SENSITIVE"), "{line}");
    // Configured all the same, it issues nothing.
    here.configure("imported.toml", "key = \"signature/ca/1\"", "key = \"signature/ca/9\"");
    let mut serving = here.start("imported.toml", None);
    here.await_officers_of(&mut serving);
    let application = here.apply("01001012345");
    let _approval = here.start_approval(&application);
    eventually(|| here.log().contains("CKA_LOCAL"), || here.log());
    assert!(here.application(&application).ends_with("none yet\n"), "{}", here.log());
    // The log tells it, once, and which keys were found fit when they were first used.
    let told = |like: &str| {
        let text = crate::roles::event(here);
        here.sql(&format!("SELECT {text} FROM audit_events WHERE {text} LIKE '{like}'")).lines().count()
    };
    let refused = "%\"key-attributes\"%\"signature/ca/9\"%\"key-refused\"%";
    eventually(|| told(refused) == 1, || here.log());
    assert_eq!((told("%\"key-refused\"%"), told("%\"signature/ca/9\"%\"key-opened\"%")), (1, 0));
    for (key, role) in [("tsa/clock/1", "public"), ("audit/seal/1", "audit")] {
        let opened = format!("%\"{key}\"%\"role\":\"{role}\"%\"key-opened\"%");
        eventually(|| told(&opened) > 0, || format!("{key}\n{}", here.log()));
    }
}

/// What pkcs11-tool says, logged in to a token.
fn session(here: &Installation, token: &str, what: &[&str]) -> String {
    let output = tool(here, &[&["--token-label", token, "--login"], what].concat(), Some(token));
    assert!(output.status.success(), "{token}: {what:?}: {}", said(&output));
    said(&output)
}

/// pkcs11-tool on SoftHSM itself, with this token's PIN.
fn tool(here: &Installation, arguments: &[&str], token: Option<&str>) -> Output {
    let mut command = Command::new("pkcs11-tool");
    command.args(["--module", SOFTHSM]).args(arguments);
    if let Some(token) = token {
        let pin = here.read_text(&format!("pins/{token}.pin"));
        command.args(["--pin", "env:TOKEN_PIN"]).env("TOKEN_PIN", pin.trim());
    }
    let configured = command.env("SOFTHSM2_CONF", here.file("softhsm2.conf")).current_dir(here.folder());
    configured.output().unwrap()
}
