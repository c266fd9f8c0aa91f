//! The certificate profiles that registration offers, as the installation is configured.

use ndoba_types::{CaName, Sha256Digest};

/// Whom a profile is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// Natural persons: certificates for signatures.
    Natural,
    /// Legal persons: certificates for seals.
    Legal,
}

impl SubjectKind {
    /// The spelling of the subject's `type` in applications and orders.
    pub fn name(self) -> &'static str {
        match self {
            Self::Natural => "natural-person",
            Self::Legal => "legal-person",
        }
    }
}

/// A profile on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileOffer {
    /// Its name, as applications choose it.
    pub name: String,
    /// SHA-256 over the profile's canonical description: orders name it, the CA compares it.
    pub digest: Sha256Digest,
    /// For whom.
    pub subject: SubjectKind,
    /// Whether its certificates name the organisation that the person acts for (C-24).
    pub organisation: bool,
    /// The CA that issues it.
    pub ca: CaName,
    /// The most days of validity (C-71).
    pub max_days: u32,
}
