//! The end of a CA: two security officers decide it, and nothing it certified changes any more.

use ndoba_types::{InstallationId, Sha256Digest, UtcTime};
use ndoba_x509::KeyIdentifier;
use serde::{Deserialize, Serialize};

use crate::as_text;

/// A CA ceases: from here on it issues nothing and changes no status, so that its final answers stay true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminateCa {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// SHA-256 over the document before it, or the pin's digest.
    #[serde(with = "as_text")]
    pub prev: Sha256Digest,
    /// Which CA key, by its subject key identifier.
    #[serde(with = "as_text")]
    pub ca: KeyIdentifier,
    /// When it was written.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}
