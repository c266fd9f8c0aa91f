//! The clock's statement: what is known of the clock at a moment, for whoever has to believe the time-stamps of that
//! moment. Signed by a key of its own: a time-stamping unit's key signs tokens and nothing else (TIS-7.7.1-08).
//!
//! ```text
//!   ClockStatement ─ prepare ─▶ UnsignedStatement ─ message ─▶ key ─ finish ─▶ JWS ─ verify ─▶ ClockStatement
//! ```

mod jws;

use ndoba_types::{
    InstallationId, Signature, SignatureAlgorithm, Span, StateClock, SubjectPublicKeyInfo, ToBeSigned,
    UtcTime, canonical,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The media type at which a statement is served.
pub const STATEMENT_TYPE: &str = "application/jose+json";

/// The most octets of a statement that is read: with the most sources that a clock has, some ten thousand.
const MAX_LEN: usize = 64 * 1024;
const VERSION: u8 = 1;
const KIND: &str = "clock-statement";

/// What one process knows of its clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockStatement {
    /// Whose clock.
    pub installation: InstallationId,
    /// The process among those of the installation.
    pub node: u16,
    /// The moment, by the very clock that is spoken of: where that is not believed, this is not to be believed either.
    pub at: UtcTime,
    /// Until when it may be taken for the present.
    pub expires: UtcTime,
    /// Where the bound comes from: `kernel-and-quorum`, `quorum`, `kernel`, `trusted-host-clock`.
    pub mode: String,
    /// Why there are no time-stamps just now; `None` while the clock is believed.
    pub distrusted: Option<String>,
    /// How far the clock is off, where that can be said.
    pub measured: Option<StatedMeasure>,
    /// The sources, in the order of the configuration.
    pub sources: Vec<StatedSource>,
}

/// How far a clock is from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedMeasure {
    /// UTC minus the clock, in microseconds: the best estimate.
    pub offset_us: i64,
    /// UTC is no farther than this from the clock, in microseconds, if the sources are right.
    pub bound_us: i64,
}

/// A source of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedSource {
    /// Its address.
    pub server: String,
    /// What it counts for: `agrees`, `disagrees`, `silent`, `alone`, or why it was refused.
    pub verdict: String,
    /// What it said last; absent where that counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<StatedAnswer>,
}

/// The latest answer of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedAnswer {
    /// UTC minus the clock, by this source alone, in microseconds.
    pub offset_us: i64,
    /// How far the source may be wrong, and its answer late: half the delay and its distance from UTC, in microseconds.
    pub bound_us: i64,
    /// How old it is, in microseconds.
    pub age_us: i64,
    /// How many servers lie between it and a clock of reference.
    pub stratum: u8,
}

/// The document that is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    v: u8,
    kind: String,
    installation: String,
    node: u16,
    at: String,
    expires: String,
    mode: String,
    trusted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    measured: Option<StatedMeasure>,
    sources: Vec<StatedSource>,
}

/// A statement that lacks its signature.
#[derive(Debug)]
pub struct UnsignedStatement {
    input: String,
    algorithm: SignatureAlgorithm,
}

impl ClockStatement {
    /// The statement as `key` signs it with `algorithm`.
    ///
    /// # Errors
    ///
    /// [`BadStatement::Malformed`] when a number is too large to be exact in JSON.
    pub fn prepare(
        &self,
        algorithm: SignatureAlgorithm,
        key: &SubjectPublicKeyInfo,
    ) -> Result<UnsignedStatement, BadStatement> {
        Ok(UnsignedStatement { input: jws::input(&self.encode()?, algorithm, key)?, algorithm })
    }

    /// Reads a statement and verifies that `key` signed it. Whether it is still of the present is the caller's to
    /// ask: [`Self::is_current`].
    ///
    /// # Errors
    ///
    /// [`BadStatement`].
    pub fn verify(bytes: &[u8], key: &SubjectPublicKeyInfo) -> Result<Self, BadStatement> {
        if bytes.len() > MAX_LEN {
            return Err(BadStatement::Malformed);
        }
        Self::decode(&jws::verified_payload(bytes, key)?)
    }

    /// Whether it may be taken for the present at `now`, by a clock that may be off by `leeway`.
    pub fn is_current(&self, now: UtcTime, leeway: Span) -> bool {
        self.at.minus(leeway) <= now && now <= self.expires.plus(leeway)
    }

    fn encode(&self) -> Result<Vec<u8>, BadStatement> {
        let Self { installation, node, at, expires, mode, distrusted, measured, sources } = self;
        let document = Document {
            v: VERSION,
            kind: KIND.into(),
            installation: installation.to_string(),
            node: *node,
            at: at.to_string(),
            expires: expires.to_string(),
            mode: mode.clone(),
            trusted: distrusted.is_none(),
            reason: distrusted.clone(),
            measured: *measured,
            sources: sources.clone(),
        };
        let value = serde_json::to_value(&document).map_err(|_| BadStatement::Malformed)?;
        canonical::encode(&value).map_err(|_| BadStatement::Malformed)
    }

    fn decode(bytes: &[u8]) -> Result<Self, BadStatement> {
        let value: Value = canonical::decode(bytes).map_err(|_| BadStatement::Malformed)?;
        let document: Document = serde_json::from_value(value).map_err(|_| BadStatement::Malformed)?;
        let Document { v, kind, installation, node, at, expires, mode, trusted, reason, measured, sources } =
            document;
        if v != VERSION || kind != KIND || trusted == reason.is_some() {
            return Err(BadStatement::Malformed);
        }
        let time = |text: &str| text.parse().map_err(|_| BadStatement::Malformed);
        Ok(Self {
            installation: installation.parse().map_err(|_| BadStatement::Malformed)?,
            node,
            at: time(&at)?,
            expires: time(&expires)?,
            mode,
            distrusted: reason,
            measured,
            sources,
        })
    }
}

impl UnsignedStatement {
    /// What the key signs.
    pub fn message(&self) -> ToBeSigned<StateClock> {
        ToBeSigned::assertion(self.input.clone().into_bytes())
    }

    /// The statement with its signature: a flattened JWS with its payload (RFC 7515 §7.2.2).
    ///
    /// # Errors
    ///
    /// [`BadStatement::Invalid`] when the signature is none of the key's algorithm.
    pub fn finish(&self, signature: &Signature) -> Result<Vec<u8>, BadStatement> {
        jws::assemble(&self.input, self.algorithm, signature.as_bytes())
    }
}

/// Why octets are no statement of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStatement {
    /// The signature does not hold with this key.
    #[error("the statement is not signed with this key")]
    Invalid,
    /// Something else, or another version.
    #[error("this is no statement of a clock, a flattened JWS of type {}", jws::TYPE)]
    Malformed,
}

#[cfg(test)]
mod tests;
