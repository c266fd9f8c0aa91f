//! How far a CA has come with its CRLs, and what is recorded of making one.

use ndoba_audit::Event;
use ndoba_types::{CaName, Sha256Digest, UtcTime};

use super::Attempt;

/// Where a CA's CRLs and statuses stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlState {
    /// The CA's status version now.
    pub version: u64,
    /// The highest CRL number ever reserved; 0 before the first.
    pub highest_number: u64,
    /// The last CRL that was recorded as signed.
    pub last: Option<CrlSummary>,
    /// Whether it is recorded that this one went online.
    pub published: bool,
}

/// A recorded CRL without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlSummary {
    /// Its cRLNumber.
    pub number: u64,
    /// Status version that it shows.
    pub version: u64,
    /// thisUpdate.
    pub this_update: UtcTime,
    /// nextUpdate.
    pub next_update: UtcTime,
}

/// The intent to sign a CRL: takes its number.
#[derive(Clone, Debug)]
pub struct CrlIntent {
    /// Whose.
    pub ca: CaName,
    /// The number it takes; must be one more than the highest reserved.
    pub number: u64,
    /// SHA-256 over the TBSCertList.
    pub tbs: Sha256Digest,
    /// The try at the signature.
    pub attempt: Attempt,
    /// Committed with it.
    pub event: Event,
}

/// A signed and verified CRL.
#[derive(Clone, Debug)]
pub struct CrlIssued {
    /// Whose.
    pub ca: CaName,
    /// Number, version and dates.
    pub summary: CrlSummary,
    /// Must equal the recorded attempt.
    pub attempt: Attempt,
    /// How many signatures the token has made with the key in this epoch, this one included.
    pub signatures: u64,
    /// Committed with it.
    pub event: Event,
}

/// A CRL number whose signature may exist but is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlInDoubt {
    /// Whose.
    pub ca: CaName,
    /// The number that it took.
    pub number: u64,
    /// The try that did not end.
    pub attempt: Attempt,
}

/// How a CRL's attempt ends without a CRL. Its number stays used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrlFailure {
    /// A signature may exist.
    Lost,
    /// The token made none.
    Unsigned,
}
