//! What is said when no status can be said.

use ndoba_types::SignError;

use crate::{RequestError, StatusError};

/// An OCSPResponseStatus without responseBytes (RFC 6960 §4.2.1): unsigned, three octets of meaning.
///
/// `sigRequired` is never sent: the service is open to all (C-32, O-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorStatus {
    /// malformedRequest (1)
    MalformedRequest,
    /// internalError (2)
    InternalError,
    /// tryLater (3)
    TryLater,
    /// unauthorized (6): no authority over the certificate asked about.
    Unauthorized,
}

impl ErrorStatus {
    /// The whole OCSPResponse, DER.
    pub const fn as_der(self) -> &'static [u8] {
        match self {
            Self::MalformedRequest => &[0x30, 0x03, 0x0a, 0x01, 1],
            Self::InternalError => &[0x30, 0x03, 0x0a, 0x01, 2],
            Self::TryLater => &[0x30, 0x03, 0x0a, 0x01, 3],
            Self::Unauthorized => &[0x30, 0x03, 0x0a, 0x01, 6],
        }
    }

    /// The name in RFC 6960, for logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformedRequest",
            Self::InternalError => "internalError",
            Self::TryLater => "tryLater",
            Self::Unauthorized => "unauthorized",
        }
    }
}

/// Why there is no status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The answer could not be encoded, or the facts do not fit the question: a mistake of ours.
    #[error("the answer cannot be put together")]
    Bug,
    /// A CertID names an issuer that is not served here, or another issuer than the first CertID.
    #[error("the issuer is not one of ours, or several issuers are asked about at once")]
    ForeignIssuer,
    /// The request means nothing.
    #[error("the request is malformed")]
    Malformed(#[source] RequestError),
    /// The client wants an answer that was produced later than now.
    #[error("an answer as fresh as asked for cannot be given yet")]
    NotYet,
    /// The service has more to do than it can.
    #[error("the service is overloaded, or took too long")]
    Overloaded,
    /// The responder's certificate has ended, or ends before an answer could be current.
    #[error("the responder's certificate has expired or is about to")]
    ResponderExpired,
    /// The responder's certificate is not valid yet.
    #[error("the responder's certificate is not yet valid")]
    ResponderNotYetValid,
    /// The responder's key gave no signature.
    #[error("the responder's key gave no signature")]
    Signing(#[source] SignError),
    /// The records gave no status.
    #[error("the status is not known")]
    Status(#[source] StatusError),
}

impl Refusal {
    /// What the client is told (O-05).
    pub fn status(&self) -> ErrorStatus {
        match self {
            Self::Malformed(_) => ErrorStatus::MalformedRequest,
            Self::ForeignIssuer => ErrorStatus::Unauthorized,
            Self::Bug | Self::Signing(SignError::Refused { .. }) => ErrorStatus::InternalError,
            // An answer's signature that may be lost is harmless: the next request makes another one.
            Self::NotYet
            | Self::Overloaded
            | Self::ResponderExpired
            | Self::ResponderNotYetValid
            | Self::Signing(SignError::Busy | SignError::InDoubt { .. } | SignError::Unavailable { .. })
            | Self::Status(StatusError::BehindWitness | StatusError::Unavailable { .. }) => {
                ErrorStatus::TryLater
            }
        }
    }

    /// Whether an operator must be called: nothing of this goes away by waiting.
    pub fn is_alarm(&self) -> bool {
        match self {
            Self::Bug
            | Self::ResponderExpired
            | Self::ResponderNotYetValid
            | Self::Signing(SignError::Refused { .. })
            | Self::Status(StatusError::BehindWitness) => true,
            Self::ForeignIssuer
            | Self::Malformed(_)
            | Self::NotYet
            | Self::Overloaded
            | Self::Signing(SignError::Busy | SignError::InDoubt { .. } | SignError::Unavailable { .. })
            | Self::Status(StatusError::Unavailable { .. }) => false,
        }
    }
}
