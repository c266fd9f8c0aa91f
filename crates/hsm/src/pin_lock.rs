//! The memory that a PIN was refused, outside the process, so that a restart loop cannot lock a token for good.
//!
//! A login is preceded by a durable note of the attempt and followed by its removal or, when the token refused the
//! PIN, by the lock. A process that dies in between leaves the note: the PIN may be right, so a few such are let pass.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Logins cut short in a row (the process died before the token's verdict was kept) after which we stop trying.
/// Tokens allow three wrong PINs and more; a note that could not be removed must not use them up.
const MAX_CUT_SHORT: usize = 3;

/// The lock of one token, by its serial number.
#[derive(Debug)]
pub(crate) struct PinLock {
    directory: PathBuf,
    serial: String,
}

/// What the state directory says of logging in to a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    Free,
    /// Do not; the reason names the file.
    Locked(String),
}

/// Removes the lock of the token with serial number `serial`, after an operator has put the PIN right.
/// Says whether there was one.
///
/// # Errors
///
/// The file system's.
pub fn clear_pin_lock(state_dir: &Path, serial: &str) -> io::Result<bool> {
    let lock = PinLock::new(state_dir, serial);
    let refused = remove(&lock.refused_path())?;
    let attempts = remove(&lock.attempt_path())?;
    Ok(refused || attempts)
}

impl PinLock {
    pub(crate) fn new(directory: &Path, serial: &str) -> Self {
        Self { directory: directory.into(), serial: file_name(serial) }
    }

    pub(crate) fn verdict(&self) -> io::Result<Verdict> {
        let refused = self.refused_path();
        if refused.try_exists()? {
            return Ok(Verdict::Locked(format!(
                "the token refused its PIN before; put the PIN right, then clear {}",
                refused.display()
            )));
        }
        if self.attempts()? >= MAX_CUT_SHORT {
            return Ok(Verdict::Locked(format!(
                "{MAX_CUT_SHORT} logins in a row were cut short; see that the token answers, then clear {}",
                self.attempt_path().display()
            )));
        }
        Ok(Verdict::Free)
    }

    /// Notes, durably, that a login is about to be tried. No note, no login.
    pub(crate) fn attempt(&self) -> io::Result<()> {
        let mut file = File::options().create(true).append(true).open(self.attempt_path())?;
        file.write_all(b"x")?;
        file.sync_all()?;
        self.sync_directory()
    }

    /// The token judged the PIN to be right, or did not judge it at all.
    pub(crate) fn passed(&self) -> io::Result<()> {
        remove(&self.attempt_path()).map(drop)
    }

    /// The token refused the PIN.
    pub(crate) fn refused(&self, reason: &str) -> io::Result<()> {
        let mut file = File::create(self.refused_path())?;
        writeln!(file, "{reason}")?;
        file.sync_all()?;
        remove(&self.attempt_path())?;
        self.sync_directory()
    }

    fn attempts(&self) -> io::Result<usize> {
        match fs::read(self.attempt_path()) {
            Ok(content) => Ok(content.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn refused_path(&self) -> PathBuf {
        self.directory.join(format!("pin-refused.{}", self.serial))
    }

    fn attempt_path(&self) -> PathBuf {
        self.directory.join(format!("pin-attempt.{}", self.serial))
    }
}

fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Serial numbers are a token's own text: what is no letter, digit or hyphen is written as `%` and two digits.
fn file_name(serial: &str) -> String {
    let mut name = String::new();
    for byte in serial.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02x}"));
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_pin_stays_refused_until_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let lock = PinLock::new(dir.path(), "a1b2");
        assert_eq!(lock.verdict().unwrap(), Verdict::Free);
        lock.attempt().unwrap();
        lock.refused("C_Login: PinIncorrect").unwrap();
        assert!(matches!(PinLock::new(dir.path(), "a1b2").verdict().unwrap(), Verdict::Locked(_)));
        assert_eq!(PinLock::new(dir.path(), "a1b3").verdict().unwrap(), Verdict::Free);
        assert!(clear_pin_lock(dir.path(), "a1b2").unwrap());
        assert!(!clear_pin_lock(dir.path(), "a1b2").unwrap());
        assert_eq!(lock.verdict().unwrap(), Verdict::Free);
    }

    #[test]
    fn a_few_logins_may_be_cut_short() {
        let dir = tempfile::tempdir().unwrap();
        let lock = PinLock::new(dir.path(), "a1b2");
        for _ in 0..MAX_CUT_SHORT {
            assert_eq!(lock.verdict().unwrap(), Verdict::Free);
            lock.attempt().unwrap();
        }
        assert!(matches!(lock.verdict().unwrap(), Verdict::Locked(_)));
        lock.passed().unwrap();
        assert_eq!(lock.verdict().unwrap(), Verdict::Free);
    }

    #[test]
    fn a_serial_cannot_leave_the_directory() {
        assert_eq!(file_name("../a b"), "%2e%2e%2fa%20b");
    }
}
