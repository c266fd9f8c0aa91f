//! Identifiers of policies.

use std::fmt;
use std::str::FromStr;

use der::Tag;
use der::asn1::ObjectIdentifier;

use crate::encode;

/// An object identifier that names a policy, of any arc.
///
/// [`ObjectIdentifier`] ends the second arc at 39, so it cannot hold `2.999`, X.660's arc for examples, in which a
/// development installation has its policies. Here the content octets are kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(Vec<u8>);

impl PolicyId {
    /// The most content octets.
    const MAX_LEN: usize = 64;

    /// Takes the content octets of a DER OBJECT IDENTIFIER.
    ///
    /// # Errors
    ///
    /// [`BadPolicyId`] when they are none, cut short, not minimal, or too many.
    pub fn from_content(content: &[u8]) -> Result<Self, BadPolicyId> {
        let complete = content.last().is_some_and(|last| last & 0x80 == 0);
        if !complete || content.len() > Self::MAX_LEN {
            return Err(BadPolicyId);
        }
        arcs(content).ok_or(BadPolicyId)?;
        Ok(Self(content.to_vec()))
    }

    /// The content octets.
    pub fn as_content(&self) -> &[u8] {
        &self.0
    }

    /// The whole DER element.
    pub fn to_der(&self) -> Vec<u8> {
        encode::tlv(Tag::ObjectIdentifier, &self.0)
    }

    /// Whether it lies under `arc`, or is it.
    pub fn is_under(&self, arc: &Self) -> bool {
        // Every arc ends on an octet, and the first two share theirs, so arcs are prefixes.
        self.0.starts_with(&arc.0)
    }

    /// Whether it lies under `2.999`: for development, never for production.
    pub fn is_example(&self) -> bool {
        self.0.starts_with(&[0x88, 0x37])
    }
}

/// The arcs; none when an arc is cut short, not minimal or above 2^63.
fn arcs(content: &[u8]) -> Option<Vec<u64>> {
    let mut arcs = Vec::new();
    let mut arc: u64 = 0;
    let mut fresh = true;
    for byte in content {
        if (fresh && *byte == 0x80) || arc > u64::MAX >> 8 {
            return None;
        }
        arc = (arc << 7) | u64::from(byte & 0x7f);
        fresh = byte & 0x80 == 0;
        if fresh {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.extend([first, arc - first * 40]);
            } else {
                arcs.push(arc);
            }
            arc = 0;
        }
    }
    fresh.then_some(arcs)
}

/// Appends an arc in base 128, the highest bit on all octets but the last.
fn push_arc(content: &mut Vec<u8>, arc: u64) {
    let digits = (64 - arc.leading_zeros()).div_ceil(7).max(1);
    for digit in (0..digits).rev() {
        // Truncation safety: seven bits.
        #[expect(clippy::cast_possible_truncation, reason = "seven bits")]
        let bits = ((arc >> (7 * digit)) & 0x7f) as u8;
        content.push(if digit == 0 { bits } else { bits | 0x80 });
    }
}

impl From<ObjectIdentifier> for PolicyId {
    fn from(id: ObjectIdentifier) -> Self {
        Self(id.as_bytes().to_vec())
    }
}

/// Dotted decimal, one spelling only.
impl FromStr for PolicyId {
    type Err = BadPolicyId;

    fn from_str(text: &str) -> Result<Self, BadPolicyId> {
        let arcs: Vec<u64> = text
            .split('.')
            .map(|arc| arc.parse().ok().filter(|number: &u64| number.to_string() == arc))
            .collect::<Option<_>>()
            .ok_or(BadPolicyId)?;
        let (first, second, rest) = match arcs[..] {
            [first @ 0..=1, second @ 0..=39, ref rest @ ..] => (first, second, rest),
            [2, second, ref rest @ ..] if second < 1 << 32 => (2, second, rest),
            _ => return Err(BadPolicyId),
        };
        let mut content = Vec::new();
        push_arc(&mut content, first * 40 + second);
        rest.iter().for_each(|arc| push_arc(&mut content, *arc));
        Self::from_content(&content)
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, arc) in arcs(&self.0).unwrap_or_default().iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write!(f, "{arc}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyId({self})")
    }
}

/// Not an object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object identifier is at least two numbers with dots between, such as 1.3.6.1.4.1.99999.1")]
pub struct BadPolicyId;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oid;

    #[test]
    fn octets_as_openssl_writes_them() {
        // openssl asn1parse -genstr OID:2.999.1.3 -noout -out /dev/stdout | xxd
        let policy: PolicyId = "2.999.1.3".parse().unwrap();
        assert_eq!(hex::encode(policy.to_der()), "060488370103");
        assert!(policy.is_example());
        assert_eq!(policy.to_string(), "2.999.1.3");
        let ncp: PolicyId = "0.4.0.2042.1.1".parse().unwrap();
        assert_eq!(ncp, PolicyId::from(oid::POLICY_NCP));
        assert!(!ncp.is_example());
        assert!(PolicyId::from(oid::POLICY_QCP_N).is_under(&PolicyId::from(oid::POLICY_ARC_QCP)));
        for bad in ["", "1", "3.1", "1.40", "1..2", "1.02", "1.2.", "+1.2", "a.b"] {
            assert_eq!(bad.parse::<PolicyId>(), Err(BadPolicyId), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(content in proptest::collection::vec(any::<u8>(), 0..20)) {
            if let Ok(policy) = PolicyId::from_content(&content) {
                prop_assert_eq!(policy.to_string().parse::<PolicyId>(), Ok(policy));
            }
        }
    }
}
