//! The folder of signed status orders that the database could not take (ADR 0013): one file each, whole or absent.
//!
//! Files hold personal data, as the database does: the folder is its owner's alone. A file's name begins with the time
//! of receipt, so that names in order are orders in order.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ndoba_registration::spool::{KeptOrder, Spool, SpoolCounts, SpoolError, StatusHandIn};
use ndoba_types::{OrderId, UtcTime};
use serde::{Deserialize, Serialize};

use crate::durable_file;

/// The most files, those laid aside included: with the API's limit for bodies, what they may take of the disk.
pub(crate) const MOST: usize = 1000;
/// Digits of a time of receipt in microseconds, up to the year 9999.
const DIGITS: usize = 18;
const ASIDE: &str = "refused";

/// The folder, for one process.
pub struct SpoolFolder {
    folder: PathBuf,
    /// Held while names are looked at and changed; guards no value.
    names: Mutex<()>,
}

/// A file's content.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    v: u8,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
    jws: String,
}

impl SpoolFolder {
    /// Opens the folder, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Unusable`] when it cannot be made or written.
    pub fn open(folder: &Path) -> Result<Self, SpoolError> {
        let aside = folder.join(ASIDE);
        DirBuilder::new().recursive(true).mode(0o700).create(&aside).map_err(unusable)?;
        for made in [folder, durable_file::folder_of(folder).map_err(unusable)?] {
            durable_file::sync_folder(made).map_err(unusable)?;
        }
        Ok(Self { folder: folder.into(), names: Mutex::new(()) })
    }

    fn held(&self) -> MutexGuard<'_, ()> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, order: OrderId) -> Result<Option<(UtcTime, PathBuf)>, SpoolError> {
        let files = files(&self.folder).map_err(unusable)?;
        Ok(files.into_iter().find(|(_, id, _)| *id == order).map(|(received, _, path)| (received, path)))
    }

    fn move_aside(&self, path: &Path) -> io::Result<()> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let aside = self.folder.join(ASIDE);
        fs::rename(path, aside.join(name))?;
        durable_file::sync_folder(&aside)?;
        durable_file::sync_folder(&self.folder)
    }
}

impl Spool for SpoolFolder {
    fn keep(&self, order: &KeptOrder) -> Result<UtcTime, SpoolError> {
        let _held = self.held();
        let KeptOrder { order: id, received, hand_in } = order;
        if let Some((since, path)) = self.find(*id)? {
            let there = fs::read(&path).ok().and_then(|bytes| read(&bytes));
            return match there {
                Some(there) if there.content == hand_in.content => Ok(since),
                Some(_) | None => Err(SpoolError::OtherOrder),
            };
        }
        let aside = files(&self.folder.join(ASIDE)).map_err(unusable)?.len();
        if files(&self.folder).map_err(unusable)?.len() + aside >= MOST {
            return Err(SpoolError::Full { most: MOST });
        }
        let bytes = write(hand_in).ok_or_else(|| unusable(io::Error::other("the order is no text")))?;
        let name = format!("{:0DIGITS$}-{id}.json", received.unix_micros());
        durable_file::replace(&self.folder.join(name), &bytes, 0o600).map_err(unusable)?;
        Ok(*received)
    }

    fn waiting(&self) -> Result<Vec<KeptOrder>, SpoolError> {
        let _held = self.held();
        let mut waiting = Vec::new();
        for (received, order, path) in files(&self.folder).map_err(unusable)? {
            match read(&fs::read(&path).map_err(unusable)?) {
                Some(hand_in) => waiting.push(KeptOrder { order, received, hand_in }),
                None => {
                    tracing::error!(%order, "a kept status order does not read and is laid aside");
                    self.move_aside(&path).map_err(unusable)?;
                }
            }
        }
        Ok(waiting)
    }

    fn taken_over(&self, order: OrderId) -> Result<(), SpoolError> {
        let _held = self.held();
        let Some((_, path)) = self.find(order)? else { return Ok(()) };
        fs::remove_file(path).map_err(unusable)?;
        durable_file::sync_folder(&self.folder).map_err(unusable)
    }

    fn lay_aside(&self, order: OrderId) -> Result<(), SpoolError> {
        let _held = self.held();
        let Some((_, path)) = self.find(order)? else { return Ok(()) };
        self.move_aside(&path).map_err(unusable)
    }

    fn counts(&self) -> Result<SpoolCounts, SpoolError> {
        let waiting = files(&self.folder).map_err(unusable)?;
        let refused = files(&self.folder.join(ASIDE)).map_err(unusable)?.len();
        let oldest = waiting.first().map(|(received, _, _)| *received);
        Ok(SpoolCounts { waiting: waiting.len(), refused, oldest })
    }
}

