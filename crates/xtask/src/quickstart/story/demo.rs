//! The two subjects of the story and the way of their certificates.

use super::super::Stage;
use super::super::runner::{must_not, write_file};
use super::{must_ndoba, must_openssl, ndoba};
use crate::failure::{Failure, Outcome};

/// A subject who applies.
pub(super) struct Subject {
    /// The files' name under `demo/`.
    pub(super) name: &'static str,
    /// The short name of the CA that issues.
    pub(super) ca: &'static str,
    /// The application as the officer writes it.
    application: &'static str,
}

pub(super) const PERSON: Subject = Subject {
    name: "person",
    ca: "signature",
    application: "\
profile = \"person-signature\"

[subject]
type = \"natural-person\"
country = \"GE\"
given_name = \"ნინო\"
surname = \"ბერიძე\"
personal_number = \"01001012345\"
email = \"nino.beridze@example.ge\"
identity_document = \"ID card 12IA34567\"
",
};

pub(super) const MUNICIPALITY: Subject = Subject {
    name: "municipality",
    ca: "seal",
    application: "\
profile = \"organisation-seal\"

[subject]
type = \"legal-person\"
country = \"GE\"
organisation = \"თელავის მუნიციპალიტეტი\"
identification_code = \"404123456\"
email = \"office@telavi.example.ge\"
representative = \"გიორგი მაისურაძე\"
proof_of_authority = \"Council decision 12-34\"
",
};

/// An application that was opened.
pub(super) struct Application {
    pub(super) subject: &'static Subject,
    id: String,
}

impl Application {
    /// `demo/<name>.<ending>`, relative to the state folder.
    pub(super) fn file(&self, ending: &str) -> String {
        format!("demo/{}.{ending}", self.subject.name)
    }
}

/// Makes a key and a CSR, opens the application and submits it as `o1`.
pub(super) fn apply(stage: &Stage, subject: &'static Subject) -> Outcome<(Application, String)> {
    let mut application = Application { subject, id: String::new() };
    let (key, csr, toml) = (application.file("key"), application.file("csr"), application.file("toml"));
    write_file(&stage.file(&toml), subject.application)?;
    if !stage.file(&key).exists() {
        must_openssl(
            stage,
            &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key],
        )?;
    }
    must_openssl(
        stage,
        &[
            "req",
            "-new",
            "-key",
            &key,
            "-subj",
            "/CN=key for an application",
            "-outform",
            "DER",
            "-out",
            &csr,
        ],
    )?;
    let opened = must_ndoba(
        stage,
        &["application", "new", "--file", &toml, "--csr", &csr, "--as", "officers/o1.pem"],
    )?;
    application.id = last_word(&opened.text())?;
    must_ndoba(stage, &["application", "submit", &application.id, "--as", "officers/o1.pem"])?;
    let words = format!("application {}", application.id);
    Ok((application, words))
}

/// `o1`, who submitted, is refused; `o2` approves.
pub(super) fn approve(stage: &Stage, application: &Application) -> Outcome<((), String)> {
    let id = application.id.as_str();
    must_not(&mut ndoba(stage, &["application", "approve", id, "--as", "officers/o1.pem"]), &stage.folder)?;
    must_ndoba(stage, &["application", "approve", id, "--as", "officers/o2.pem"])?;
    Ok(((), "both signed the order".into()))
}

/// Waits for the certificate and puts it and its chain under `demo/`.
pub(super) fn fetch(stage: &Stage, application: &Application) -> Outcome<((), String)> {
    let (certificate, chain) = (application.file("pem"), application.file("chain.pem"));
    let id = application.id.as_str();
    must_ndoba(stage, &["application", "wait", id, "--as", "officers/o1.pem"])?;
    must_ndoba(stage, &["certificate", "download", id, "--out", &certificate, "--chain-out", &chain])?;
    Ok(((), format!("serial {}", serial(stage, application)?)))
}

/// The certificate's serial number in hexadecimal.
pub(super) fn serial(stage: &Stage, application: &Application) -> Outcome<String> {
    let said = must_openssl(stage, &["x509", "-noout", "-serial", "-in", &application.file("pem")])?.text();
    Ok(said.trim_start_matches("serial=").to_ascii_lowercase())
}

fn last_word(text: &str) -> Outcome<String> {
    text.split_whitespace()
        .last()
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("the command printed no identifier"))
}
