//! Signing as types: what is signed, for which purpose, by whose key.
//!
//! A key is opened for one [`Purpose`] and signs only [`ToBeSigned`] of that purpose, so an OCSP key that is
//! asked to sign a certificate does not compile. Hashing is the implementation's work, outside the token.

use std::fmt;
use std::marker::PhantomData;
use std::sync::mpsc;

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::{KeyLabel, SubjectPublicKeyInfo};

/// What a key may be used for. Implemented only here.
pub trait Purpose: sealed::Sealed + Send + Sync + 'static {
    /// The `<purpose>` part of the labels of keys that serve it.
    const KEY: &'static str;
    /// The name in logs, metrics and the accounting of key uses.
    const NAME: &'static str;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $text:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}
        impl sealed::Sealed for $name {}
        impl Purpose for $name {
            const KEY: &'static str = $key;
            const NAME: &'static str = $text;
        }
    )*};
}

purposes! {
    /// Certificates, by a CA's key.
    IssueCertificates = "ca", "certificate";
    /// Certificate revocation lists, by the same CA key.
    PublishCrls = "ca", "crl";
    /// The last OCSP answers of a CA that has ended, by the same CA key.
    AnswerFinally = "ca", "final-ocsp-answer";
    /// OCSP answers, by a delegated responder's key.
    AnswerStatus = "ocsp", "ocsp-answer";
    /// Requests for a certificate, by the responder's key that it is for: proof of possession.
    ProvePossession = "ocsp", "certificate-request";
    /// Requests for a responder's next certificate, by a key that does nothing else (design §3).
    EnrolResponder = "enrolment", "responder-request";
    /// Time-stamp tokens, by a TSU's key and nothing else (EN 319 421 TIS-7.7.1-08).
    StampTime = "tsu", "time-stamp";
    /// Requests for a unit's certificate, by the unit's key that it is for: proof of possession.
    AskForUnit = "tsu", "unit-request";
    /// Checkpoints of the audit log.
    SealAudit = "seal", "audit-checkpoint";
    /// Statements about the clock, by a key that is no TSU key.
    StateClock = "clock", "clock-statement";
    /// Orders to suspend a certificate whose subscriber gave the code, by registration's key.
    SuspendByCode = "desk", "suspension-by-code";
    /// Random bytes, by a key of its own, to see whether the token is alive.
    Canary = "canary", "canary";
}

/// Bytes that are ready to be signed for purpose `P`. Consumed by signing, so that they are signed at most once.
pub struct ToBeSigned<P> {
    bytes: Vec<u8>,
    purpose: PhantomData<fn() -> P>,
}

impl<P: Purpose> ToBeSigned<P> {
    /// States that `bytes` were made, checked and recorded as purpose `P` demands. The one door to a signature:
    /// each call stands next to the code that did the checking.
    pub fn assertion(bytes: Vec<u8>) -> Self {
        Self { bytes, purpose: PhantomData }
    }

    /// The message, before hashing.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<P: Purpose> fmt::Debug for ToBeSigned<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToBeSigned<{}>({} octets)", P::NAME, self.bytes.len())
    }
}

/// The digest of a message for purpose `P` that is too long to be held: it was hashed as it was checked. Consumed by
/// signing, as [`ToBeSigned`] is.
pub struct DigestToBeSigned<P> {
    algorithm: SignatureAlgorithm,
    digest: Vec<u8>,
    purpose: PhantomData<fn() -> P>,
}

impl<P: Purpose> DigestToBeSigned<P> {
    /// States of the message that `hasher` has seen what [`ToBeSigned::assertion`] states.
    pub fn assertion(hasher: MessageHasher) -> Self {
        let algorithm = hasher.algorithm();
        Self { algorithm, digest: hasher.finish(), purpose: PhantomData }
    }

    /// For which algorithm it was hashed.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// [`SignatureAlgorithm::digest`] of the message.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }
}

impl<P: Purpose> fmt::Debug for DigestToBeSigned<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DigestToBeSigned<{}>({:?})", P::NAME, self.algorithm)
    }
}

/// [`SignatureAlgorithm::digest`] of a message that comes in pieces.
#[derive(Clone)]
pub struct MessageHasher {
    algorithm: SignatureAlgorithm,
    state: HashState,
}

#[derive(Clone)]
enum HashState {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl MessageHasher {
    /// The algorithm that the digest is for.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.state {
            HashState::Sha256(state) => state.update(piece),
            HashState::Sha384(state) => state.update(piece),
            HashState::Sha512(state) => state.update(piece),
        }
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Vec<u8> {
        match self.state {
            HashState::Sha256(state) => state.finalize().to_vec(),
            HashState::Sha384(state) => state.finalize().to_vec(),
            HashState::Sha512(state) => state.finalize().to_vec(),
        }
    }
}

impl fmt::Debug for MessageHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageHasher({:?})", self.algorithm)
    }
}

