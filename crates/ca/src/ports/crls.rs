//! How far a CA has come with its CRLs.

use ndoba_types::UtcTime;

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
