//! `ndoba audit`: take the log out, and judge it with nothing but files.

mod signed;
mod verdict;

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use ndoba_audit::{ExportVerifier, SignedCheckpoint, Verdict};
use ndoba_client::ClientError;
use ndoba_tsa::{ImprintHash, verify_token};
use ndoba_types::{Sha256Digest, SignatureAlgorithm, SubjectPublicKeyInfo};
use ndoba_x509::verify_signature;

use self::signed::Signatures;
use super::session::Session;
use crate::cli::{AuditCommand, VerifyArgs};
use crate::files;

/// Carries one out.
pub(crate) fn run(command: &AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Export { api, out, signed } => {
            let session = Session::open(api)?;
            // The log first: whatever it names is there then.
            export(out, 0o644, |writer| session.api.export_audit(writer))?;
            if let Some(signed) = signed {
                export(signed, 0o600, |writer| session.api.export_signed(writer))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        AuditCommand::Verify(args) => verify(args),
    }
}

fn export(
    out: &Path,
    mode: u32,
    fetch: impl FnOnce(&mut dyn io::Write) -> Result<u64, ClientError>,
) -> anyhow::Result<()> {
    let unwritable = || format!("cannot write {}", out.display());
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(mode).open(out);
    let file = file.with_context(unwritable)?;
    // One that was there before keeps its mode otherwise.
    file.set_permissions(Permissions::from_mode(mode)).with_context(unwritable)?;
    let mut writer = BufWriter::new(file);
    let octets = fetch(&mut writer)?;
    writer.flush().with_context(unwritable)?;
    println!("{octets} octets in {}", out.display());
    Ok(())
}

/// Judges an export, showing each of its lines to `visit` before it is judged.
pub(crate) fn judge(
    export: &Path,
    seen: &[PathBuf],
    key: Option<&str>,
    visit: &mut dyn FnMut(&[u8]),
) -> anyhow::Result<Verdict> {
    let seen = seen
        .iter()
        .map(|path| {
            SignedCheckpoint::from_bytes(files::read(path)?.trim_ascii())
                .with_context(|| format!("{} is no checkpoint", path.display()))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let pinned: Option<Vec<Sha256Digest>> =
        key.map(|text| text.parse().map(|digest| vec![digest])).transpose()?;
    let verifier =
        |key: &SubjectPublicKeyInfo, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]| {
            verify_signature(key, algorithm, message, signature).is_ok()
        };
    let stamped = |token: &[u8], digest: Sha256Digest| {
        verify_token(token, ImprintHash::Sha256, digest.as_bytes()).is_ok()
    };
    let mut judge = ExportVerifier::new(&verifier, &stamped, &seen, pinned.as_deref());
    let file = File::open(export).with_context(|| format!("cannot read {}", export.display()))?;
    for line in BufReader::new(file).split(b'\n') {
        let line = line.with_context(|| format!("cannot read {}", export.display()))?;
        visit(&line);
        judge.line(&line)?;
    }
    Ok(judge.finish()?)
}

fn verify(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let VerifyArgs { export, seen, key, signed, pin, statements, json } = args;
    let mut looked = match signed {
        None => Signatures::unseen(),
        Some(file) => Signatures::open(file, *pin, statements)?,
    };
    let log = judge(export, seen, key.as_deref(), &mut |line| looked.line(line));
    // Where the log is not what it was, what follows from it means nothing.
    let judged = log.and_then(|log| Ok((log, looked.finish()?)));
    match (judged, json) {
        (Ok((log, looked)), true) => println!("{}", verdict::to_json(&log, &looked)),
        (Ok((log, looked)), false) => print!("{}", verdict::to_text(&log, &looked)),
        (Err(finding), true) => {
            println!("{}", verdict::finding_to_json(&finding)?);
            return Ok(ExitCode::FAILURE);
        }
        (Err(finding), false) => return Err(finding),
    }
    Ok(ExitCode::SUCCESS)
}