/// A signature algorithm with its hash and parameters, as in TS 119 312 Table 4 (requirements C-80, C-81).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ecdsa-with-SHA256 on P-256.
    EcdsaP256Sha256,
    /// ecdsa-with-SHA384 on P-384.
    EcdsaP384Sha384,
    /// ecdsa-with-SHA512 on P-521.
    EcdsaP521Sha512,
    /// sha256WithRSAEncryption (PKCS#1 v1.5).
    RsaPkcs1Sha256,
    /// sha384WithRSAEncryption (PKCS#1 v1.5).
    RsaPkcs1Sha384,
    /// sha512WithRSAEncryption (PKCS#1 v1.5).
    RsaPkcs1Sha512,
    /// RSASSA-PSS, SHA-256, MGF1 with SHA-256, salt of 32 octets.
    RsaPssSha256,
    /// RSASSA-PSS, SHA-384, MGF1 with SHA-384, salt of 48 octets.
    RsaPssSha384,
    /// RSASSA-PSS, SHA-512, MGF1 with SHA-512, salt of 64 octets.
    RsaPssSha512,
    /// Ed25519 (RFC 8410).
    Ed25519,
}

impl SignatureAlgorithm {
    /// Whether signing the same bytes again gives the same signature. Only then may a signature that was lost in
    /// a crash be made again: a second ECDSA or PSS signature would be a second certificate under one serial.
    pub fn is_deterministic(self) -> bool {
        match self {
            Self::RsaPkcs1Sha256 | Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512 | Self::Ed25519 => true,
            Self::EcdsaP256Sha256
            | Self::EcdsaP384Sha384
            | Self::EcdsaP521Sha512
            | Self::RsaPssSha256
            | Self::RsaPssSha384
            | Self::RsaPssSha512 => false,
        }
    }

    /// The hash of `message` that a key of this algorithm signs: what the token is shown, and what tells one signature
    /// from another in the accounting. Ed25519 hashes within; its SHA-512 stands for the message.
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        let mut hasher = self.hasher();
        hasher.update(message);
        hasher.finish()
    }

    /// As [`Self::digest`], of a message that comes in pieces.
    pub fn hasher(self) -> MessageHasher {
        let state = match self {
            Self::EcdsaP256Sha256 | Self::RsaPkcs1Sha256 | Self::RsaPssSha256 => {
                HashState::Sha256(Sha256::new())
            }
            Self::EcdsaP384Sha384 | Self::RsaPkcs1Sha384 | Self::RsaPssSha384 => {
                HashState::Sha384(Sha384::new())
            }
            Self::EcdsaP521Sha512 | Self::RsaPkcs1Sha512 | Self::RsaPssSha512 | Self::Ed25519 => {
                HashState::Sha512(Sha512::new())
            }
        };
        MessageHasher { algorithm: self, state }
    }
}

/// A signature: the octets of the signatureValue BIT STRING (for ECDSA the DER `SEQUENCE { r, s }`).
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// Takes the octets as they go into a signatureValue.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} octets)", self.0.len())
    }
}

/// Where the outcome of [`SigningKey::submit`] goes: called exactly once, on a thread of the implementation.
pub type SignReply = Box<dyn FnOnce(Result<Signature, SignError>) + Send>;

/// A private key that signs for purpose `P`, wherever it lives.
pub trait SigningKey<P: Purpose>: Send + Sync {
    /// The key's label.
    fn label(&self) -> &KeyLabel;

    /// The algorithm of every signature it makes.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Its public half.
    fn public_key(&self) -> &SubjectPublicKeyInfo;

    /// Queues `message` for signing and returns; `reply` is called once, at the latest when the deadline of the
    /// implementation's queue has passed.
    fn submit(&self, message: ToBeSigned<P>, reply: SignReply);

    /// As [`Self::submit`], of a message that was hashed already. A key that hashes within refuses.
    fn submit_digest(&self, message: DigestToBeSigned<P>, reply: SignReply) {
        let reason = format!("this key signs whole messages, not a digest for {:?}", message.algorithm());
        reply(Err(SignError::Refused { reason }));
    }

    /// As [`Self::sign`], of a message that was hashed already.
    ///
    /// # Errors
    ///
    /// [`SignError`], by what the caller must do.
    fn sign_digest(&self, message: DigestToBeSigned<P>) -> Result<Signature, SignError> {
        wait(|reply| self.submit_digest(message, reply))
    }

    /// Signs and waits. For threads that may wait; never on a server's event loop.
    ///
    /// # Errors
    ///
    /// [`SignError`], by what the caller must do.
    fn sign(&self, message: ToBeSigned<P>) -> Result<Signature, SignError> {
        wait(|reply| self.submit(message, reply))
    }
}

fn wait(submit: impl FnOnce(SignReply)) -> Result<Signature, SignError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    submit(Box::new(move |outcome| {
        // The receiver below waits until this is sent, so sending cannot fail while anyone listens.
        let _ = sender.send(outcome);
    }));
    receiver.recv().unwrap_or(Err(SignError::InDoubt { reason: "the signer dropped the request".into() }))
}

/// Why there is no signature, by what the caller must do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The queue is full, or the deadline passed before the token was asked: nothing was signed; ask again later.
    #[error("the signing queue is full")]
    Busy,
    /// A signature may have been made and lost: a randomised one must not be made again for the same bytes.
    #[error("the token did not say whether it signed: {reason}")]
    InDoubt {
        /// What the token said or did.
        reason: String,
    },
    /// The key cannot sign this, now or later: an operator must act.
    #[error("the key cannot sign: {reason}")]
    Refused {
        /// What the token said.
        reason: String,
    },
    /// The token is away: nothing was signed; it comes back by itself or by an operator.
    #[error("the token is unavailable: {reason}")]
    Unavailable {
        /// What the token said.
        reason: String,
    },
}
