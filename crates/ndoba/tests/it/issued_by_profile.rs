//! Certificates of the profiles beside the story's two, from the officers' files to what strangers read in them.

use std::fs;

use ndoba_order::{Order, SignerRole};
use ndoba_testkit::{Document, Judge};
use ndoba_types::OrderId;

use crate::api::Call;
use crate::installation::{Engine, Installation, Subject};
use crate::program::said;

on_both_engines!(a_foreigner_and_a_body_of_a_local_scheme);

const PERSON: Subject<'_> = Subject::Person("01001012345");

/// Has a certificate issued whose application differs from the usual one; the serial number, and the certificate in
/// `issued.der` and `issued.pem`.
fn issue(here: &Installation, change: impl Fn(String) -> String) -> String {
    issue_to(here, PERSON, "signature", change)
}

/// The same for a person or a municipality, by the CA of this name.
fn issue_to(
    here: &Installation,
    subject: Subject<'_>,
    ca: &str,
    change: impl Fn(String) -> String,
) -> String {
    here.prepare(subject);
    let file = format!("{}.toml", subject.name());
    let content = here.read_text(&file);
    fs::write(here.file(&file), change(content)).unwrap();
    let id = here.open(subject);
    here.submit(&id);
    let approved = here.approve(&id);
    assert!(approved.status.success(), "{}\n{}", said(&approved), here.log());
    let serial = here.await_certificate(&id);
    for file in ["issued.der", "issued.pem"] {
        here.download(&serial, file);
    }
    let issuer = format!("pki/{ca}.pem");
    let chain = ["-CAfile", "pki/root.pem", "-untrusted", &issuer];
    here.openssl(&[&["verify", "-x509_strict"], &chain[..], &["issued.pem"]].concat());
    serial
}

