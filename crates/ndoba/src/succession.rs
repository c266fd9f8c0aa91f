//! The keys that follow a unit's first one, in the state folder: what was adopted, and from when on it counts.
//!
//! `tsa/<unit>/succession.json` is replaced whole, by `ndoba tsa adopt` only; the serving process looks at it every
//! second. The orders and certificates lie beside it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _, Word};
use ndoba_hsm::{KeyAttributes, Token};
use ndoba_settings::{KeyRef, Settings, TsaUnit};
use ndoba_store::Store;
use ndoba_types::{KeyLabel, OrderId, Sha256Digest, SubjectPublicKeyInfo, UtcTime};
use serde::{Deserialize, Serialize};

use crate::files;
use crate::installation::World;

const VERSION: u8 = 1;

/// A key that a unit goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Successor {
    /// Its label, in the token of the key before.
    pub(crate) key: KeyLabel,
    /// Its certificate's file.
    pub(crate) certificate: PathBuf,
    /// From when on it signs.
    pub(crate) from: UtcTime,
    /// By which order.
    pub(crate) order: OrderId,
    /// SHA-256 over the public key of the one before: which is destroyed then.
    pub(crate) destroys: Sha256Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u8,
    successors: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    /// Beside the file.
    certificate: String,
    from: String,
    order: String,
    destroys: String,
}

/// The folder of a unit's successors.
pub(crate) fn folder(settings: &Settings, unit: &str) -> PathBuf {
    // A unit's name is letters, digits and hyphens: no path leads out of the folder.
    settings.paths.state.join("tsa").join(unit)
}

/// A unit's successors, oldest first; none where none was ever adopted.
pub(crate) fn read(settings: &Settings, unit: &str) -> anyhow::Result<Vec<Successor>> {
    let folder = folder(settings, unit);
    let path = folder.join("succession.json");
    if !path.exists() {
        return Ok(Vec::new());
    }
    parse(&files::read(&path)?, &folder).with_context(|| format!("{} cannot be used", path.display()))
}

fn parse(bytes: &[u8], folder: &Path) -> anyhow::Result<Vec<Successor>> {
    let File { v, successors } = serde_json::from_slice(bytes)?;
    anyhow::ensure!(v == VERSION, "its version is not {VERSION}");
    let mut read: Vec<Successor> = Vec::with_capacity(successors.len());
    for Entry { key, certificate, from, order, destroys } in successors {
        anyhow::ensure!(!certificate.contains('/'), "a certificate's file is not beside it");
        let from: UtcTime = from.parse()?;
        anyhow::ensure!(read.last().is_none_or(|last| last.from < from), "the times are not in their order");
        read.push(Successor {
            key: key.parse()?,
            certificate: folder.join(certificate),
            from,
            order: order.parse()?,
            destroys: destroys.parse()?,
        });
    }
    Ok(read)
}

/// Adds the next one, whose order, certificate (both as they are) are kept beside the list. Durable when it returns.
pub(crate) fn append(
    settings: &Settings,
    unit: &str,
    successor: &Successor,
    order: &[u8],
    certificate: &[u8],
) -> anyhow::Result<()> {
    let folder = folder(settings, unit);
    files::private_folder(&folder)?;
    let mut all = read(settings, unit)?;
    files::write(&folder.join(format!("order-{}.json", successor.order)), order)?;
    files::write(&successor.certificate, certificate)?;
    all.push(successor.clone());
    let entry = |one: &Successor| {
        let Successor { key, certificate, from, order, destroys } = one;
        let file = certificate.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        Entry {
            key: key.to_string(),
            certificate: file.into(),
            from: from.to_string(),
            order: order.to_string(),
            destroys: destroys.to_string(),
        }
    };
    let file = File { v: VERSION, successors: all.iter().map(entry).collect() };
    // Last: what it names is there.
    files::write(&folder.join("succession.json"), &serde_json::to_vec_pretty(&file)?)
}

/// The keys of a unit with their certificates' files, the first one first.
pub(crate) fn keys(unit: &TsaUnit, successors: &[Successor]) -> Vec<(KeyRef, PathBuf)> {
    let first = (unit.key.clone(), unit.certificate.clone());
    let mut keys = vec![first];
    for one in successors {
        keys.push((unit.key.beside(one.key.clone()), one.certificate.clone()));
    }
    keys
}

/// The key after `current`: the one that is there already, or a new one of the same kind, made by `command`.
pub(crate) fn next_key(
    token: &Token,
    current: &KeyRef,
    world: &World,
    store: &Store,
    command: &'static str,
) -> anyhow::Result<(KeyLabel, SubjectPublicKeyInfo)> {
    let (authority, purpose) = (current.label.authority(), current.label.purpose());
    let label = KeyLabel::new(authority, purpose, current.label.generation().saturating_add(1))?;
    let found = key_like(token, current, &label, world, store, command)?;
    Ok((label, public_half(&found)?))
}

/// The key `label`, of the kind of `current`: the one that is there already, or a new one, made by `command`.
pub(crate) fn key_like(
    token: &Token,
    current: &KeyRef,
    label: &KeyLabel,
    world: &World,
    store: &Store,
    command: &'static str,
) -> anyhow::Result<KeyAttributes> {
    let there = token.list()?.into_iter().any(|listed| listed.label.as_ref() == Some(label));
    if !there {
        let spec =
            token.inspect(&current.label)?.spec.context("the present key is of no kind that is made here")?;
        let made = token.generate(label, spec)?;
        let event = EventKind::KeyGenerated {
            key: label.clone(),
            spki: public_half(&made)?.fingerprint(),
            algorithm: Word::from(spec.name()),
            token: current.token.parse().unwrap_or_else(|_| Word::from("token")),
        };
        let actor = Actor::Operator(command.into());
        store.record(&[Event::new(&*world.random, world.clock.now(), actor, event)?])?;
    }
    // Read back, whoever made it (requirements P-41).
    let found = token.inspect(label)?;
    let offending = found.offending();
    anyhow::ensure!(offending.is_empty(), "the key {label} must not be used: {}", offending.join(", "));
    Ok(found)
}

pub(crate) fn public_half(key: &KeyAttributes) -> anyhow::Result<SubjectPublicKeyInfo> {
    key.public_key.clone().context("the token has no public half of the key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_read() {
        let text = |certificate: &str, from: &str| {
            let entry = |from: &str| {
                format!(
                    r#"{{"key":"tsu/tsu/2","certificate":"{certificate}","from":"{from}","order":"{}","destroys":"{}"}}"#,
                    "ab".repeat(16),
                    "cd".repeat(32)
                )
            };
            format!(r#"{{"v":1,"successors":[{},{}]}}"#, entry("2026-11-25T12:00:00Z"), entry(from))
        };
        let folder = Path::new("/state/tsa/tsu");
        let read = parse(text("tsu-2.pem", "2027-11-25T12:00:00Z").as_bytes(), folder).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].certificate, folder.join("tsu-2.pem"));
        assert!(parse(text("../tsu-2.pem", "2027-11-25T12:00:00Z").as_bytes(), folder).is_err());
        assert!(parse(text("tsu-2.pem", "2026-11-25T12:00:00Z").as_bytes(), folder).is_err());
        assert!(
            parse(text("tsu-2.pem", "2027-11-25T12:00:00Z").replace(":1,", ":2,").as_bytes(), folder)
                .is_err()
        );
        assert!(parse(b"{\"v\":1}", folder).is_err());
    }
}
