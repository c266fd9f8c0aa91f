//! Where things are in the checkout.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Doing, Outcome};

/// The checkout's root folder.
pub(crate) fn root() -> &'static Path {
    // This package lives in `<root>/crates/xtask`; cargo builds it anew when the checkout moves.
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package)
}

/// `<root>/target`, where what is made beside the workspace goes: judges and shims. What cargo makes of the workspace is
/// where [`crate::shell::build`] says.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// The folders directly under `folder` that hold a `Cargo.toml`, sorted by name.
pub(crate) fn packages_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .collect();
    found.sort();
    found
}

/// Files that end in `.ending` in `folder`, and in the folders below when `deep`; sorted. None when there is no such folder.
pub(crate) fn files(folder: &Path, ending: &str, deep: bool) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).doing(format_args!("read {}", folder.display()))? {
        let path = entry.doing(format_args!("read {}", folder.display()))?.path();
        if path.is_dir() && deep {
            found.extend(files(&path, ending, true)?);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).doing(format_args!("read {}", path.display()))
}
