//! The published files: CRLs and issuer certificates, served by a file server when the database is gone.
//!
//! Trusted for nothing by us but one thing: the highest CRL number that was ever online is read back from here by
//! who publishes. Relying parties verify the signatures.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use ndoba_ca::{Alone, CrlDraft, CrlSink, Octets, ReadSeek};
use ndoba_types::{CaName, CrlName};

use crate::durable_file;

/// Everyone may read what is published.
const MODE: u32 = 0o644;

/// The folder `published`: `crl/<ca>.crl`, shards as `crl/<ca>.<number>.crl`, and `issuer/<ca>.cer`, all DER.
#[derive(Clone, Debug)]
pub struct PublishedFiles {
    folder: PathBuf,
}

impl PublishedFiles {
    /// Takes the folder and makes what lacks in it.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when the folders cannot be made.
    pub fn open(folder: &Path) -> Result<Self, PublishError> {
        for part in ["crl", "issuer"] {
            let path = folder.join(part);
            fs::create_dir_all(&path)
                .and_then(|()| durable_file::sync_folder(folder))
                .map_err(|source| PublishError { path, source })?;
        }
        Ok(Self { folder: folder.into() })
    }

    /// Puts a CRL online, in one step and durably.
    ///
    /// # Errors
    ///
    /// [`PublishError`]: the file of before is still there.
    pub fn put_crl(&self, list: &CrlName, der: &[u8]) -> Result<(), PublishError> {
        put(self.crl_path(list), der)
    }

    /// As [`Self::put_crl`], with what `source` gives.
    ///
    /// # Errors
    ///
    /// [`PublishError`]: the file of before is still there.
    pub fn put_crl_from(&self, list: &CrlName, source: &mut dyn Read) -> Result<(), PublishError> {
        let path = self.crl_path(list);
        durable_file::replace_from(&path, source, MODE).map_err(|source| PublishError { path, source })
    }

    /// The CRL that is online, open: it stays what it is while another takes its place.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when there is a file and it cannot be opened.
    pub fn open_crl(&self, list: &CrlName) -> Result<Option<File>, PublishError> {
        let path = self.crl_path(list);
        match File::open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(PublishError { path, source }),
        }
    }

    /// Puts an issuer's certificate online, in one step and durably.
    ///
    /// # Errors
    ///
    /// [`PublishError`]: the file of before is still there.
    pub fn put_issuer(&self, ca: &CaName, der: &[u8]) -> Result<(), PublishError> {
        put(self.issuer_path(ca), der)
    }

    /// The CRL that is online.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when there is a file and it cannot be read.
    pub fn crl(&self, list: &CrlName) -> Result<Option<Vec<u8>>, PublishError> {
        read(self.crl_path(list))
    }

    /// The issuer's certificate that is online.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when there is a file and it cannot be read.
    pub fn issuer(&self, ca: &CaName) -> Result<Option<Vec<u8>>, PublishError> {
        read(self.issuer_path(ca))
    }

    /// Where a CRL lies.
    pub fn crl_path(&self, list: &CrlName) -> PathBuf {
        self.lists().join(format!("{list}.crl"))
    }

    /// The lists of a CA that are online: the whole one, and shards in order.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when the folder cannot be read.
    pub fn crls_of(&self, ca: &CaName) -> Result<Vec<CrlName>, PublishError> {
        let path = self.lists();
        let failed = |source| PublishError { path: path.clone(), source };
        let mut lists = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let list = name.to_str().and_then(|name| name.strip_suffix(".crl")?.parse::<CrlName>().ok());
            lists.extend(list.filter(|list| list.ca == *ca));
        }
        lists.sort();
        Ok(lists)
    }

    fn lists(&self) -> PathBuf {
        self.folder.join("crl")
    }

    /// Where a CA's certificate lies.
    pub fn issuer_path(&self, ca: &CaName) -> PathBuf {
        self.folder.join("issuer").join(format!("{ca}.cer"))
    }
}

/// The CA's own view of the folder.
impl CrlSink for PublishedFiles {
    fn alone(&self, _: &CrlName) -> Result<Box<dyn Alone>, ndoba_ca::PublishError> {
        // The folder itself: no file that another user made, and could not be opened by this one, is in the way. All CAs
        // share it, since writing a list takes no longer than a moment.
        let folder = File::open(self.lists())?;
        folder.lock()?;
        Ok(Box::new(Turn(folder)))
    }

    fn draft(&self, _: &CrlName) -> Result<Box<dyn CrlDraft>, ndoba_ca::PublishError> {
        // Without a name: gone when it is closed, whatever ends the process, and no other process meets it.
        let file = tempfile::tempfile_in(self.lists())?;
        Ok(Box::new(DraftFile { file, length: 0 }))
    }

