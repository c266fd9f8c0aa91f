//! What could be in the way, found before anything is built or written.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use super::options::Ports;
use crate::failure::{Doing, Failure, Outcome};

/// Makes the state folder if need be, makes sure it can be read and written, and returns its absolute path.
pub(crate) fn state_folder(folder: &Path) -> Outcome<PathBuf> {
    let shown = folder.display();
    // The system says «File exists» of a file in the folder's place, and not which of the path's parts it is.
    if let Some(file) = folder.ancestors().find(|part| part.exists()).filter(|part| !part.is_dir()) {
        return Err(Failure::new(format!(
            "the state folder cannot be {shown}: {} is a file. Choose another with --dir",
            file.display()
        )));
    }
    // Of the whole path, which may be relative to a folder with such a name.
    let whole = std::path::absolute(folder).doing(format_args!("find the state folder {shown}"))?;
    if whole.to_string_lossy().contains(['#', '\n']) {
        return Err(Failure::new(format!(
            "the state folder cannot be {}: in SoftHSM's configuration a comment begins at `#`. \
             Choose another with --dir",
            whole.display()
        )));
    }
    fs::create_dir_all(folder).map_err(|error| unusable("made", folder, &error))?;
    fs::read_dir(folder).map_err(|error| unusable("read", folder, &error))?;
    let probe = folder.join(".can-we-write-here");
    fs::write(&probe, b"").map_err(|error| unusable("written to", folder, &error))?;
    fs::remove_file(&probe).doing(format_args!("remove a file from the state folder {shown}"))?;
    folder.canonicalize().doing(format_args!("find the state folder {shown}"))
}

/// The configuration in a state folder where a ceremony came to its end.
pub(crate) fn settled_configuration(folder: &Path) -> Outcome<Option<String>> {
    if !folder.join("ceremony/report.json").exists() {
        return Ok(None);
    }
    let file = folder.join("ndoba.toml");
    fs::read_to_string(&file).map(Some).doing(format_args!("read {}", file.display()))
}

/// What is in the way of the state folder, and what to do.
fn unusable(what: &str, folder: &Path, error: &std::io::Error) -> Failure {
    let known = [
        (ErrorKind::PermissionDenied, "the right to do so is missing"),
        (ErrorKind::ReadOnlyFilesystem, "it is on a medium that is read only"),
        (ErrorKind::StorageFull, "the disk is full"),
        (ErrorKind::NotFound, "no folders can be made there"),
    ];
    let known = known.into_iter().find(|(kind, _)| *kind == error.kind());
    let why = known.map_or_else(|| error.to_string(), |(_, why)| why.to_owned());
    let shown = folder.display();
    Failure::new(format!("the state folder {shown} cannot be {what}: {why}. Choose another with --dir"))
}

/// Makes sure that nobody else listens where we are to listen.
pub(crate) fn ports_are_free(ports: &Ports) -> Outcome {
    for (name, port) in ports.named() {
        if let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
            let why = if error.kind() == ErrorKind::AddrInUse {
                "another program uses it (an earlier quick start?)".to_owned()
            } else if error.kind() == ErrorKind::PermissionDenied {
                "ports below 1024 take root".to_owned()
            } else {
                error.to_string()
            };
            return Err(Failure::new(format!(
                "port {port} ({name}) cannot be used: {why}. Stop that, or choose others with --ports \
                 (a folder keeps those it was begun with: choose another with --dir)"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_used_port_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let public = listener.local_addr().unwrap().port();
        let ports = Ports { public, public_tls: 1, officers: 2, operator: 3 };
        let failure = ports_are_free(&ports).unwrap_err().to_string();
        assert!(failure.contains(&public.to_string()) && failure.contains("another program"), "{failure}");
    }

    #[test]
    fn a_file_is_no_folder() {
        let file = std::env::temp_dir().join(format!("xtask-no-folder-{}", std::process::id()));
        fs::write(&file, b"").unwrap();
        for folder in [file.clone(), file.join("below"), file.join("further/below")] {
            assert_eq!(
                state_folder(&folder).unwrap_err().to_string(),
                format!(
                    "the state folder cannot be {}: {} is a file. Choose another with --dir",
                    folder.display(),
                    file.display()
                )
            );
        }
        fs::remove_file(&file).unwrap();
    }

    /// The whole command, as somebody who may not: root may everything, so another user runs it.
    #[test]
    fn a_folder_without_the_right_to_it_is_a_sentence() {
        let said_root = Command::new("id").arg("-u").output().unwrap().stdout;
        if said_root != b"0\n" {
            eprintln!("skipped: only root can run a program as another user");
            return;
        }
        let here = std::env::temp_dir().join(format!("xtask-rights-{}", std::process::id()));
        let program = here.join("tests");
        fs::create_dir_all(&here).unwrap();
        fs::set_permissions(&here, fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        for (name, mode, what) in
            [("nothing", 0o700, "read"), ("enter-only", 0o711, "read"), ("read-only", 0o755, "written to")]
        {
            let folder = here.join(name);
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            let output = Command::new("setpriv")
                .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
                .arg(&program)
                .args([
                    "--exact",
                    "quickstart::checks::tests::the_command_in_a_folder",
                    "--ignored",
                    "--nocapture",
                ])
                .env("XTASK_FOLDER", &folder)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let sentence = format!(
                "the state folder {} cannot be {what}: the right to do so is missing. Choose another with --dir",
                folder.display()
            );
            assert!(said.lines().any(|line| line == sentence), "{name}: {said}{output:?}");
        }
        let below = here.join("nothing/below");
        assert!(!below.exists());
        fs::remove_dir_all(&here).unwrap();
    }

    /// Run by the test above, as another user.
    #[test]
    #[ignore = "needs a folder, from another test"]
    #[expect(clippy::disallowed_methods, reason = "the other test's way to say which folder")]
    fn the_command_in_a_folder() {
        let folder = std::env::var("XTASK_FOLDER").unwrap();
        let words = ["--once", "--dir", &folder].map(str::to_owned);
        eprintln!("{}", super::super::run(&words).unwrap_err());
    }

    #[test]
    fn a_name_that_softhsm_would_cut_is_a_sentence() {
        let failure = state_folder(Path::new("/proc/try #1/state")).unwrap_err().to_string();
        assert!(failure.starts_with("the state folder cannot be /proc/try #1/state: "), "{failure}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_sentence() {
        // Nobody makes folders there, root neither.
        let failure = state_folder(Path::new("/proc/xtask-no-folder")).unwrap_err().to_string();
        assert_eq!(
            failure,
            "the state folder /proc/xtask-no-folder cannot be made: no folders can be made there. \
             Choose another with --dir"
        );
        let denied = unusable("read", Path::new("/x"), &ErrorKind::PermissionDenied.into()).to_string();
        assert!(denied.contains("cannot be read: the right to do so is missing"), "{denied}");
    }
}
