//! An OCSP responder (RFC 6960, RFC 9919, RFC 9654) without input or output.
//!
//! It never reads a clock, a key, a file or a database, and never verifies a requester's signature: the service
//! is open to all. Who wants an answer goes three steps, and does the waiting between them:
//!
//! 1. [`Request::parse`], then [`Responders::begin`] gives a [`Query`] that names the serials to look up;
//! 2. [`Query::answer`] takes the facts and the time and gives bytes to sign;
//! 3. [`Pending::finish`] takes the signature and gives the [`Answer`].
//!
//! A [`Refusal`] at any step says by itself which unsigned [`ErrorStatus`] the client gets. [`AnswerCache`] keeps
//! signed answers for as long as they are true.

mod answer;
mod asker;
mod asn1;
mod cache;
mod final_answer;
mod hash;
mod ports;
mod refusal;
mod renewal;
mod request;
mod responder;

pub use answer::{Answer, Pending, Query, Said};
pub use asker::{Question, Told, ToldStatus, Untold};
pub use cache::{AnswerCache, CacheKey, CachedFacts, Held, Lookup};
pub use final_answer::{FinalAuthority, FinalIssuer, FinalQuestion};
pub use hash::HashAlgorithm;
/// Part of [`CertStatusFacts`].
pub use ndoba_x509::RevocationReason;
pub use ports::{
    CertStatusFacts, FinalRecord, KnownVersion, StatusError, StatusSnapshot, StatusSource, StatusVersion,
    StatusVersions,
};
pub use refusal::{ErrorStatus, Refusal};
pub use renewal::{Asked, RenewalAlarm, Tenure};
pub use request::{CertId, IssuerHashes, Nonce, Request, RequestError, RequestLimits};
pub use responder::{AnswerPolicy, Identity, Responder, ResponderError, Responders, Unissued};
