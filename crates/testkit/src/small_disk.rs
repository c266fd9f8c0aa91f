//! A disk that is soon full, for tests of what happens then: a tmpfs of its own.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system of a few mebibytes; unmounted when dropped.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many mebibytes.
    ///
    /// # Panics
    ///
    /// Where neither this process nor `sudo` without a password may mount.
    pub fn new(mebibytes: u32) -> Self {
        let made = tempfile::Builder::new().prefix("ndoba-disk").tempdir_in("/tmp");
        let folder = made.unwrap_or_else(|error| panic!("a folder to mount at: {error}")).keep();
        let options = format!("size={mebibytes}m,mode=0777");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", &folder.display().to_string()]);
        assert!(mounted, "mounting a tmpfs takes root, or sudo without a password");
        Self { folder }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Leaves no octet free.
    ///
    /// # Panics
    ///
    /// Where there is no room for a file to begin with.
    pub fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).unwrap_or_else(|error| panic!("ballast: {error}"));
        let page = [0x5a; 4096];
        while file.write_all(&page).is_ok() {}
    }

    /// Gives the room back that [`Self::fill`] took.
    ///
    /// # Panics
    ///
    /// Where it was not filled.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).unwrap_or_else(|error| panic!("ballast: {error}"));
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: somebody may have a file open still.
        run("umount", &["-l", &self.folder.display().to_string()]);
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Runs a command that takes root; whether it succeeded.
fn run(program: &str, arguments: &[&str]) -> bool {
    let alone = Command::new(program).args(arguments).output();
    if alone.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let helped = Command::new("sudo").args(["-n", program]).args(arguments).output();
    helped.is_ok_and(|output| output.status.success())
}
