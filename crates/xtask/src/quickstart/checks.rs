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
    fs::create_dir_all(folder).doing(format_args!("make the state folder {shown}"))?;
    fs::read_dir(folder).doing(format_args!("read the state folder {shown}"))?;
    let probe = folder.join(".can-we-write-here");
    fs::write(&probe, b"").doing(format_args!("write into the state folder {shown}"))?;
    fs::remove_file(&probe).doing(format_args!("remove a file from the state folder {shown}"))?;
    folder.canonicalize().doing(format_args!("find the state folder {shown}"))
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
                "port {port} ({name}) cannot be used: {why}. Stop that, or choose others with --ports"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
        assert!(state_folder(&file).is_err());
        assert!(state_folder(&file.join("below")).is_err());
        fs::remove_file(&file).unwrap();
    }
}
