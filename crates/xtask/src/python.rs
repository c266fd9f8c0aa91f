//! The Python environment of the judges: pkilint and friends, pinned, in `target/judges`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Doing, Outcome};
use crate::{shell, workspace};

/// The environment's interpreter; tests find it through `NDOBA_JUDGES`.
pub(crate) fn interpreter() -> PathBuf {
    folder().join("bin/python")
}

/// Makes the environment, unless it was made from the very same requirements.
pub(crate) fn ensure() -> Outcome {
    let requirements = workspace::root().join("tests/judges/requirements.txt");
    let wanted = fs::read_to_string(&requirements).doing(format_args!("read {}", requirements.display()))?;
    let folder = folder();
    // The stamp is written last, so that an interrupted installation starts again.
    let stamp = folder.join("made-from-requirements.txt");
    if is_current(&stamp, &wanted) && interpreter().exists() {
        println!("Python judges: up to date in {}.", folder.display());
        return Ok(());
    }
    println!("Python judges: making {} (pkilint and what it needs, about a minute)", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).doing(format_args!("remove {}", folder.display()))?;
    }
    shell::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    shell::run(
        Command::new(interpreter())
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-input",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(&requirements),
    )?;
    fs::write(&stamp, wanted).doing(format_args!("write {}", stamp.display()))
}

/// Where all judges are.
pub(crate) fn folder() -> PathBuf {
    workspace::target().join("judges")
}

fn is_current(stamp: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|made_from| made_from == wanted)
}
