//! What a person is told when their card does not do it: one sentence each.

use std::path::PathBuf;

use crate::PinError;

/// Why a card was not used.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// Nobody said by which library cards are reached.
    #[error("no PKCS#11 library is named: set NDOBACTL_PKCS11_MODULE, or module-path in the pkcs11: URI")]
    NoModule,
    /// The library cannot be loaded or initialised, or is no PKCS#11 module.
    #[error("the PKCS#11 library {path} cannot be used: {reason}")]
    NotLoaded {
        /// The library.
        path: PathBuf,
        /// What it or the loader said.
        reason: String,
    },
    /// The services' tokens are reached by the same library in this process.
    #[error("the PKCS#11 library {path} is in use by this command's own tokens")]
    InUse {
        /// The library.
        path: PathBuf,
    },
    /// No card fits.
    #[error("no card is there for {wanted}; in the readers: {}", listed(seen))]
    NoCard {
        /// What was looked for.
        wanted: String,
        /// The labels of those that are there.
        seen: Vec<String>,
    },
    /// More than one fits.
    #[error("more than one card is there for {wanted}: name its token or serial")]
    TwoCards {
        /// What was looked for.
        wanted: String,
    },
    /// The PIN cannot be had.
    #[error("no PIN for the card {card}")]
    NoPin {
        /// The card.
        card: String,
        /// Why.
        #[source]
        source: PinError,
    },
    /// The card refused the PIN. It is not tried again.
    #[error("the card {card} refused the PIN")]
    PinRefused {
        /// The card.
        card: String,
    },
    /// Too many wrong PINs.
    #[error("the PIN of the card {card} is locked: unlock it with its PUK")]
    PinLocked {
        /// The card.
        card: String,
    },
    /// One more wrong PIN locks it.
    #[error("one more wrong PIN locks the card {card}: leave pin-source out and enter it yourself")]
    LastTry {
        /// The card.
        card: String,
    },
    /// No such key.
    #[error("the card {card} has no key {wanted}; its keys: {}", listed(keys))]
    NoKey {
        /// The card.
        card: String,
        /// What was looked for.
        wanted: String,
        /// The labels of those that it has.
        keys: Vec<String>,
    },
    /// More than one key fits.
    #[error("the card {card} has more than one key {wanted}: name its object or id")]
    TwoKeys {
        /// The card.
        card: String,
        /// What was looked for.
        wanted: String,
    },
    /// A key to be made needs a name.
    #[error("a new key needs a name: give object= in the pkcs11: URI")]
    Nameless,
    /// The key is of another kind, or its public half cannot be read.
    #[error(
        "the key {wanted} on the card {card} is on neither P-256 nor P-384, or its public half cannot be read"
    )]
    WrongKind {
        /// The card.
        card: String,
        /// The key.
        wanted: String,
    },
    /// The key could leave the card, did not come into being there, or asks for its PIN at each use.
    #[error("the key {wanted} on the card {card} must not be used: {}", attributes.join(", "))]
    NotConforming {
        /// The card.
        card: String,
        /// The key.
        wanted: String,
        /// The attributes that offend.
        attributes: Vec<String>,
    },
    /// The card refused for another reason, or was pulled out.
    #[error("the card {card} failed: {reason}")]
    Failed {
        /// The card.
        card: String,
        /// What it said.
        reason: String,
    },
}

fn listed(labels: &[String]) -> String {
    if labels.is_empty() { "none".into() } else { labels.join(", ") }
}
