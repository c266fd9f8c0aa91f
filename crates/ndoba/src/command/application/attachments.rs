//! `ndoba application attach` and its relatives: copies of the agreement and of evidence.

use std::path::Path;

use ndoba_client::{Application, Attachment};
use ndoba_types::Sha256Digest;

use crate::cli::{AGREEMENT, SeenArgs};
use crate::command::session::Session;
use crate::files;
use crate::words::Words;

/// Attaches one.
pub(super) fn attach(
    session: &Session,
    seen: &SeenArgs,
    file: &Path,
    of: &str,
    name: Option<&str>,
) -> anyhow::Result<Application> {
    let (octets, SeenArgs { id, if_version }) = (files::read(file)?, seen);
    if of == AGREEMENT {
        return Ok(session.api.attach_copy(id, *if_version, &octets)?);
    }
    let own = file.file_name().and_then(|name| name.to_str());
    Ok(session.api.attach(id, *if_version, of, name.or(own), &octets)?)
}

/// Lists them; where a folder is named, each is written there. Its file is called by what it is: an officer's name of it
/// leads nowhere.
pub(super) fn list(session: &Session, id: &str, out: Option<&Path>) -> anyhow::Result<()> {
    let application = session.api.application(id)?;
    for (number, one) in application.attachments.iter().enumerate() {
        let Some(folder) = out else { break };
        let octets = session.api.attachment(id, &one.sha256)?;
        let whole = Sha256Digest::of(&octets).to_string() == one.sha256;
        anyhow::ensure!(whole, session.words.attachment_broken(&one.sha256));
        files::write_secret(&folder.join(file_name(number + 1, one)), &octets)?;
    }
    session.print(&application.attachments, || {
        let lines: Vec<String> = application.attachments.iter().map(|one| line(one, session.words)).collect();
        if lines.is_empty() { session.words.no_attachments() } else { lines.join("\n") }
    })
}

/// A line for each, each after a line break.
pub(super) fn lines(application: &Application, words: Words) -> String {
    application.attachments.iter().map(|one| format!("\n  {}", line(one, words))).collect()
}

fn line(one: &Attachment, words: Words) -> String {
    let Attachment { kind, name, sha256, size, .. } = one;
    let name = name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    words.attachment(words.attachment_kind(kind), name, size, sha256)
}

/// Such as `1-identity-document.jpg`. What the server calls a kind counts only where it is a plain word.
fn file_name(number: usize, one: &Attachment) -> String {
    let plain = one.kind.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-');
    let kind = if plain { one.kind.as_str() } else { "copy" };
    format!("{number}-{kind}.{}", ending(&one.media_type))
}

/// How a file's name ends, by what it is.
pub(super) fn ending(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "pdf",
        "application/pkcs7-signature" => "p7s",
        "image/png" => "png",
        "image/jpeg" => "jpg",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_what_it_is() {
        let called = |kind: &str, media_type: &str| {
            let (kind, media_type) = (kind.to_owned(), media_type.to_owned());
            let name = Some("../../.ssh/authorized_keys".to_owned());
            let (sha256, added, added_by) = (String::new(), String::new(), String::new());
            file_name(1, &Attachment { kind, name, sha256, media_type, size: 1, added, added_by })
        };
        assert_eq!(called("identity-document", "image/jpeg"), "1-identity-document.jpg");
        assert_eq!(called("../x", "text/html"), "1-copy.bin");
    }
}
