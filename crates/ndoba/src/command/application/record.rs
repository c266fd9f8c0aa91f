//! `ndoba application record`: everything that is kept about a subject, as a folder that any reader can check.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use ndoba_client::CertificateForm;
use ndoba_registration::application::ApplicationId;
use ndoba_types::{SerialNumber, Sha256Digest};
use serde_json::{Value, json};

use super::attachments::ending;
use crate::command::session::Session;
use crate::files;

/// Fetches the record and the files that it names, and writes them.
pub(super) fn write(session: &Session, subject: &str, folder: &Path) -> anyhow::Result<()> {
    let taken = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    anyhow::ensure!(!taken, session.words.record_folder(folder.display()));
    files::private_folder(folder)?;
    let record = session.api.subject_record(subject)?;
    let mut written = Written { folder, sums: String::new(), files: 0 };
    let cases = array(&record, "cases");
    for case in cases {
        write_case(session, case, &mut written)?;
    }
    written.file("record.json", serde_json::to_string_pretty(&record)?.as_bytes())?;
    let Written { sums, files, .. } = written;
    files::write_secret(&folder.join("SHA256SUMS"), sums.as_bytes())?;
    session.print(&json!({ "folder": folder, "cases": cases.len(), "files": files }), || {
        session.words.record_written(folder.display(), cases.len(), files)
    })
}

/// An application's files in a folder that is called by its identifier.
fn write_case(session: &Session, case: &Value, written: &mut Written<'_>) -> anyhow::Result<()> {
    let application = &case["application"];
    // What a path is made of is read as what it must be, whoever gave it.
    let id: ApplicationId = text(application, "id").parse().context("the record names no application")?;
    let id = id.to_string();
    // Without an acceptance the application has no agreement yet, only what would be one today.
    if let Some(digest) = application["agreement"]["sha256"].as_str() {
        written.whole(session, &format!("{id}/agreement.pdf"), digest, &session.api.agreement(&id)?)?;
    }
    for copy in array(case, "copies") {
        let digest: Sha256Digest =
            text(copy, "sha256").parse().context("the record names a file without its digest")?;
        let digest = digest.to_string();
        let name = format!("{id}/{digest}.{}", ending(text(copy, "media_type")));
        written.whole(session, &name, &digest, &session.api.attachment(&id, &digest)?)?;
    }
    for certificate in array(case, "certificates").iter().filter(|one| one["ledger"] == "issued") {
        let serial: SerialNumber =
            text(certificate, "serial").parse().context("the record names a certificate without serial")?;
        let der = session.api.download(&serial.to_string(), CertificateForm::Der)?;
        written.file(&format!("{id}/{serial}.der"), &der)?;
    }
    Ok(())
}

/// The folder, and what is in it already as `sha256sum` writes it.
struct Written<'a> {
    folder: &'a Path,
    sums: String,
    files: usize,
}

impl Written<'_> {
    /// Writes what has this digest; anything else is none of the record.
    fn whole(&mut self, session: &Session, name: &str, digest: &str, octets: &[u8]) -> anyhow::Result<()> {
        let whole = Sha256Digest::of(octets).to_string() == digest;
        anyhow::ensure!(whole, session.words.attachment_broken(digest));
        self.file(name, octets)
    }

    fn file(&mut self, name: &str, octets: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        path.parent().map_or(Ok(()), files::private_folder)?;
        files::write_secret(&path, octets)?;
        self.sums += &format!("{}  {name}\n", Sha256Digest::of(octets));
        self.files += 1;
        Ok(())
    }
}

fn array<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}
