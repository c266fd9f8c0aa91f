//! Evidence to hand out: the whole log as lines of JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ndoba_types::{InstallationId, SubjectPublicKeyInfo, canonical};

use crate::{EventLog, LogError};

/// What the first line of an export says it is.
pub(crate) const FORMAT: &str = "ndoba-audit-export/1";

const BATCH: usize = 1000;

/// Gives the log to `line`, line by line, without line ends: a header with the audit keys, the records in order, and
/// each checkpoint behind the last record it covers. Reads a batch at a time; the memory does not grow with the log.
///
/// What is stored is passed on as it is, right or wrong: judging is [`ExportVerifier`](crate::ExportVerifier)'s work.
///
/// # Inputs
///
/// - `keys` – all public keys that ever signed checkpoints of this installation.
///
/// # Errors
///
/// [`LogError`] of the log, and whatever `line` gives.
pub fn export<E: From<LogError>>(
    log: &dyn EventLog,
    installation: InstallationId,
    keys: &[SubjectPublicKeyInfo],
    line: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let header = serde_json::json!({
        "format": FORMAT,
        "installation": installation.to_string(),
        "keys": keys.iter().map(|key| BASE64.encode(key.as_der())).collect::<Vec<_>>(),
    });
    line(&canonical::encode(&header).unwrap_or_default())?;

    let mut next = 0;
    let mut number = 0;
    loop {
        let checkpoints = log.checkpoints(number, BATCH)?;
        if checkpoints.is_empty() {
            break;
        }
        for signed in checkpoints {
            next = records(log, next, signed.checkpoint.size, line)?;
            number = signed.checkpoint.number.max(number) + 1;
            line(&signed.to_bytes())?;
        }
    }
    // Records that no checkpoint covers yet.
    records(log, next, u64::MAX, line)?;
    Ok(())
}

/// Records from `next` up to and without `end`, as far as there are any; gives the one to go on with.
fn records<E: From<LogError>>(
    log: &dyn EventLog,
    mut next: u64,
    end: u64,
    line: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    while next < end {
        let limit = usize::try_from(end - next).map_or(BATCH, |wanted| wanted.min(BATCH));
        let records = log.leaves(next, limit)?;
        if records.is_empty() {
            break;
        }
        for record in records {
            line(&record)?;
            next += 1;
        }
    }
    Ok(next)
}
