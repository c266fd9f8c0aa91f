//! Why there are no settings.

use std::path::PathBuf;

/// Why a configuration was refused: which file, which key, what is wrong with it. Nothing has been started yet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// An environment variable that begins with `NDOBA_` does not fit.
    #[error("the environment (variables that begin with NDOBA_): {reason}")]
    Environment {
        /// What is wrong, with the key.
        reason: String,
    },
    /// A value is well-formed but cannot be right, alone or beside the others.
    #[error("{}: {key}: {reason}", file.display())]
    Invalid {
        /// The configuration file.
        file: PathBuf,
        /// The key, dotted; list entries by their position from 0.
        key: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// Not TOML, an unknown key, or a value of another type.
    #[error("{}: line {line}, {key}: {reason}", file.display())]
    Malformed {
        /// The configuration file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key or the heading on that line.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The file could not be read.
    #[error("cannot read the configuration file {}", file.display())]
    Unreadable {
        /// The configuration file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}
