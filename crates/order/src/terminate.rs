//! The end of a CA and its revocation: two security officers decide either, and there is no way back.

use ndoba_types::{InstallationId, Sha256Digest, UtcTime};
use ndoba_x509::{KeyIdentifier, RevocationReason};
use serde::{Deserialize, Serialize};

use crate::as_text;
use crate::document::Malformed;

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

/// A CA's certificate is revoked by its issuer, and with it whatever it certified (CSS-6.3.9-13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeCa {
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
    /// Why: one of [`Self::REASONS`].
    pub reason: RevocationReason,
    /// When it was written.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}

impl RevokeCa {
    /// Why a CA may be revoked. Of a CA's key in wrong hands X.509 says cACompromise, never keyCompromise.
    pub const REASONS: [RevocationReason; 4] = [
        RevocationReason::CaCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
    ];

    pub(crate) fn check(&self) -> Result<(), Malformed> {
        if Self::REASONS.contains(&self.reason) {
            return Ok(());
        }
        Err(Malformed::rule(
            "a CA is revoked for cACompromise, affiliationChanged, superseded or cessationOfOperation",
        ))
    }
}
