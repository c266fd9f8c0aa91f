//! Files that are whole or absent, and still there after the power came back.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Replaces the file at `path` with `bytes` in one step: readers see the old file or the new one.
///
/// Written beside it, synced, renamed over it, and the folder synced; when this returns `Ok` the new content
/// survives a power cut. One writer per path. `mode` is the file's permission, such as `0o600`.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    replace_from(path, &mut &*bytes, mode)
}

/// As [`replace`], with what `source` gives: as long as one likes, never whole in memory.
pub(crate) fn replace_from(path: &Path, source: &mut dyn Read, mode: u32) -> io::Result<()> {
    let folder = folder_of(path)?;
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".new");
    let beside = folder.join(name);
    // What an interrupted write left behind may have other permissions.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    io::copy(source, &mut file)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(folder)
}

/// Makes a new name in `folder`, or the end of one, survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Where a file or folder is; of a bare name, here.
pub(crate) fn folder_of(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(parent) => Ok(parent),
        None => Err(io::ErrorKind::InvalidInput.into()),
    }
}
