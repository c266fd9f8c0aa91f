//! Programs that are told what happens.

use std::path::PathBuf;

use ndoba_types::Span;

use crate::HttpUrl;

/// One of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Webhook {
    /// Its name.
    pub name: String,
    /// Where it listens: https, or in development http on a loopback address.
    pub url: HttpUrl,
    /// The kinds of event that it is told of, as written; all, if empty.
    pub events: Vec<String>,
    /// The file of the secret that messages are signed with.
    pub secret_file: PathBuf,
    /// The authorities that its TLS certificate is believed from; present wherever `url` is https.
    pub ca_file: Option<PathBuf>,
    /// How long an answer is waited for.
    pub timeout: Span,
    /// From the first try to the second.
    pub retry_after: Span,
    /// How long after the act a message is given up.
    pub give_up_after: Span,
}
