//! Which lists a CA owes, how far it has come with them, and what is recorded of making one.

use ndoba_audit::Event;
use ndoba_types::{CaName, CrlName, CrlShard, Sha256Digest, UtcTime};
use ndoba_x509::HttpUrl;

use super::Attempt;

/// A list that a CA owes to relying parties (C-96, ADR 0029).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedCrl {
    /// Which.
    pub name: CrlName,
    /// Of a shard, every address that certificates in its scope were ever given; none for the whole list.
    pub addresses: Vec<HttpUrl>,
}

impl OwedCrl {
    /// The CA's whole list.
    pub fn whole(ca: &CaName) -> Self {
        Self { name: CrlName::whole(ca), addresses: Vec::new() }
    }
}

/// A shard that certificates may name from now on, at this address.
#[derive(Clone, Debug)]
pub struct NewShard {
    /// Which.
    pub shard: CrlShard,
    /// Where it will be.
    pub address: HttpUrl,
    /// Committed with it, where it was not there.
    pub event: Event,
}

/// Where a list and the statuses that it shows stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlState {
    /// The CA's status version now; for a shard that of the last change that it is to show.
    pub version: u64,
    /// The highest CRL number that the CA ever reserved, for whichever list; 0 before the first.
    pub highest_number: u64,
    /// The last CRL of this list that was recorded as signed.
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
    /// Of which list.
    pub list: CrlName,
    /// The number it takes; must be one more than the highest that the CA reserved for any list.
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
    /// Of which list.
    pub list: CrlName,
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
