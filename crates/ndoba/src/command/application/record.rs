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
use crate::words::Words;

const RECORD: &str = "record.json";
const SUMS: &str = "SHA256SUMS";

/// Fetches the record and the files that it names, and writes them.
pub(super) fn write(session: &Session, subject: &str, folder: &Path) -> anyhow::Result<()> {
    let taken = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    // The digests are written last.
    let begun = folder.join(RECORD).exists() && !folder.join(SUMS).exists();
    anyhow::ensure!(!begun, session.words.record_broken_off(folder.display()));
    anyhow::ensure!(!taken, session.words.record_folder(folder.display()));
    files::private_folder(folder)?;
    let record = session.api.subject_record(subject)?;
    let mut written = Written { folder, sums: String::new(), files: 0, told: Vec::new() };
    // First, whatever becomes of the files that it names.
    written.file(RECORD, serde_json::to_string_pretty(&record)?.as_bytes())?;
    let cases = array(&record, "cases");
    for case in cases {
        write_case(session, case, &mut written)?;
    }
    let Written { sums, files, told, .. } = written;
    files::write_secret(&folder.join(SUMS), sums.as_bytes())?;
    let told_of = json!({ "folder": folder, "cases": cases.len(), "files": files, "differences": told });
    session.print(&told_of, || {
        let done = session.words.record_written(folder.display(), cases.len(), files);
        told.iter().cloned().chain([done]).collect::<Vec<_>>().join("\n")
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
        written.agreement(session.words, &id, digest, &session.api.agreement(&id)?)?;
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
    /// What is not as the record says.
    told: Vec<String>,
}

impl Written<'_> {
    /// Writes what has this digest; anything else is none of the record.
    fn whole(&mut self, session: &Session, name: &str, digest: &str, octets: &[u8]) -> anyhow::Result<()> {
        let whole = Sha256Digest::of(octets).to_string() == digest;
        anyhow::ensure!(whole, session.words.attachment_broken(digest));
        self.file(name, octets)
    }

    /// The agreement is made anew out of the application and of settings, the provider's name among them, which may have
    /// changed since it was accepted: then it is kept as what it is, beside a note of what was accepted.
    fn agreement(&mut self, words: Words, id: &str, accepted: &str, octets: &[u8]) -> anyhow::Result<()> {
        let now = Sha256Digest::of(octets).to_string();
        if now == accepted {
            return self.file(&format!("{id}/agreement.pdf"), octets);
        }
        let note = words.agreement_differs(id, accepted, now);
        self.file(&format!("{id}/agreement-made-anew.pdf"), octets)?;
        self.file(&format!("{id}/agreement-note.txt"), format!("{note}\n").as_bytes())?;
        self.told.push(note);
        Ok(())
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

#[cfg(test)]
mod tests {
    use ndoba_order::Language;

    use super::*;

    const ID: &str = "5f0c7d1e2b3a49586877665544332211";

    #[test]
    fn an_agreement_that_differs_is_told_of_and_ends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut written = Written { folder: folder.path(), sums: String::new(), files: 0, told: Vec::new() };
        let accepted = Sha256Digest::of(b"%PDF- before").to_string();
        let words = Words(Language::English);
        written.agreement(words, ID, &accepted, b"%PDF- before").unwrap();
        assert!(written.told.is_empty() && written.files == 1);

        written.agreement(words, ID, &accepted, b"%PDF- after").unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(ID).join(name)).unwrap();
        assert_eq!(read("agreement-made-anew.pdf"), "%PDF- after");
        let note = read("agreement-note.txt");
        assert!(note.contains(&accepted) && note.trim_end() == written.told[0], "{note}");
        assert_eq!((written.files, written.sums.lines().count()), (3, 3));
    }
}
