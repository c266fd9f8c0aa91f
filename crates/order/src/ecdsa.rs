//! ECDSA signatures: JWS writes r and s side by side (RFC 7518 §3.4), X.509 as a SEQUENCE of two INTEGERs.

/// The DER `SEQUENCE { r INTEGER, s INTEGER }` of `raw`, which is r and s of `width` octets each; `None` when it is
/// not that long. That r and s are in range is the verifier's to check.
pub(crate) fn der_from_raw(raw: &[u8], width: usize) -> Option<Vec<u8>> {
    if raw.len() != 2 * width {
        return None;
    }
    let (r, s) = raw.split_at(width);
    let mut content = integer(r);
    content.extend(integer(s));
    // At most 2 · (2 + 1 + 48) octets for P-384: one length octet always does.
    let mut der = vec![0x30, u8::try_from(content.len()).ok().filter(|length| *length < 0x80)?];
    der.extend(content);
    Some(der)
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    // Zero is one octet, not none.
    let minimal = &bytes[zeros.min(bytes.len().saturating_sub(1))..];
    let sign = minimal.first().is_some_and(|byte| byte & 0x80 != 0);
    // At most 49: the curves here end at 384 bits.
    let length = u8::try_from(minimal.len() + usize::from(sign)).unwrap_or(u8::MAX);
    let mut der = vec![0x02, length];
    if sign {
        der.push(0);
    }
    der.extend_from_slice(minimal);
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimal_integers_with_a_sign_octet() {
        let mut raw = [0; 64];
        raw[31] = 0x7f;
        raw[32] = 0x80;
        let der = der_from_raw(&raw, 32).unwrap();
        assert_eq!(der[..5], [0x30, 3 + 35, 0x02, 1, 0x7f]);
        assert_eq!(der[5..9], [0x02, 33, 0, 0x80]);
        assert_eq!(der_from_raw(&[0; 64], 32).unwrap(), [0x30, 6, 2, 1, 0, 2, 1, 0]);
        assert_eq!(der_from_raw(&raw, 48), None);
        assert!(der_from_raw(&[0xff; 96], 48).is_some_and(|der| der.len() == 2 + 2 * 51));
    }
}
