//! ECDSA signatures: JWS writes r and s side by side (RFC 7518 §3.4), X.509 as a SEQUENCE of two INTEGERs.

use der::asn1::UintRef;
use der::{Decode as _, Sequence};

use crate::encode;

/// `Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3).
#[derive(Sequence)]
struct SigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// The DER `SEQUENCE { r INTEGER, s INTEGER }` of `raw`, which is r and s of `width` octets each; `None` when it is
/// not that long. That r and s are in range is the verifier's to check.
pub fn ecdsa_der_from_raw(raw: &[u8], width: usize) -> Option<Vec<u8>> {
    if width == 0 || raw.len() != 2 * width {
        return None;
    }
    let (r, s) = raw.split_at(width);
    Some(encode::sequence(&[&integer(r), &integer(s)]))
}

/// r and s of `width` octets each, side by side, of the DER that X.509 has; `None` when it is no such DER, or r or s
/// is longer than that.
pub fn ecdsa_raw_from_der(der: &[u8], width: usize) -> Option<Vec<u8>> {
    let SigValue { r, s } = SigValue::from_der(der).ok()?;
    let mut raw = Vec::with_capacity(2 * width);
    for number in [r.as_bytes(), s.as_bytes()] {
        raw.resize(raw.len() + width.checked_sub(number.len())?, 0);
        raw.extend_from_slice(number);
    }
    Some(raw)
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    // Zero is one octet, not none.
    let minimal = &bytes[zeros.min(bytes.len().saturating_sub(1))..];
    let sign: &[u8] = if minimal.first().is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    encode::integer_content(&[sign, minimal].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn minimal_integers_with_a_sign_octet() {
        let mut raw = [0; 64];
        raw[31] = 0x7f;
        raw[32] = 0x80;
        let der = ecdsa_der_from_raw(&raw, 32).unwrap();
        assert_eq!(der[..5], [0x30, 3 + 35, 0x02, 1, 0x7f]);
        assert_eq!(der[5..9], [0x02, 33, 0, 0x80]);
        assert_eq!(ecdsa_der_from_raw(&[0; 64], 32).unwrap(), [0x30, 6, 2, 1, 0, 2, 1, 0]);
        assert_eq!(ecdsa_der_from_raw(&raw, 48), None);
        assert!(ecdsa_der_from_raw(&[0xff; 96], 48).is_some_and(|der| der.len() == 2 + 2 * 51));
        assert_eq!(ecdsa_raw_from_der(&ecdsa_der_from_raw(&[0xff; 96], 48).unwrap(), 32), None);
    }

    proptest! {
        #[test]
        fn there_and_back(raw in prop_oneof![prop::collection::vec(any::<u8>(), 64), prop::collection::vec(0..2_u8, 132)]) {
            let width = raw.len() / 2;
            prop_assert_eq!(ecdsa_raw_from_der(&ecdsa_der_from_raw(&raw, width).unwrap(), width).unwrap(), raw);
        }

        #[test]
        fn foreign_octets_never_panic(der in prop::collection::vec(any::<u8>(), 0..80), width in 0..70_usize) {
            let _ = ecdsa_raw_from_der(&der, width);
            let _ = ecdsa_der_from_raw(&der, width);
        }
    }
}
