//! A database put back to yesterday's copy: each role refuses it, and what was revoked since is never answered `good`
//! (design §3). How two security officers accept one: [`restore`](crate::restore).

use std::fs;

use crate::http::{get, send};
use crate::installation::{Engine, Installation};
use crate::program::{eventually, said, wait_for};

on_both_engines!(
    every_role_refuses_it,
    a_revoked_certificate_is_not_good_even_when_the_witnesses_are_yesterdays_too
);

/// An installation whose database is yesterday's, with a certificate that was revoked since.
struct Yesterday {
    here: Installation,
    kept: String,
    revoked: String,
    /// The witness files of yesterday.
    witnesses: tempfile::TempDir,
}

impl Yesterday {
    fn on(engine: Engine) -> Self {
        let here = Installation::on(engine);
        let serving = here.serve(None);
        let [kept, revoked] = ["01001000101", "01001000102"].map(|number| here.issue(number));
        serving.stop();
        let yesterday = here.back_up();
        let witnesses = tempfile::tempdir().unwrap();
        copy_witnesses(&here.file("witness"), witnesses.path());

        let serving = here.serve(None);
        let asked = here.revoke(&revoked);
        assert!(asked.status.success(), "{}", said(&asked));
        here.await_listed(&revoked);
        let told = wait_for(|| {
            let told = here.ocsp(&revoked);
            if told.contains(": revoked") { Ok(told) } else { Err(told) }
        });
        assert!(told.contains("Response verify OK"), "{told}");
        serving.stop();
        here.must(&["db", "status", "--config", "ndoba.toml"]);
        here.put_back(&yesterday);
        Self { here, kept, revoked, witnesses }
    }
}

fn copy_witnesses(from: &std::path::Path, to: &std::path::Path) {
    for name in ["audit.json", "ca.json", "ocsp.json"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

fn every_role_refuses_it(engine: Engine) {
    let Yesterday { here, witnesses, .. } = Yesterday::on(engine);
    let rows = "SELECT (SELECT count(*) FROM audit_events), (SELECT count(*) FROM crls)";
    let before = here.sql(rows);
    for (node, (role, because)) in [
        ("public", "the database is behind its witness"),
        ("ca", "the database is behind its witness"),
        ("audit", "records, but"),
    ]
    .into_iter()
    .enumerate()
    {
        let file = format!("{role}.toml");
        here.configure_roles(&file, &[role], node.try_into().unwrap());
        let refused = here.must_not(&["serve", "--config", &file]);
        let last = refused.lines().last().unwrap();
        assert!(last.starts_with("ndoba: ") && last.contains(because), "{role}: {refused}");
    }
    // All roles in one process too; and nobody has written anything.
    let refused = here.must_not(&["serve", "--config", "ndoba.toml"]);
    assert!(refused.contains("behind its witness"), "{refused}");
    // Where only the CA's witness knows better: nobody was served before it was asked.
    let todays = here.read("witness/ocsp.json");
    fs::copy(witnesses.path().join("ocsp.json"), here.file("witness/ocsp.json")).unwrap();
    let refused = here.must_not(&["serve", "--config", "ndoba.toml"]);
    assert!(refused.contains("the ca role does not act on this database"), "{refused}");
    assert!(!refused.contains("listening on"), "{refused}");
    fs::write(here.file("witness/ocsp.json"), todays).unwrap();
    assert_eq!(here.sql(rows), before);
    let status = here.must_not(&["db", "status", "--config", "ndoba.toml"]);
    for behind in ["ca: the database is behind", "ocsp: the database is behind", "audit: the log has"] {
        assert!(status.contains(behind), "{behind} in {status}");
    }
}

/// The whole machine was put back, and only the CRL that was published since remembers.
fn a_revoked_certificate_is_not_good_even_when_the_witnesses_are_yesterdays_too(engine: Engine) {
    let Yesterday { here, kept, revoked, witnesses } = Yesterday::on(engine);
    copy_witnesses(witnesses.path(), &here.file("witness"));
    here.configure_roles("public.toml", &["public"], 0);
    let mut serving = here.start("public.toml", None);
    here.await_address(&mut serving, here.public());

    // Asked in every way a client may ask; the answer is an error of the protocol, and says to ask again.
    for options in [&["-no_nonce"][..], &[], &["-sha256", "-no_nonce"]] {
        let told = here.ocsp_of("signature", &revoked, options);
        assert!(told.contains("trylater"), "{told}");
    }
    let request = ["ocsp", "-no_nonce", "-issuer", "pki/signature.pem", "-reqout", "asked.der"];
    let serial = format!("0x{revoked}");
    here.openssl(&[&request[..], &["-serial", &serial]].concat());
    let sent = "Content-Type: application/ocsp-request\r\n";
    let reply = send(here.public(), "POST", "/ocsp", sent, &here.read("asked.der"));
    assert_eq!((reply.status, reply.body.as_slice()), (200, &[0x30, 3, 0x0a, 1, 3][..]));
    // The others are answered.
    let told = here.ocsp(&kept);
    assert!(told.contains(": good") && told.contains("Response verify OK"), "{told}");
    // The list that is online is the one of today.
    let listed = get(here.public(), "/crl/signature.crl");
    assert_eq!(listed.body, here.read("published/crl/signature.crl"));
    assert!(here.crl().contains(&revoked));
    eventually(|| here.health().contains("published CRLs"), || here.health());
    serving.stop();

    // The CA itself publishes no list from which the certificate is missing.
    here.configure_roles("ca.toml", &["ca"], 1);
    let mut serving = here.start("ca.toml", None);
    eventually(|| here.log().contains("is online") || !serving.is_running(), || here.log());
    assert!(here.crl().contains(&revoked), "{}", here.log());
}

/// A list online that the database does not know is an alarm while it is there, and no longer.
#[test]
fn health_says_when_a_foreign_list_is_gone() {
    let here = Installation::on(Engine::Sqlite);
    let serving = here.serve(None);
    let serial = here.issue("01001000103");
    assert!(here.revoke(&serial).status.success());
    here.await_listed(&serial);
    serving.stop();

    // Number 2 of one CA where the other has come to number 1.
    let own = here.read("published/crl/seal.crl");
    fs::copy(here.file("published/crl/signature.crl"), here.file("published/crl/seal.crl")).unwrap();
    here.configure_roles("public.toml", &["public"], 0);
    let mut serving = here.start("public.toml", None);
    here.await_address(&mut serving, here.operator());
    eventually(|| here.health().contains("does not know CRL 2 of seal"), || here.health());
    fs::write(here.file("published/crl/seal.crl"), own).unwrap();
    let entry = |state: &str| format!("\"name\":\"published CRLs\",\"state\":\"{state}\"");
    eventually(|| here.health().replace(' ', "").contains(&entry("ok").replace(' ', "")), || here.health());
    drop(serving);
}
