//! Keys as the log tells of them: opened for use, or refused (requirements P-41, GEN-6.4.5-06).
//!
//! The gate itself is `hsm`'s: no key signs before it was judged, here or anywhere. This only sees to it that the verdict is
//! an event, once for each time that it changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ndoba_audit::{EventKind, Word};
use ndoba_hsm::{JudgedKey, KeyVerdict};
use ndoba_types::KeyLabel;

use super::background::{Background, Next};
use super::{Process, record_one};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Starts looking.
pub(super) fn watch(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<()> {
    let process = Arc::clone(process);
    let mut told: BTreeMap<KeyLabel, KeyVerdict> = BTreeMap::new();
    background.run("keys", move || {
        for (_, token) in process.tokens.iter() {
            for key in token.judged_keys() {
                tell(&process, &mut told, &key);
            }
        }
        Next::After(LOOK)
    })
}

/// Records a verdict that is another than the one before it. What cannot be recorded now is recorded later.
fn tell(process: &Process, told: &mut BTreeMap<KeyLabel, KeyVerdict>, key: &JudgedKey) {
    let JudgedKey { label, public_key, verdict } = key;
    let (key, role) = (label.clone(), role(label.purpose()));
    let what = match *verdict {
        // A token that is away for a second changes nothing about its keys.
        KeyVerdict::Absent => return,
        _ if told.get(label) == Some(verdict) => return,
        KeyVerdict::Opened => {
            EventKind::KeyOpened { key, spki: public_key.fingerprint(), role: Word::from(role) }
        }
        KeyVerdict::Refused { code } => EventKind::KeyRefused { key, code: code.into() },
    };
    match record_one(process, role, what) {
        Ok(()) => drop(told.insert(label.clone(), *verdict)),
        Err(error) => {
            tracing::warn!(key = %label, "what a token said of a key is not in the log yet: {error:#}")
        }
    }
}

/// The role that signs with keys of this purpose.
fn role(purpose: &str) -> &'static str {
    match purpose {
        "seal" => "audit",
        "ca" => "ca",
        _ => "public",
    }
}
