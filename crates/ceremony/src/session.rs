//! The session in which a ceremony's work was done, as its report keeps it.

use ndoba_order::Attended;
use serde::{Deserialize, Serialize};

/// What two security officers signed before a CA's key was made or used, with their signatures: whoever has the register of
/// officers can verify it again (EN 319 411-1 GEN-6.4.3-02; ADR 0023).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionEntry {
    /// The statement, canonical JSON.
    pub statement: String,
    /// SHA-256 over it: the audit log names it so.
    pub sha256: String,
    /// Who signed, by their ids in the register.
    pub officers: Vec<String>,
    /// Their signatures, flattened JWS.
    pub signatures: Vec<String>,
}

impl From<&Attended> for SessionEntry {
    fn from(attended: &Attended) -> Self {
        // Canonical JSON, and what was verified as a JWS, is UTF-8.
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            statement: text(attended.bytes()),
            sha256: attended.digest().to_string(),
            officers: attended.officers().iter().map(ToString::to_string).collect(),
            signatures: attended.signatures().iter().map(|jws| text(jws)).collect(),
        }
    }
}
