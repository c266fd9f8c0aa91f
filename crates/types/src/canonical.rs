//! Canonical JSON (RFC 8785, JCS) for documents that are signed or hashed: one value, one sequence of octets.
//!
//! Narrower than the RFC: integers within ±(2⁵³ − 1) only. Fractions and exponents are refused instead of being
//! written in ECMAScript's way, since no document of ours has them. What officers sign, what the audit log hashes
//! and what checkpoints say all go through here.

use serde_json::{Map, Number, Value};

/// Integers beyond this are not exact everywhere (RFC 8785 §3.1, I-JSON).
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The canonical octets of `value`: object keys in order of their UTF-16 code units, no white space.
///
/// # Errors
///
/// [`NotCanonical::Number`] for a fraction, an exponent, or an integer beyond ±(2⁵³ − 1).
pub fn encode(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    let mut out = Vec::new();
    write_value(value, &mut out)?;
    Ok(out)
}

/// Reads octets that must already be canonical: doubled keys, other spellings of a string, white space and
/// trailing octets are all refused, because encoding the value again must give `bytes`.
///
/// Deeply nested input is refused, not recursed into (128 levels).
///
/// # Errors
///
/// [`NotCanonical`], by what is wrong.
pub fn decode(bytes: &[u8]) -> Result<Value, NotCanonical> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| NotCanonical::Syntax)?;
    let mut again = Vec::with_capacity(bytes.len());
    write_value(&value, &mut again)?;
    if again == bytes { Ok(value) } else { Err(NotCanonical::Spelling) }
}

fn write_value(value: &Value, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(number, out)?,
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write_value(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(members, out)?,
    }
    Ok(())
}

fn write_object(members: &Map<String, Value>, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    out.push(b'{');
    // RFC 8785 §3.2.3: by UTF-16 code units. Within ASCII that is the order of octets, in which a map has its keys.
    if members.keys().all(|key| key.is_ascii()) && members.keys().is_sorted() {
        write_members(members.iter(), out)?;
    } else {
        let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
        sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        write_members(sorted.into_iter(), out)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_members<'a>(
    members: impl Iterator<Item = (&'a String, &'a Value)>,
    out: &mut Vec<u8>,
) -> Result<(), NotCanonical> {
    for (position, (key, value)) in members.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_string(key, out);
        out.push(b':');
        write_value(value, out)?;
    }
    Ok(())
}

fn write_number(number: &Number, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    let magnitude = match (number.as_u64(), number.as_i64()) {
        (Some(natural), _) => natural,
        (None, Some(negative)) => negative.unsigned_abs(),
        (None, None) => return Err(NotCanonical::Number),
    };
    if magnitude > MAX_SAFE_INTEGER {
        return Err(NotCanonical::Number);
    }
    out.extend_from_slice(number.to_string().as_bytes());
    Ok(())
}

/// RFC 8785 §3.2.2.2: the short escapes where JSON has them, `\u00xx` for other controls, everything else as it is.
fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    // No octet of a longer character's UTF-8 is one of these.
    while let Some(place) = rest.iter().position(|octet| matches!(octet, 0..=0x1f | b'"' | b'\\')) {
        let (as_it_is, from_there) = rest.split_at(place);
        out.extend_from_slice(as_it_is);
        let Some((special, after)) = from_there.split_first() else { break };
        match special {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Why octets or a value are not canonical JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    /// A fraction, an exponent, or an integer that is not exact everywhere.
    #[error("a number is not an integer within 53 bits")]
    Number,
    /// The value is JSON, but written differently from RFC 8785, or with doubled keys.
    #[error("the JSON is not in its canonical form (RFC 8785)")]
    Spelling,
    /// Not JSON, not UTF-8, or nested too deeply.
    #[error("the octets are not JSON")]
    Syntax,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sorts_and_escapes_as_the_rfc_shows() {
        // RFC 8785 §3.2.2 and §3.2.3, the example's strings, literals and key order; its fractions are not ours.
        let input =
            r#"{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let value: Value = serde_json::from_str(input).unwrap();
        let expected = "{\"literals\":[null,true,false],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(String::from_utf8(encode(&value).unwrap()).unwrap(), expected);

        let keys = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        let value: Value = serde_json::from_str(keys).unwrap();
        let text = String::from_utf8(encode(&value).unwrap()).unwrap();
        assert_eq!(text, "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}");
    }

    #[test]
    fn one_spelling_only() {
        let good = br#"{"a":-9007199254740991,"b":["\n",{}]}"#;
        assert_eq!(encode(&decode(good).unwrap()).unwrap(), good);
        for (bad, why) in [
            (&br#"{"b":1,"a":2}"#[..], NotCanonical::Spelling),
            (br#"{"a":1,"a":1}"#, NotCanonical::Spelling),
            (br#"{"a": 1}"#, NotCanonical::Spelling),
            (br#"{"a":1} "#, NotCanonical::Spelling),
            (br#""\u0041""#, NotCanonical::Spelling),
            (br#""\/""#, NotCanonical::Spelling),
            (b"1.0", NotCanonical::Number),
            (b"1e2", NotCanonical::Number),
            (b"-0", NotCanonical::Number),
            (b"9007199254740992", NotCanonical::Number),
            (b"{}{}", NotCanonical::Syntax),
            (b"\xff", NotCanonical::Syntax),
            (b"", NotCanonical::Syntax),
        ] {
            assert_eq!(decode(bad), Err(why), "{}", String::from_utf8_lossy(bad));
        }
        assert_eq!(decode("[".repeat(100_000).as_bytes()), Err(NotCanonical::Syntax));
    }
    fn any_json() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_991i64..=9_007_199_254_740_991).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn round_trips(value in any_json()) {
            let bytes = encode(&value).unwrap();
            prop_assert_eq!(decode(&bytes), Ok(value.clone()));
            // Another JSON writer's output means the same.
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
        }

        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            if let Ok(value) = decode(&bytes) {
                prop_assert_eq!(encode(&value), Ok(bytes));
            }
        }
    }
}
