//! OCSP over HTTP (RFC 6960 appendix A, RFC 9919 §6 and §7).

mod get_path;
mod heard;
mod http;
mod readers;
mod service;
mod task;
mod unissued;

pub use get_path::candidates as ocsp_get_candidates;
pub(crate) use http::routes;
pub use readers::StatusReaders;
pub use service::{OcspLimits, OcspService};
pub use unissued::UnissuedQueries;
