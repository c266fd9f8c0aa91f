//! Errors, by what the caller must do.

use std::path::PathBuf;

use ndoba_types::KeyLabel;

use crate::PinError;

/// Why a module was not started. All are faults of the installation; a token that is away is none of them.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The module is in use by this process already; there is one context per module and process.
    #[error("the module {path} is started already")]
    AlreadyStarted {
        /// The module.
        path: PathBuf,
    },
    /// Two tokens share a name, or a limit is zero.
    #[error("the module's configuration is wrong: {what}")]
    BadConfiguration {
        /// What is wrong.
        what: String,
    },
    /// The library cannot be loaded or is no PKCS#11 module.
    #[error("the module {path} cannot be loaded: {reason}")]
    NotLoaded {
        /// The module.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// A PIN cannot be had.
    #[error("token {token}: no PIN")]
    Pin {
        /// The token's name in the configuration.
        token: String,
        /// Why.
        #[source]
        source: PinError,
    },
    /// The operating system gave no thread.
    #[error("no thread for the module")]
    NoThread(#[source] std::io::Error),
}

/// Why a key was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The key's attributes allow what a qualified key must not (requirements P-41, K-P09): make a new one.
    #[error("{label} must not be used: {}", attributes.join(", "))]
    NotConforming {
        /// The key.
        label: KeyLabel,
        /// The attributes that offend.
        attributes: Vec<&'static str>,
    },
    /// No such key in the token, or no public half.
    #[error("{label} is not in the token")]
    NotFound {
        /// The key.
        label: KeyLabel,
    },
    /// Two private keys carry the label: an operator must decide.
    #[error("{label} names more than one key")]
    Ambiguous {
        /// The label.
        label: KeyLabel,
    },
    /// The token holds another key under this label than the one expected.
    #[error("{label} is another key than expected")]
    OtherKey {
        /// The label.
        label: KeyLabel,
    },
    /// The token is away: ask again, or open with the expected public key.
    #[error("the token is unavailable: {reason}")]
    Unavailable {
        /// What the token said.
        reason: String,
    },
    /// The key or the token does not sign with this algorithm.
    #[error("{label} does not sign with the algorithm asked for")]
    WrongAlgorithm {
        /// The key.
        label: KeyLabel,
    },
    /// The label is that of a key for something else.
    #[error("{label} is no key for {wanted}")]
    WrongPurpose {
        /// The key.
        label: KeyLabel,
        /// The purpose that was asked for.
        wanted: &'static str,
    },
}

/// Why keys could not be made, listed, read or destroyed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A key with this label exists: labels are never used twice.
    #[error("{label} exists already")]
    Exists {
        /// The label.
        label: KeyLabel,
    },
    /// No such key.
    #[error("{label} is not in the token")]
    NotFound {
        /// The label.
        label: KeyLabel,
    },
    /// More than one key carries the label.
    #[error("{label} names more than one key")]
    Ambiguous {
        /// The label.
        label: KeyLabel,
    },
    /// The token refused, or made something other than asked for.
    #[error("the token refused: {reason}")]
    Refused {
        /// What the token said.
        reason: String,
    },
    /// The token is away.
    #[error("the token is unavailable: {reason}")]
    Unavailable {
        /// What the token said.
        reason: String,
    },
}
