//! An OCSP responder (RFC 6960, RFC 9919, RFC 9654) without input or output.

mod ports;
mod reason;

pub use ports::{
    CertStatusFacts, KnownVersion, StatusError, StatusSnapshot, StatusSource, StatusVersion, StatusVersions,
};
pub use reason::RevocationReason;
