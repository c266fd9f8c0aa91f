//! How the fields of events are written.

use ndoba_types::{
    CaName, KeyLabel, OfficerId, OrderId, RecordId, SerialNumber, Sha256Digest, Span, UtcTime,
};
use serde_json::Value;

use crate::{Cause, Word};

/// A value that can be a field of an event.
pub(crate) trait Field {
    /// Text, a list of texts, or null.
    fn to_value(&self) -> Value;
}

macro_rules! text_fields {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn to_value(&self) -> Value {
                self.to_string().into()
            }
        }
    )*};
}
text_fields!(CaName, KeyLabel, OfficerId, OrderId, RecordId, SerialNumber, Sha256Digest, UtcTime, Word);

impl Field for Cause {
    fn to_value(&self) -> Value {
        match self {
            Self::Ceremony(plan) => format!("ceremony:{plan}").into(),
            Self::Order(id) => format!("order:{id}").into(),
            Self::Standing(id) => format!("authorisation:{id}").into(),
        }
    }
}

// As decimal text: JSON's numbers end at 53 bits (RFC 8785 §3.1).
text_fields!(i64, u64);

/// In microseconds, as decimal text.
impl Field for Span {
    fn to_value(&self) -> Value {
        self.as_micros().to_string().into()
    }
}

impl<F: Field> Field for Option<F> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Field::to_value)
    }
}

impl<F: Field> Field for Vec<F> {
    fn to_value(&self) -> Value {
        self.iter().map(Field::to_value).collect()
    }
}
