//! What is wrong with what officers are said to have signed.

use std::fmt;

use ndoba_types::{OrderId, Sha256Digest};

/// The first thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{about}: {why} (record {record}, {code})")]
pub struct TrailFinding {
    /// The index of the log's record that does not hold by what was signed.
    pub record: u64,
    /// What the finding is about.
    pub about: About,
    /// A stable name for programs: that of the refusal, where an order or a document of the register is refused.
    pub code: &'static str,
    /// A sentence. No personal data.
    pub why: String,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A certificate, by its CA's name and its serial number.
    Certificate(String, String),
    /// A CA, by its name.
    Ca(String),
    /// A document of the register, by its place in the chain.
    Grant(u64),
    /// An order.
    Order(OrderId),
    /// The record itself: it is not what its kind says.
    Record,
    /// A session or an accepted restore, by its statement's digest.
    Statement(Sha256Digest),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(ca, serial) => write!(f, "certificate {serial} of {ca}"),
            Self::Ca(name) => write!(f, "ca {name}"),
            Self::Grant(seq) => write!(f, "grant {seq}"),
            Self::Order(id) => write!(f, "order {id}"),
            Self::Record => f.write_str("event"),
            Self::Statement(digest) => write!(f, "statement {digest}"),
        }
    }
}
