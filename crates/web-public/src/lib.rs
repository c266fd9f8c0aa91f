//! The public face: OCSP, time-stamps, CRLs, issuer certificates, the audit log's checkpoint and a page for people,
//! all without login; and the operator's metrics and health on an address of their own.
//!
//! Nothing here decides anything: `ndoba_ocsp` says what an answer says, a [`TimeStamper`] makes tokens, files come
//! as they were published. Nothing blocks an event loop: records are read on threads of [`StatusReaders`], keys sign
//! on theirs, and every request has a deadline.
//!
//! Enter at [`PublicServer::bind`] and [`OperatorServer::bind`].

mod body;
mod certificates;
mod clock_statement;
mod conditional;
mod connections;
mod metric;
mod ocsp;
mod operator;
mod pages;
mod published;
mod server;
mod tsp;

pub use certificates::{NotNow, ShownCertificates};
pub use clock_statement::ClockStatements;
pub use metric::{MetricsError, install_metrics};
pub use ocsp::{OcspLimits, OcspService, StatusReaders, UnissuedQueries, ocsp_get_candidates};
pub use operator::{Check, CheckState, Health, HealthSource, OperatorServer};
pub use pages::PageFacts;
pub use published::PublishedFiles;
pub use server::{BindError, PublicServer, PublicServices, ServerLimits};
pub use tsp::{StampFuture, StampReply, TimeStamper, TimeStamping};
