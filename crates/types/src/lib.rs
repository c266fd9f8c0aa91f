//! The vocabulary every other crate speaks: serial numbers, times, digests, key purposes, and the ports
//! through which the pure crates reach a clock, randomness and signing keys.
//!
//! Nothing here does input or output, knows ASN.1 beyond a byte string's meaning, or has an error enum for
//! others to grow: each newtype has its own. Enter at [`SerialNumber`], [`UtcTime`], [`ToBeSigned`] and [`SigningKey`].

mod authority;
pub mod canonical;
mod card;
mod crl;
mod device;
mod digest;
mod id;
mod key;
mod oid;
mod pin;
mod ports;
mod serial;
mod sign;
mod time;

pub use authority::{BadCaName, CaName};
pub use card::{BadCardUri, CardUri};
pub use crl::{BadCrlName, CrlName, CrlShard, CrlShards};
pub use device::{BadDeviceModel, DeviceModel};
pub use digest::{BadDigest, Sha256Digest, Sha256Hasher};
pub use id::{BadId, EventId, InstallationId, OfficerId, OrderId, RecordId, SessionId};
pub use key::{BadKeyLabel, KeyLabel, SubjectPublicKeyInfo};
pub use oid::{BadOid, Oid};
pub use pin::PinPlace;
pub use ports::{Clock, Random, RandomUnavailable};
pub use serial::{BadSerial, SerialNumber};
pub use sign::{
    AnswerFinally, AnswerStatus, AskForUnit, Canary, DigestToBeSigned, EnrolResponder, IssueCertificates,
    MessageHasher, ProvePossession, PublishCrls, Purpose, SealAudit, SignError, SignReply, Signature,
    SignatureAlgorithm, SigningKey, StampTime, StateClock, SuspendByCode, ToBeSigned,
};
pub use time::{BadTime, CertifiedTime, Span, TimeUnavailable, TrustedClock, UtcTime};
