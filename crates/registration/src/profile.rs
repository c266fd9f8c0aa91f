//! The certificate profiles that registration offers, as the installation is configured.

use ndoba_types::{CaName, DeviceModel, Sha256Digest, UtcTime};
use ndoba_x509::IdentifierScheme;

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

/// A certified model of qualified devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceOffer {
    /// Its name in applications and orders.
    pub model: DeviceModel,
    /// When its certification ends.
    pub ends: UtcTime,
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
    /// By which kinds of identifiers it names subjects (C-41, C-42).
    pub identifiers: Vec<IdentifierScheme>,
    /// Whether the key must be shown to be in a qualified device (C-52, C-73).
    pub device: bool,
    /// The CA that issues it.
    pub ca: CaName,
    /// The most days of validity (C-71).
    pub max_days: u32,
}
