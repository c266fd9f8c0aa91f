//! Where a PIN is, as written. A PIN written in its place is refused without being repeated.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// `{ file = "…" }`, `{ fd = 3 }` or `{ credential = "…" }`, not yet checked to be one of them.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct RawPin {
    pub(crate) file: Option<String>,
    pub(crate) fd: Option<i32>,
    pub(crate) credential: Option<String>,
}

const FORMS: &str = "{ file = \"…\" }, { fd = 3 } or { credential = \"…\" }";

impl<'de> Deserialize<'de> for RawPin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PinVisitor)
    }
}

struct PinVisitor;

/// serde's own messages quote the value they did not expect; here that would be somebody's PIN.
fn refused<E: Error>() -> E {
    E::custom(format_args!("a PIN is not written here; say where it is: {FORMS}"))
}

impl<'de> Visitor<'de> for PinVisitor {
    type Value = RawPin;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMS)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<RawPin, E> {
        Err(refused())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<RawPin, E> {
        Err(refused())
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<RawPin, E> {
        Err(refused())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<RawPin, E> {
        Err(refused())
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<RawPin, E> {
        Err(refused())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<RawPin, E> {
        Err(refused())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<RawPin, E> {
        Err(refused())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawPin, A::Error> {
        let mut pin = RawPin::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "file" => pin.file = Some(map.next_value().map_err(|_| refused())?),
                "fd" => pin.fd = Some(map.next_value().map_err(|_| refused())?),
                "credential" => pin.credential = Some(map.next_value().map_err(|_| refused())?),
                _ => return Err(refused()),
            }
        }
        Ok(pin)
    }
}
