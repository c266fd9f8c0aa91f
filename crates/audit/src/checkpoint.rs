//! Signed statements of how long the log is and what is in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ndoba_types::{InstallationId, Sha256Digest, Signature, SignatureAlgorithm, UtcTime, canonical};
use serde::Deserialize;
use serde_json::Value;

/// What a checkpoint's octets begin to say, so that no other signature of the audit key passes for one.
const KIND: &str = "ndoba-audit-checkpoint/1";

/// How long the log was at a time, and what was in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log.
    pub installation: InstallationId,
    /// Counts the checkpoints from 0, without gaps.
    pub number: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// The tree's root hash (RFC 6962 §2.1).
    pub root: Sha256Digest,
    /// When it was signed; never earlier than the one before.
    pub at: UtcTime,
    /// [`SignedCheckpoint::digest`] of the checkpoint before; `None` for the first.
    pub previous: Option<Sha256Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointJson {
    kind: String,
    installation: String,
    number: u64,
    size: u64,
    root: String,
    at: String,
    previous: Option<String>,
}

impl Checkpoint {
    /// The canonical octets (RFC 8785) that the audit key signs.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Sizes and numbers stay below 2⁵³ for any log that fits this planet.
        canonical::encode(&self.to_value()).unwrap_or_default()
    }

    fn to_value(&self) -> Value {
        let Self { installation, number, size, root, at, previous } = self;
        serde_json::json!({
            "kind": KIND,
            "installation": installation.to_string(),
            "number": number,
            "size": size,
            "root": root.to_string(),
            "at": at.to_string(),
            "previous": previous.map(|digest| digest.to_string()),
        })
    }

    /// Reads [`Self::to_bytes`].
    ///
    /// # Errors
    ///
    /// [`BadCheckpoint`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadCheckpoint> {
        Self::from_value(canonical::decode(bytes).map_err(|_| BadCheckpoint)?)
    }

    fn from_value(value: Value) -> Result<Self, BadCheckpoint> {
        let CheckpointJson { kind, installation, number, size, root, at, previous } =
            serde_json::from_value(value.clone()).map_err(|_| BadCheckpoint)?;
        let checkpoint = Self {
            installation: installation.parse().map_err(|_| BadCheckpoint)?,
            number,
            size,
            root: root.parse().map_err(|_| BadCheckpoint)?,
            at: at.parse().map_err(|_| BadCheckpoint)?,
            previous: previous.map(|digest| digest.parse()).transpose().map_err(|_| BadCheckpoint)?,
        };
        // Comparing what it means with what it says refuses a second spelling of a time and a missing `previous`.
        if kind == KIND && checkpoint.to_value() == value { Ok(checkpoint) } else { Err(BadCheckpoint) }
    }
}

/// A checkpoint with the audit key's signature and, where a time-stamp was had, its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// SHA-256 over the audit key's SubjectPublicKeyInfo.
    pub key: Sha256Digest,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// Over [`Checkpoint::to_bytes`].
    pub signature: Signature,
    /// An RFC 3161 TimeStampToken over [`Self::digest`], DER. Not covered by the signature.
    pub token: Option<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedJson {
    checkpoint: Value,
    key: String,
    algorithm: String,
    signature: String,
    #[serde(default)]
    token: Option<String>,
}

impl SignedCheckpoint {
    /// Names this checkpoint in the next one and in its time-stamp: SHA-256 over [`Self::to_bytes`] without the
    /// token.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.encode(None))
    }

    /// The canonical octets, as published under `/audit/checkpoint` and stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode(self.token.as_deref())
    }

    fn encode(&self, token: Option<&[u8]>) -> Vec<u8> {
        canonical::encode(&self.as_value(token)).unwrap_or_default()
    }

    pub(crate) fn to_value(&self) -> Value {
        self.as_value(self.token.as_deref())
    }

    fn as_value(&self, token: Option<&[u8]>) -> Value {
        let Self { checkpoint, key, algorithm, signature, token: _ } = self;
        let mut value = serde_json::json!({
            "checkpoint": checkpoint.to_value(),
            "key": key.to_string(),
            "algorithm": algorithm_name(*algorithm),
            "signature": BASE64.encode(signature.as_bytes()),
        });
        if let Some(token) = token {
            value["token"] = BASE64.encode(token).into();
        }
        value
    }

    /// Reads [`Self::to_bytes`]. Verifies no signature.
    ///
    /// # Errors
    ///
    /// [`BadCheckpoint`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadCheckpoint> {
        Self::from_value(canonical::decode(bytes).map_err(|_| BadCheckpoint)?)
    }

    pub(crate) fn from_value(value: Value) -> Result<Self, BadCheckpoint> {
        let SignedJson { checkpoint, key, algorithm, signature, token } =
            serde_json::from_value(value.clone()).map_err(|_| BadCheckpoint)?;
        let signed = Self {
            checkpoint: Checkpoint::from_value(checkpoint)?,
            key: key.parse().map_err(|_| BadCheckpoint)?,
            algorithm: algorithm_from_name(&algorithm).ok_or(BadCheckpoint)?,
            signature: Signature::from_bytes(BASE64.decode(signature).map_err(|_| BadCheckpoint)?),
            token: token.map(|token| BASE64.decode(token)).transpose().map_err(|_| BadCheckpoint)?,
        };
        if signed.to_value() == value { Ok(signed) } else { Err(BadCheckpoint) }
    }
}

const ALGORITHMS: [(SignatureAlgorithm, &str); 10] = [
    (SignatureAlgorithm::EcdsaP256Sha256, "ecdsa-p256-sha256"),
    (SignatureAlgorithm::EcdsaP384Sha384, "ecdsa-p384-sha384"),
    (SignatureAlgorithm::EcdsaP521Sha512, "ecdsa-p521-sha512"),
    (SignatureAlgorithm::RsaPkcs1Sha256, "rsa-pkcs1-sha256"),
    (SignatureAlgorithm::RsaPkcs1Sha384, "rsa-pkcs1-sha384"),
    (SignatureAlgorithm::RsaPkcs1Sha512, "rsa-pkcs1-sha512"),
    (SignatureAlgorithm::RsaPssSha256, "rsa-pss-sha256"),
    (SignatureAlgorithm::RsaPssSha384, "rsa-pss-sha384"),
    (SignatureAlgorithm::RsaPssSha512, "rsa-pss-sha512"),
    (SignatureAlgorithm::Ed25519, "ed25519"),
];

fn algorithm_name(algorithm: SignatureAlgorithm) -> &'static str {
    ALGORITHMS.iter().find(|(one, _)| *one == algorithm).map_or("", |(_, name)| name)
}

fn algorithm_from_name(name: &str) -> Option<SignatureAlgorithm> {
    ALGORITHMS.iter().find(|(_, one)| *one == name).map(|(algorithm, _)| *algorithm)
}

/// Not the canonical octets of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these octets are not a checkpoint of an audit log")]
pub struct BadCheckpoint;
