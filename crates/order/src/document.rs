//! What all signed documents have in common: canonical bytes, their limits, and a version.

use ndoba_types::canonical::{self, NotCanonical};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use unicode_normalization::is_nfc;

/// The version of every document format here but that of grants, which have a second; another is refused, not guessed at.
pub(crate) const VERSION: u64 = 1;

/// The most octets of a document: an order with a legal person's names and 32 digests has under 6 000.
pub(crate) const MAX_LEN: usize = 32 * 1024;

/// Why bytes are not a document that anyone could sign. Never contains what the bytes say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A member is missing, unknown, or not what it must be.
    #[error("the document's members are not those of its kind")]
    Members(#[source] MemberError),
    /// A text is not in Unicode's normal form C.
    #[error("the document has a text that is not in normal form C")]
    NotNfc,
    /// Not canonical JSON, or written differently from what it means.
    #[error("the document is not in its canonical form")]
    NotCanonical(#[source] NotCanonical),
    /// Another version of the format, or no version.
    #[error("the document's version is none that is known here")]
    OtherVersion,
    /// More octets than any document needs.
    #[error("the document is longer than {MAX_LEN} octets")]
    TooLong,
    /// Not a kind of document that belongs here.
    #[error("the document's kind is unknown here")]
    UnknownKind,
}

impl Malformed {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Members(_) => "document-members",
            Self::NotNfc => "document-not-nfc",
            Self::NotCanonical(_) => "document-not-canonical",
            Self::OtherVersion => "document-version",
            Self::TooLong => "document-too-long",
            Self::UnknownKind => "document-kind-unknown",
        }
    }

    /// A member breaks a rule; `rule` is a phrase of ours.
    pub(crate) fn rule(rule: &'static str) -> Self {
        Self::Members(MemberError(rule))
    }
}

/// Which rule for the members of a document is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MemberError(&'static str);

/// Reads canonical bytes as an object of this version and gives its kind and its other members.
pub(crate) fn open(bytes: &[u8]) -> Result<(String, Map<String, Value>), Malformed> {
    match open_versioned(bytes)? {
        (VERSION, kind, members) => Ok((kind, members)),
        (_, _, _) => Err(Malformed::OtherVersion),
    }
}

/// The same of any version, which the caller knows or refuses.
pub(crate) fn open_versioned(bytes: &[u8]) -> Result<(u64, String, Map<String, Value>), Malformed> {
    if bytes.len() > MAX_LEN {
        return Err(Malformed::TooLong);
    }
    let value = canonical::decode(bytes).map_err(Malformed::NotCanonical)?;
    if !all_nfc(&value) {
        return Err(Malformed::NotNfc);
    }
    let Value::Object(mut members) = value else {
        return Err(Malformed::rule("a document is a JSON object"));
    };
    let version = members.remove("v").as_ref().and_then(Value::as_u64).ok_or(Malformed::OtherVersion)?;
    match members.remove("kind") {
        Some(Value::String(kind)) => Ok((version, kind, members)),
        Some(_) | None => Err(Malformed::UnknownKind),
    }
}

/// The members as a type that knows them all and no others.
pub(crate) fn read<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, Malformed> {
    // Serde's message repeats values; only the fact goes on.
    serde_json::from_value(Value::Object(members))
        .map_err(|_| Malformed::rule("a member is missing, unknown, or not what it must be"))
}

/// Reads a document that is the only one of its kind: what `write` gives of it again must be `bytes`.
pub(crate) fn parse<T: DeserializeOwned>(
    only: &str,
    bytes: &[u8],
    write: impl FnOnce(&T) -> Result<Vec<u8>, Malformed>,
) -> Result<T, Malformed> {
    let (kind, members) = open(bytes)?;
    if kind != only {
        return Err(Malformed::UnknownKind);
    }
    let document: T = read(members)?;
    require_same(write(&document), bytes)?;
    Ok(document)
}

/// The canonical bytes of a document.
pub(crate) fn write<T: Serialize>(kind: &str, content: &T) -> Result<Vec<u8>, Malformed> {
    write_versioned(kind, VERSION, content)
}

/// The same of another version.
pub(crate) fn write_versioned<T: Serialize>(
    kind: &str,
    version: u64,
    content: &T,
) -> Result<Vec<u8>, Malformed> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(content) else {
        return Err(Malformed::rule("a document is a JSON object"));
    };
    members.insert("v".into(), version.into());
    members.insert("kind".into(), kind.into());
    let bytes = canonical::encode(&Value::Object(members)).map_err(Malformed::NotCanonical)?;
    if bytes.len() > MAX_LEN { Err(Malformed::TooLong) } else { Ok(bytes) }
}

/// The second half of parsing: what was understood, written again, must be what was signed. This refuses every second
/// spelling of a time, a serial number, an absent member.
pub(crate) fn require_same(again: Result<Vec<u8>, Malformed>, bytes: &[u8]) -> Result<(), Malformed> {
    if again? == bytes { Ok(()) } else { Err(Malformed::NotCanonical(NotCanonical::Spelling)) }
}

fn all_nfc(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => is_nfc(text),
        Value::Array(items) => items.iter().all(all_nfc),
        Value::Object(members) => members.iter().all(|(key, value)| is_nfc(key) && all_nfc(value)),
    }
}
