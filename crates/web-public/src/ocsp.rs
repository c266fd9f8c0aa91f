//! OCSP over HTTP (RFC 6960 appendix A, RFC 9919 §6 and §7).

mod get_path;
mod http;
mod records;
mod service;
mod task;

pub(crate) use http::routes;
pub use records::StatusRecords;
pub use service::{OcspLimits, OcspService};
