//! The judges that Node runs: pkijs and easy-ocsp, pinned, in `target/judges/node_modules`.

use std::fs;
use std::process::Command;

use crate::failure::{Doing, Outcome};
use crate::{python, shell, workspace};

/// Installs them, unless that was done from the very same lock file. Beside Python's, which are made first.
pub(crate) fn ensure() -> Outcome {
    let source = workspace::root().join("tests/judges/node");
    let (folder, lock) = (python::folder(), source.join("package-lock.json"));
    let wanted = fs::read_to_string(&lock).doing(format_args!("read {}", lock.display()))?;
    // The stamp is written last, so that an interrupted installation starts again.
    let stamp = folder.join("made-from-package-lock.json");
    if fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == wanted) {
        println!("Node judges: up to date in {}.", folder.display());
        return Ok(());
    }
    println!("Node judges: making {} (pkijs and what it needs)", folder.join("node_modules").display());
    for name in ["package.json", "package-lock.json"] {
        fs::copy(source.join(name), folder.join(name)).doing(format_args!("copy {name}"))?;
    }
    // Their packages run nothing when they are installed.
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    shell::run(Command::new("npm").args(install).current_dir(&folder))?;
    fs::write(&stamp, wanted).doing(format_args!("write {}", stamp.display()))
}
