//! The published files: CRLs and issuer certificates, served by a file server when the database is gone.
//!
//! Trusted for nothing by us but one thing: the highest CRL number that was ever online is read back from here by
//! who publishes. Relying parties verify the signatures.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ndoba_types::CaName;

use crate::durable_file;

/// Everyone may read what is published.
const MODE: u32 = 0o644;

/// The folder `published`: `crl/<ca>.crl` and `issuer/<ca>.cer`, both DER.
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
    pub fn put_crl(&self, ca: &CaName, der: &[u8]) -> Result<(), PublishError> {
        put(self.crl_path(ca), der)
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
    pub fn crl(&self, ca: &CaName) -> Result<Option<Vec<u8>>, PublishError> {
        read(self.crl_path(ca))
    }

    /// The issuer's certificate that is online.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when there is a file and it cannot be read.
    pub fn issuer(&self, ca: &CaName) -> Result<Option<Vec<u8>>, PublishError> {
        read(self.issuer_path(ca))
    }

    /// Where a CA's CRL lies.
    pub fn crl_path(&self, ca: &CaName) -> PathBuf {
        self.folder.join("crl").join(format!("{ca}.crl"))
    }

    /// Where a CA's certificate lies.
    pub fn issuer_path(&self, ca: &CaName) -> PathBuf {
        self.folder.join("issuer").join(format!("{ca}.cer"))
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
        let ca: CaName = "seal".parse().unwrap();
        assert_eq!(files.crl(&ca).unwrap(), None);
        files.put_crl(&ca, b"first, and longer than the second").unwrap();
        // What a power cut in the midst of writing leaves behind is no obstacle.
        fs::write(folder.path().join("crl/seal.crl.new"), b"half").unwrap();
        files.put_crl(&ca, b"second").unwrap();
        assert_eq!(files.crl(&ca).unwrap().unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path().join("crl")).unwrap().count(), 1);
        files.put_issuer(&ca, b"der").unwrap();
        assert_eq!(files.issuer(&ca).unwrap().unwrap(), b"der");
    }
}
