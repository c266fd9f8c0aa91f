//! One thing that happened.

use ndoba_types::{
    EventId, OfficerId, Random, RandomUnavailable, RecordId, Sha256Digest, UtcTime, canonical,
};
use serde_json::{Map, Value};

use crate::{EventKind, Word};

/// One thing that happened, as it goes into the log: without personal data, complete in itself.
///
/// Its canonical octets are what is stored and hashed; the fields are public because an event states a fact and
/// protects no invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Given when it happened.
    pub id: EventId,
    /// When, by the clock of the process that did it (P-21: synchronised with UTC).
    pub at: UtcTime,
    /// Who did it.
    pub actor: Actor,
    /// What it was.
    pub what: EventKind,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The people and the plan of a key ceremony, named in its report.
    Ceremony(Sha256Digest),
    /// An officer of the register.
    Officer(OfficerId),
    /// Someone at the machine: the command of that name, run by an operator.
    Operator(Word),
    /// One of our processes, by its role: `ca`, `ocsp`, `tsa`, `registration`, `audit`.
    Role(Word),
    /// Someone who presented the revocation code of that record.
    Subscriber(RecordId),
}

impl Event {
    /// An event with a fresh identifier.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`]: then the act must not happen either (P-22: no log, no act).
    pub fn new(
        random: &dyn Random,
        at: UtcTime,
        actor: Actor,
        what: EventKind,
    ) -> Result<Self, RandomUnavailable> {
        Ok(Self { id: EventId::generate(random)?, at, actor, what })
    }

    /// The canonical octets (RFC 8785): `{"actor":…,"at":…,"data":…,"id":…,"kind":…}`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { id, at, actor, what } = self;
        let (kind, data) = what.to_parts();
        let mut members = Map::new();
        members.insert("actor".into(), actor.to_text().into());
        members.insert("at".into(), at.to_string().into());
        members.insert("data".into(), Value::Object(data));
        members.insert("id".into(), id.to_string().into());
        members.insert("kind".into(), kind.into());
        // Only numbers can be refused, and fields write theirs as text.
        canonical::encode(&Value::Object(members)).unwrap_or_default()
    }
}

impl Actor {
    fn to_text(&self) -> String {
        match self {
            Self::Ceremony(plan) => format!("ceremony:{plan}"),
            Self::Officer(id) => format!("officer:{id}"),
            Self::Operator(command) => format!("operator:{command}"),
            Self::Role(name) => format!("role:{name}"),
            Self::Subscriber(record) => format!("subscriber:{record}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_and_complete() {
        let event = Event {
            id: EventId::from_bytes([0xab; 16]),
            at: "2026-11-23T12:00:00.5Z".parse().unwrap(),
            actor: Actor::Officer(OfficerId::from_bytes([1; 16])),
            what: EventKind::TsuSegmentSealed {
                node: 3,
                segment: u64::MAX,
                first: "0a".into(),
                last: "0b".into(),
                count: 7,
                head: Sha256Digest::of(b""),
            },
        };
        let text = String::from_utf8(event.to_bytes()).unwrap();
        assert_eq!(
            text,
            "{\"actor\":\"officer:01010101010101010101010101010101\",\"at\":\"2026-11-23T12:00:00.5Z\",\
             \"data\":{\"count\":\"7\",\"first\":\"0a\",\
             \"head\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\
             \"last\":\"0b\",\"node\":\"3\",\"segment\":\"18446744073709551615\"},\
             \"id\":\"abababababababababababababababab\",\"kind\":\"tsu-segment-sealed\"}"
        );
        assert!(canonical::decode(text.as_bytes()).is_ok());
    }

    #[test]
    fn names_are_unique_and_words() {
        let mut names = EventKind::NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), EventKind::NAMES.len());
        assert!(names.iter().all(|name| Word::from(*name).as_str() == *name));
    }
}
