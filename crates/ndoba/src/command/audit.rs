//! `ndoba audit`: take the log out, and judge it with nothing but the file.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ndoba_audit::{ExportVerifier, SignedCheckpoint, Verdict};
use ndoba_tsa::{ImprintHash, verify_token};
use ndoba_types::{Sha256Digest, SignatureAlgorithm, SubjectPublicKeyInfo};
use ndoba_x509::verify_signature;

use super::session::Session;
use crate::cli::{ApiArgs, AuditCommand};
use crate::files;

/// Carries one out.
pub(crate) fn run(command: &AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Export { api, out } => export(api, out),
        AuditCommand::Verify { export, seen, key } => verify(export, seen, key.as_deref()),
    }
}

fn export(api: &ApiArgs, out: &Path) -> anyhow::Result<()> {
    let session = Session::open(api)?;
    let file = File::create(out).with_context(|| format!("cannot write {}", out.display()))?;
    let mut writer = BufWriter::new(file);
    let octets = session.api.export_audit(&mut writer)?;
    writer.flush().with_context(|| format!("cannot write {}", out.display()))?;
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

fn verify(export: &Path, seen: &[PathBuf], key: Option<&str>) -> anyhow::Result<()> {
    let verdict = judge(export, seen, key, &mut |_| {})?;
    println!(
        "{} records are as they were sealed, {} checkpoints verified, {} of them time-stamped",
        verdict.sealed, verdict.checkpoints, verdict.stamped
    );
    println!("{} later records are not sealed yet", verdict.unsealed);
    match verdict.complete {
        0 => println!("completeness is not proved: give a checkpoint seen elsewhere with --seen"),
        records => println!("complete at least up to record {records}"),
    }
    if !verdict.key_pinned {
        println!(
            "the key is the export's own word: give its fingerprint from the ceremony report with --key"
        );
    }
    Ok(())
}
