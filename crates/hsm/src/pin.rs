//! Where a token's PIN comes from: a file, a descriptor or a systemd credential; never an argument or the environment.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use secrecy::SecretString;
use zeroize::Zeroizing;

/// The longest PIN that is read, in octets.
const MAX_LEN: usize = 256;

/// Where a PIN comes from.
#[derive(Debug)]
pub enum PinSource {
    /// A regular file that nobody but its owner can read.
    File(PathBuf),
    /// An open descriptor: a pipe from a secret store, or an inherited file. Read once, to its end.
    Descriptor(OwnedFd),
    /// A systemd credential: `name` in the directory that `$CREDENTIALS_DIRECTORY` named.
    Credential {
        /// The directory, read from the environment by the caller.
        directory: PathBuf,
        /// The credential's name.
        name: String,
    },
}

/// Why there is no PIN. None of the texts holds any part of one.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The file's mode lets others than its owner read it: `chmod 600`.
    #[error("{path} can be read by others than its owner (mode {mode:03o})")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a regular file.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// Empty, too long, or not UTF-8.
    #[error("a PIN is 1 to {MAX_LEN} octets of UTF-8 on one line")]
    Malformed,
    /// Nobody can be asked.
    #[error("there is no terminal to ask at, and no pin-source")]
    NoTerminal,
    /// It cannot be read.
    #[error("the PIN cannot be read from {place}")]
    Unreadable {
        /// The file or the descriptor.
        place: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A source with what was read from it; a descriptor gives its PIN only once.
pub(crate) struct PinHolder {
    source: PinSource,
    pin: SecretString,
}

impl PinHolder {
    pub(crate) fn read(mut source: PinSource) -> Result<Self, PinError> {
        let pin = read(&mut source)?;
        Ok(Self { source, pin })
    }

    /// The PIN for a login that is about to be tried. A file is read again: an operator who put it right and then
    /// cleared the lock must not see the old PIN tried once more. One that is gone since leaves us what it held.
    pub(crate) fn current(&mut self) -> &SecretString {
        match &self.source {
            PinSource::Descriptor(_) => {}
            PinSource::File(_) | PinSource::Credential { .. } => match read(&mut self.source) {
                Ok(pin) => self.pin = pin,
                Err(error) => {
                    tracing::warn!(%error, "the PIN cannot be read again; using the one read before")
                }
            },
        }
        &self.pin
    }
}

/// The PIN of a source that is asked once.
pub(crate) fn read_once(mut source: PinSource) -> Result<SecretString, PinError> {
    read(&mut source)
}

/// The PIN on the line that a person types. `None`: it is no PIN.
pub(crate) fn read_line(mut terminal: &File) -> Result<SecretString, Option<io::Error>> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LEN + 3));
    let mut octet = [0];
    while line.len() < MAX_LEN + 2 && terminal.read(&mut octet).map_err(Some)? == 1 {
        line.push(octet[0]);
        if octet == *b"\n" {
            break;
        }
    }
    parse_octets(&line)
}

fn read(source: &mut PinSource) -> Result<SecretString, PinError> {
    match source {
        PinSource::File(path) => read_file(path.clone(), 0o077),
        // systemd may grant the service's group by an ACL, which shows in the mode's group bits.
        PinSource::Credential { directory, name } => read_file(directory.join(name), 0o007),
        PinSource::Descriptor(descriptor) => {
            let unreadable = |source| PinError::Unreadable { place: "the descriptor".into(), source };
            let file = File::from(descriptor.try_clone().map_err(unreadable)?);
            parse(file).map_err(|error| error.map_or(PinError::Malformed, unreadable))
        }
    }
}

fn read_file(path: PathBuf, forbidden: u32) -> Result<SecretString, PinError> {
    let unreadable = |source| PinError::Unreadable { place: path.display().to_string(), source };
    // Opened first and judged by its descriptor, so that it cannot be swapped in between; O_NONBLOCK, so that a
    // named pipe put in its place cannot hang us.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(PinError::NotAFile { path });
    }
    let mode = metadata.mode() & 0o777;
    if mode & forbidden != 0 {
        return Err(PinError::Exposed { path, mode });
    }
    parse(file).map_err(|error| error.map_or(PinError::Malformed, unreadable))
}

fn parse(file: File) -> Result<SecretString, Option<io::Error>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN + 3));
    file.take(MAX_LEN as u64 + 3).read_to_end(&mut bytes).map_err(Some)?;
    parse_octets(&bytes)
}

fn parse_octets(bytes: &[u8]) -> Result<SecretString, Option<io::Error>> {
    let text = std::str::from_utf8(bytes).map_err(|_| None)?;
    let pin = text.strip_suffix('\n').unwrap_or(text);
    if pin.is_empty() || pin.len() > MAX_LEN || pin.contains(['\n', '\r', '\0']) {
        return Err(None);
    }
    Ok(SecretString::from(pin))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    fn file(content: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pin");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn one_newline_is_trimmed_and_no_more() {
        let (_dir, path) = file(" 12 34 \n", 0o600);
        assert_eq!(PinHolder::read(PinSource::File(path)).unwrap().current().expose_secret(), " 12 34 ");
        for bad in ["", "\n", "1234\n\n", "1234\r\n", "12\u{0}34"] {
            let (_dir, path) = file(bad, 0o600);
            assert!(matches!(PinHolder::read(PinSource::File(path)), Err(PinError::Malformed)), "{bad:?}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        for mode in [0o640, 0o604, 0o660, 0o644] {
            let (_dir, path) = file("1234", mode);
            assert!(
                matches!(PinHolder::read(PinSource::File(path)), Err(PinError::Exposed { .. })),
                "{mode:o}"
            );
        }
        let (dir, _) = file("1234", 0o440);
        let credential = PinSource::Credential { directory: dir.path().into(), name: "ca.pin".into() };
        assert!(PinHolder::read(credential).is_ok());
    }

    #[test]
    fn a_directory_or_a_missing_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            PinHolder::read(PinSource::File(dir.path().into())),
            Err(PinError::NotAFile { .. })
        ));
        let missing = PinSource::File(dir.path().join("none"));
        assert!(matches!(PinHolder::read(missing), Err(PinError::Unreadable { .. })));
    }

    #[test]
    fn a_corrected_file_is_read_again_a_descriptor_is_not() {
        let (_dir, path) = file("1111", 0o600);
        let mut holder = PinHolder::read(PinSource::File(path.clone())).unwrap();
        fs::write(&path, "2222\n").unwrap();
        assert_eq!(holder.current().expose_secret(), "2222");
        let mut holder = PinHolder::read(PinSource::Descriptor(File::open(&path).unwrap().into())).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(holder.current().expose_secret(), "2222");
    }
}
