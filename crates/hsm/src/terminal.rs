//! A PIN asked for at the terminal, without showing it.

use std::fs::File;
use std::io::{self, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;

use crate::{PinError, pin};

/// The process's own terminal, whatever its standard streams are.
const TERMINAL: &str = "/dev/tty";

/// Asks with `prompt`; one line is read.
pub(crate) fn ask(prompt: &str) -> Result<SecretString, PinError> {
    let terminal = File::options().read(true).write(true).open(TERMINAL).map_err(|_| PinError::NoTerminal)?;
    let unreadable = |source| PinError::Unreadable { place: TERMINAL.into(), source };
    let silence = Silence::over(&terminal).map_err(unreadable)?;
    (&terminal).write_all(prompt.as_bytes()).map_err(unreadable)?;
    let pin = pin::read_line(&terminal);
    drop(silence);
    // The person's own line end was not shown.
    (&terminal).write_all(b"\n").map_err(unreadable)?;
    pin.map_err(|error| error.map_or(PinError::Malformed, unreadable))
}

/// Keeps a terminal from showing what is typed; it shows again when this is dropped.
struct Silence<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> Silence<'t> {
    fn over(terminal: &'t File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(self.terminal, OptionalActions::Flush, &self.before) {
            tracing::warn!(%error, "the terminal does not show what is typed: type `stty echo`");
        }
    }
}