fn text(here: &Installation) -> String {
    here.openssl(&["x509", "-in", "issued.pem", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus"])
}

/// A foreigner by the passport of the own country, and a body without a registry code by a local scheme, whose registry
/// its certificate names (C-41 to C-43).
fn a_foreigner_and_a_body_of_a_local_scheme(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    let serial = issue(&here, |content| {
        content
            .replace("ნინო", "Olena")
            .replace("ბერიძე", "Kovalenko")
            .replace("personal_number = \"01001012345\"\n", "")
            .replace(
                "[identity_document]",
                "[subject.passport]\ncountry = \"UA\"\nnumber = \"FE123456\"\n[identity_document]",
            )
    });
    let shown = text(&here);
    assert!(shown.contains("Subject: C=UA,GN=Olena,SN=Kovalenko,serialNumber=PASUA-FE123456"), "{shown}");
    Judge::shared().assert_clean(Document::Person, &here.read("issued.der"));
    assert_eq!(here.must(&["lint", "issued.pem"]), "issued.pem: clean as person\n");
    // Officers find the certificate by what it shows, as the desk does.
    let search = ["certificate", "search", "PASUA-FE123456", "--as", "officers/revocation-officer.pem"];
    assert!(here.must(&search).starts_with(&serial), "{serial}");
    let reply = here.ask(Call::get("registration-officer", "/certificates?subject=PASUA-FE123456"));
    let found = reply.json()["items"].clone();
    assert_eq!((found.as_array().map(Vec::len), &found[0]["serial"]), (Some(1), &serial.into()), "{found}");

    let body = Subject::Municipality("404123456");
    issue_to(&here, body, "seal", |content| {
        content.replace("identification_code = \"404123456\"\n", "").replace(
            "[subject.representative]",
            "[subject.local_number]\nscheme = \"AO\"\nnumber = \"77\"\n\
             registry = \"https://registry.example.ge/ao\"\n[subject.representative]",
        )
    });
    let shown = text(&here);
    assert!(shown.contains("organizationIdentifier=AO:GE-77"), "{shown}");
    let der = here.read("issued.der");
    let registry = b"https://registry.example.ge/ao";
    assert!(der.windows(registry.len()).any(|window| window == registry), "C-43");
    Judge::shared().assert_clean(Document::Organisation, &der);
    assert_eq!(here.must(&["lint", "issued.pem"]), "issued.pem: clean as organisation\n");
    serving.stop();
}

#[test]
fn a_person_in_an_organisation() {
    let here = Installation::on(Engine::Sqlite);
    let serving = here.serve(None);
    let organisation = "[subject.organisation]\nname = \"თელავის მუნიციპალიტეტი\"\nidentification_code = \"404123456\"\n\
                        [subject.organisation.authority]\ntype = \"order-of-appointment\"\nreference = \"12-34\"\n\
                        date = \"2026-01-15\"\n[identity_document]";
    // The profile without the organisation is refused, at its field.
    here.prepare(PERSON);
    let content = here.read_text("person.toml");
    fs::write(here.file("person.toml"), content.replace("person-signature", "person-in-organisation"))
        .unwrap();
    let files = ["--file", "person.toml", "--csr", "person.csr"];
    let officer = ["--as", "officers/registration-officer.pem"];
    let refused = here.must_not(&[&["application", "new"], &files[..], &officer].concat());
    assert!(refused.contains("/subject/organisation: "), "{refused}");

    issue(&here, |content| {
        content
            .replace("person-signature", "person-in-organisation")
            .replace("[identity_document]", organisation)
    });
    let text = text(&here);
    assert!(text.contains("O=თელავის მუნიციპალიტეტი,organizationIdentifier=NTRGE-404123456"), "{text}");
    assert!(text.contains("serialNumber=PNOGE-01001012345"), "{text}");
    Judge::shared().assert_clean(Document::Person, &here.read("issued.der"));
    assert_eq!(here.must(&["lint", "issued.pem"]), "issued.pem: clean as person\n");
    serving.stop();
}

#[test]
fn a_short_term_certificate_is_never_revoked() {
    let here = Installation::on(Engine::Sqlite);
    let serving = here.serve(None);
    let serial = issue(&here, |content| {
        content.replace("person-signature", "person-signature-short-term").replace("days = 365", "days = 1")
    });
    let text = text(&here);
    assert!(!text.contains("OCSP - URI") && !text.contains("CRL Distribution"), "{text}");
    assert!(text.contains("CA Issuers - URI"), "{text}");
    Judge::shared().assert_clean(Document::PersonShortTerm, &here.read("issued.der"));
    assert_eq!(here.must(&["lint", "issued.pem"]), "issued.pem: clean as person\n");

    for refused in [here.revoke(&serial), here.suspend(&serial)] {
        let words = said(&refused);
        assert!(!refused.status.success() && words.contains("not-revocable"), "{words}");
    }
    assert!(here.ocsp(&serial).contains(": good"));
    serving.stop();
}

#[test]
fn a_provider_in_the_european_union() {
    let here = Installation::on(Engine::Sqlite);
    let settings = here.read_text("ndoba.toml");
    fs::write(here.file("ndoba.toml"), format!("{settings}\n[legal]\nlegislation = \"EU\"\n")).unwrap();
    let serving = here.serve(None);
    issue(&here, |content| content.replace("person-signature", "eu-person-signature"));
    Judge::shared().assert_clean(Document::Person, &here.read("issued.der"));
    assert_eq!(here.must(&["lint", "--law", "EU", "issued.pem"]), "issued.pem: clean as person\n");
    // The same octets claim nothing of Georgia's law.
    let georgian = here.must_not(&["lint", "--law", "GE", "issued.pem"]);
    assert!(georgian.contains("error qc-legislation"), "{georgian}");
    serving.stop();
}

#[test]
fn a_key_in_a_certified_device() {
    let here = Installation::on(Engine::Sqlite);
    let device = "profile = \"person-signature-qscd\"";
    let evidence = "[device]\nmodel = \"card-3\"\ntype = \"personalisation-record\"\nreference = \"batch 7, card 123\"\n\
                    date = \"2026-01-15\"\n[identity_document]";
    let change = |content: String| {
        content.replace("profile = \"person-signature\"", device).replace("[identity_document]", evidence)
    };
    let settings = here.read_text("ndoba.toml");
    let register = |ends: &str| {
        let model = "[[devices]]\nmodel = \"card-3\"\ncertificate = \"EAL4+ 2025-7\"";
        fs::write(here.file("ndoba.toml"), format!("{settings}\n{model}\nends = \"{ends}\"\n")).unwrap();
    };

    // Without the model in the register nothing says that the key is in a device.
    let serving = here.serve(None);
    here.prepare(PERSON);
    fs::write(here.file("person.toml"), change(here.read_text("person.toml"))).unwrap();
    let files = ["--file", "person.toml", "--csr", "person.csr"];
    let officer = ["--as", "officers/registration-officer.pem"];
    let new = [&["application", "new"], &files[..], &officer].concat();
    let refused = here.must_not(&new);
    assert!(refused.contains("/device/model: "), "{refused}");
    serving.stop();

    register("2099-12-31T00:00:00Z");
    let serving = here.serve(None);
    let serial = issue(&here, change);
    Judge::shared().assert_clean(Document::PersonQscd, &here.read("issued.der"));
    assert_eq!(here.must(&["lint", "issued.pem"]), "issued.pem: clean as person\n");
    let listed = here.must(&["ca", "devices", "--config", "ndoba.toml"]);
    assert_eq!(listed, "card-3: EAL4+ 2025-7, ends 2099-12-31T00:00:00Z, 1 certificates\n");
    let late = here.open(PERSON);
    here.submit(&late);
    let (submitted, _) = here.order_of(&late);
    serving.stop();

    register("2026-02-01T00:00:00Z");
    let serving = here.serve(None);
    // What was submitted while the model was certified is not approved after its end, and what was approved before it is
    // not carried out: the CA's database may have had the order of both officers for days.
    let refused = said(&here.approve(&late));
    assert!(refused.contains("[device.certification-ended]"), "{refused}");
    let approved = Order { order_id: OrderId::from_bytes([1; 16]), ..submitted.clone() };
    let roles = [("registration-officer", SignerRole::Submitter), ("approver", SignerRole::Approver)];
    let signatures = here.sign_order(&approved, &roles);
    here.insert_order(approved.order_id, &approved.to_bytes().unwrap(), &signatures, submitted.order_id);
    assert_eq!(here.await_refusal(approved.order_id), "device-certification-ended");
    let affected = here.must_not(&["ca", "devices", "--config", "ndoba.toml"]);
    assert!(
        affected.contains(&format!("{serial} of signature in card-3: its device is not certified")),
        "{affected}"
    );
    // And they are revoked by it (C-102).
    let by_model = |of: &str, more: &str| {
        let what =
            ["certificate", "revoke-all", "--by", "device-model", "--of", of, "--reason", "superseded"];
        let asked = ["--channel", "own-finding", "--note", "the certification ended", more];
        here.must(&[&what[..], &asked, &["--as", "officers/revocation-officer.pem"]].concat())
    };
    assert!(by_model("card-4", "--preview").starts_with("0 certificates to be revoked"));
    assert!(by_model("card-3", "--preview").contains(&serial));
    assert!(by_model("card-3", "--yes").starts_with("1 revoked, 0 wait"));
    assert!(here.shown(&serial).contains("revoked"));
    serving.stop();
}
