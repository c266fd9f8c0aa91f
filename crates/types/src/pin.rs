//! Where a PIN is: in the configuration of a service's token, and in the name of a person's card.

use std::path::PathBuf;

/// Where a PIN is; never the PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinPlace {
    /// A systemd credential's name, read from `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// An inherited file descriptor.
    Fd(i32),
    /// The first line of a file.
    File(PathBuf),
}

impl PinPlace {
    /// The credential of that name; none for what would lead out of the folder of credentials.
    pub fn credential(name: &str) -> Option<Self> {
        let sane = !name.is_empty() && !name.contains(['/', '\0']) && name != "..";
        sane.then(|| Self::Credential(name.into()))
    }

    /// The descriptor of that number; none for the standard streams.
    pub fn fd(number: i32) -> Option<Self> {
        (number > 2).then_some(Self::Fd(number))
    }
}
