//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// The checkout's root folder.
pub(crate) fn root() -> &'static Path {
    // This package lives in `<root>/crates/xtask`; cargo builds it anew when the checkout moves.
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package)
}

/// `<root>/target`, where everything made goes.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// The folders directly under `folder` that hold a `Cargo.toml`, sorted by name.
pub(crate) fn packages_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .collect();
    found.sort();
    found
}