/// The files of a folder, oldest first. What has another name, such as a file half written when the power went, is none.
fn files(folder: &Path) -> io::Result<Vec<(UtcTime, OrderId, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let named = path.file_name().and_then(|name| name.to_str()).and_then(named);
        found.extend(named.map(|(received, order)| (received, order, path)));
    }
    found.sort();
    Ok(found)
}

fn named(name: &str) -> Option<(UtcTime, OrderId)> {
    let (received, order) = name.strip_suffix(".json")?.split_once('-')?;
    if received.len() != DIGITS {
        return None;
    }
    Some((UtcTime::from_unix_micros(received.parse().ok()?).ok()?, order.parse().ok()?))
}

fn write(hand_in: &StatusHandIn) -> Option<Vec<u8>> {
    let StatusHandIn { content, evidence, jws } = hand_in;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let evidence = match evidence {
        Some(evidence) => Some(text(evidence)?),
        None => None,
    };
    serde_json::to_vec(&Entry { v: 1, content: text(content)?, evidence, jws: jws.clone() }).ok()
}

fn read(bytes: &[u8]) -> Option<StatusHandIn> {
    let Entry { v, content, evidence, jws } = serde_json::from_slice(bytes).ok()?;
    let evidence = evidence.map(String::into_bytes);
    (v == 1).then_some(StatusHandIn { content: content.into_bytes(), evidence, jws })
}

fn unusable(error: io::Error) -> SpoolError {
    SpoolError::Unusable(error.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn kept(number: u8, seconds: i64) -> KeptOrder {
        let hand_in = StatusHandIn {
            content: format!("order {number}").into_bytes(),
            evidence: number.is_multiple_of(2).then(|| "დოკუმენტი".into()),
            jws: "{}".into(),
        };
        let received = UtcTime::from_unix_micros(seconds * 1_000_000 + 7).unwrap();
        KeptOrder { order: OrderId::from_bytes([number; 16]), received, hand_in }
    }

    fn numbers(spool: &SpoolFolder) -> Vec<u8> {
        spool.waiting().unwrap().iter().map(|kept| kept.order.as_bytes()[0]).collect()
    }

    #[test]
    fn what_is_kept_comes_out_in_the_order_of_receipt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let spool = SpoolFolder::open(&path).unwrap();
        for (number, seconds) in [(3, 1_900_000_000), (1, 999_999_999), (2, 1_800_000_000)] {
            spool.keep(&kept(number, seconds)).unwrap();
        }
        // Another process, after a kill that left a file half written.
        fs::write(path.join("001900000000000007-half.json.new"), "{").unwrap();
        let spool = SpoolFolder::open(&path).unwrap();
        assert_eq!(numbers(&spool), [1, 2, 3]);
        assert!(spool.waiting().unwrap()[1] == kept(2, 1_800_000_000));
        let counts = spool.counts().unwrap();
        assert_eq!(
            (counts.waiting, counts.refused, counts.oldest),
            (3, 0, Some(kept(1, 999_999_999).received))
        );
        spool.taken_over(OrderId::from_bytes([1; 16])).unwrap();
        spool.taken_over(OrderId::from_bytes([1; 16])).unwrap();
        spool.lay_aside(OrderId::from_bytes([2; 16])).unwrap();
        assert_eq!(numbers(&spool), [3]);
        assert_eq!(spool.counts().unwrap().refused, 1);
    }

    #[test]
    fn one_order_is_kept_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let spool = SpoolFolder::open(&path).unwrap();
        let first = kept(4, 1_800_000_000);
        assert_eq!(spool.keep(&first).unwrap(), first.received);
        let again = KeptOrder { received: kept(4, 1_800_000_009).received, ..first.clone() };
        assert_eq!(spool.keep(&again).unwrap(), first.received);
        let other = KeptOrder { hand_in: kept(5, 0).hand_in, ..first };
        assert!(matches!(spool.keep(&other), Err(SpoolError::OtherOrder)));
        assert_eq!(numbers(&spool), [4]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&files(&path).unwrap()[0].2), 0o600);
    }

    #[test]
    fn there_is_an_end_and_what_does_not_read_holds_up_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let spool = SpoolFolder::open(folder.path()).unwrap();
        for number in 0..u32::try_from(MOST).unwrap() - 1 {
            let name = format!("{:018}-{number:032x}.json", 1_700_000_000_000_000_u64);
            fs::write(folder.path().join(name), "{").unwrap();
        }
        spool.keep(&kept(6, 1_800_000_000)).unwrap();
        assert!(matches!(spool.keep(&kept(7, 1_800_000_000)), Err(SpoolError::Full { most: MOST })));
        assert_eq!(numbers(&spool), [6]);
        let counts = spool.counts().unwrap();
        assert_eq!((counts.waiting, counts.refused), (1, MOST - 1));
    }
}