    fn publish(&self, list: &CrlName, der: &dyn Octets) -> Result<(), ndoba_ca::PublishError> {
        self.put_crl_from(list, &mut der.read()?).map_err(|error| ndoba_ca::PublishError(error.into()))
    }

    fn online(&self, list: &CrlName) -> Result<Option<Box<dyn ReadSeek>>, ndoba_ca::PublishError> {
        match self.open_crl(list) {
            Ok(file) => Ok(file.map(|file| Box::new(file) as Box<dyn ReadSeek>)),
            Err(error) => Err(ndoba_ca::PublishError(error.into())),
        }
    }
}

/// The folder, locked until it is closed.
struct Turn(#[expect(dead_code, reason = "held, not read")] File);

impl Alone for Turn {}

/// The entries of a list that is being made, in a file without a name.
struct DraftFile {
    file: File,
    length: u64,
}

impl Octets for DraftFile {
    fn read(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(DraftReader { draft: self, at: 0 }))
    }
}

impl CrlDraft for DraftFile {
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        self.file.write_all_at(octets, self.length)?;
        self.length += octets.len() as u64;
        Ok(())
    }
}

/// Reads with a place of its own, whoever else reads.
struct DraftReader<'d> {
    draft: &'d DraftFile,
    at: u64,
}

impl Read for DraftReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.draft.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// A published file could not be read or replaced.
#[derive(Debug, thiserror::Error)]
#[error("the published file {} cannot be used", path.display())]
pub struct PublishError {
    /// Which.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

fn put(path: PathBuf, der: &[u8]) -> Result<(), PublishError> {
    durable_file::replace(&path, der, MODE).map_err(|source| PublishError { path, source })
}

fn read(path: PathBuf) -> Result<Option<Vec<u8>>, PublishError> {
    match fs::read(&path) {
        Ok(der) => Ok(Some(der)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(PublishError { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_whole_files_and_keeps_nothing_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let files = PublishedFiles::open(folder.path()).unwrap();
        let ca: CrlName = "seal".parse().unwrap();
        assert_eq!(files.crl(&ca).unwrap(), None);
        files.put_crl(&ca, b"first, and longer than the second").unwrap();
        // What a power cut in the midst of writing leaves behind is no obstacle.
        fs::write(folder.path().join("crl/seal.crl.new"), b"half").unwrap();
        files.put_crl(&ca, b"second").unwrap();
        assert_eq!(files.crl(&ca).unwrap().unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path().join("crl")).unwrap().count(), 1);
        // As the CA writes and reads: what is open stays what it was, and a draft has no name.
        let mut before = files.online(&ca).unwrap().unwrap();
        let mut draft = files.draft(&ca).unwrap();
        draft.append(b"thi").unwrap();
        draft.append(b"rd").unwrap();
        files.publish(&ca, &*draft).unwrap();
        assert_eq!(files.crl(&ca).unwrap().unwrap(), b"third");
        let mut octets = Vec::new();
        before.read_to_end(&mut octets).unwrap();
        assert_eq!(octets, b"second");
        assert_eq!(fs::read_dir(folder.path().join("crl")).unwrap().count(), 1);
        files.put_issuer(&ca.ca, b"der").unwrap();
        assert_eq!(files.issuer(&ca.ca).unwrap().unwrap(), b"der");
        // A shard lies beside the whole list; nothing else is taken for one.
        let shard: CrlName = "seal.12".parse().unwrap();
        files.put_crl(&shard, b"shard").unwrap();
        files.put_crl(&"seal-2".parse().unwrap(), b"another CA's").unwrap();
        fs::write(folder.path().join("crl/seal.012.crl"), b"").unwrap();
        fs::write(folder.path().join("crl/seal.3.crl.new"), b"").unwrap();
        assert_eq!(files.crl(&ca).unwrap().unwrap(), b"third");
        assert_eq!(files.crls_of(&ca.ca).unwrap(), [ca, shard]);
    }

    #[test]
    fn a_command_and_the_role_publish_beside_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let ca: CrlName = "root".parse().unwrap();
        std::thread::scope(|threads| {
            for writer in 0..4_u8 {
                // Each as another process: nothing is shared but the folder.
                let files = PublishedFiles::open(folder.path()).unwrap();
                let ca = &ca;
                threads.spawn(move || {
                    for _ in 0..50 {
                        let mut draft = files.draft(ca).unwrap();
                        draft.append(&[writer; 1000]).unwrap();
                        let alone = files.alone(ca).unwrap();
                        files.publish(ca, &*draft).unwrap();
                        assert_eq!(files.crl(ca).unwrap().unwrap(), [writer; 1000]);
                        drop(alone);
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path().join("crl")).unwrap().count(), 1);
    }
}
