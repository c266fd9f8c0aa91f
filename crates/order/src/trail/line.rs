//! The file beside an export of the audit log: what officers signed, octet by octet, in the order in which the log names it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ndoba_types::{OrderId, Sha256Digest, canonical};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Pins;
use crate::document::Malformed;

/// What the first line says the file is.
const FORMAT: &str = "ndoba-signed-documents/1";

/// What an event of the log names of what officers signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A document of the register, by its place in the chain.
    Grant(u64),
    /// An order.
    Order(OrderId),
    /// A statement that is kept on the operator's machine, in a folder of that name: a session, an accepted restore.
    Statement(Sha256Digest),
}

impl Named {
    /// What an event names; `None` for the many that name nothing signed, and for one that cannot be read.
    pub fn by(event: &Value) -> Option<Self> {
        let text = |name: &str| event.get("data")?.get(name)?.as_str();
        match event.get("kind")?.as_str()? {
            "order-queued" => text("order")?.parse().ok().map(Self::Order),
            "presence-proved" => text("session")?.parse().ok().map(Self::Statement),
            "restore-accepted" => text("statement")?.parse().ok().map(Self::Statement),
            kind if is_of_the_chain(kind) => text("seq")?.parse().ok().map(Self::Grant),
            _ => None,
        }
    }
}

/// Whether an event of that kind says that a document joined the register's chain.
pub(super) fn is_of_the_chain(kind: &str) -> bool {
    matches!(
        kind,
        "ca-revocation-decided"
            | "ca-succession-decided"
            | "ca-termination-decided"
            | "grant-added"
            | "grant-ended"
            | "pin-replaced"
            | "responder-authorisation-ended"
            | "responder-authorised"
    )
}

/// What was signed, and its signatures, as they are stored: nothing is believed of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    /// The octets that were signed; `None` where the law had them erased.
    pub document: Option<Vec<u8>>,
    /// Flattened JWS.
    pub signatures: Vec<Vec<u8>>,
}

/// A line of the file: what the log's record with that index names.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedLine {
    /// The record's index.
    pub record: u64,
    /// What it names.
    pub signed: Signed,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineJson {
    document: Option<String>,
    record: u64,
    signatures: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderJson {
    format: String,
    pin: String,
}

/// The file's first line, without its end.
///
/// # Errors
///
/// [`Malformed`] when the pin breaks a rule of its format.
pub fn signed_header(pins: &Pins) -> Result<Vec<u8>, Malformed> {
    to_line(&HeaderJson { format: FORMAT.into(), pin: BASE64.encode(pins.to_bytes()?) })
}

/// The pins of the file's first line: the file's own word, until its digest is compared with the ceremony's report.
///
/// # Errors
///
/// [`Malformed`] for any other line.
pub fn read_signed_header(line: &[u8]) -> Result<Pins, Malformed> {
    let HeaderJson { format, pin } = from_line(line)?;
    let pin = BASE64.decode(pin).ok().filter(|_| format == FORMAT);
    Pins::from_bytes(&pin.ok_or_else(|| Malformed::rule("a file of signed documents says so and has a pin"))?)
}

impl SignedLine {
    /// The line, without its end.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for an index beyond 2⁵³.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        let Self { record, signed: Signed { document, signatures } } = self;
        to_line(&LineJson {
            document: document.as_ref().map(|octets| BASE64.encode(octets)),
            record: *record,
            signatures: signatures.iter().map(|octets| BASE64.encode(octets)).collect(),
        })
    }

    /// Reads a line.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for any other line.
    pub fn from_bytes(line: &[u8]) -> Result<Self, Malformed> {
        let LineJson { document, record, signatures } = from_line(line)?;
        let octets = |text: String| {
            BASE64.decode(text).map_err(|_| Malformed::rule("signed documents are written in Base64"))
        };
        Ok(Self {
            record,
            signed: Signed {
                document: document.map(octets).transpose()?,
                signatures: signatures.into_iter().map(octets).collect::<Result<_, _>>()?,
            },
        })
    }
}

fn to_line<T: Serialize>(line: &T) -> Result<Vec<u8>, Malformed> {
    let value = serde_json::to_value(line).map_err(|_| Malformed::rule("a line is a JSON object"))?;
    canonical::encode(&value).map_err(Malformed::NotCanonical)
}

fn from_line<T: for<'de> Deserialize<'de>>(line: &[u8]) -> Result<T, Malformed> {
    let value = canonical::decode(line).map_err(Malformed::NotCanonical)?;
    serde_json::from_value(value).map_err(|_| Malformed::rule("a line has just the members of its kind"))
}
