//! A time-stamping unit's next certificate: what two security officers sign (EN 319 421 TIS-7.6.2-01, design §3).

use ndoba_types::{KeyLabel, Sha256Digest, Span, UtcTime};
use ndoba_x509::Subject;
use serde::{Deserialize, Serialize};

use crate::as_text;
use crate::document::Malformed;
use crate::order::ProfileRef;

/// How long ahead a unit's next key may be made.
const MAX_AHEAD: Span = Span::days(366);

/// A unit's next certificate, its use from a day on, and the end of the key before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifyUnit {
    /// The unit's name, as in its address.
    pub unit: String,
    /// By which profile.
    pub profile: ProfileRef,
    /// The unit's name in its certificates: the provider's own.
    pub subject: Subject,
    /// The label of the new key in its token.
    #[serde(with = "as_text")]
    pub key: KeyLabel,
    /// SHA-256 over the PKCS#10 request that the new key signed, DER.
    #[serde(with = "as_text")]
    pub csr: Sha256Digest,
    /// SHA-256 over its SubjectPublicKeyInfo.
    #[serde(with = "as_text")]
    pub spki: Sha256Digest,
    /// For how long; the dates are the CA's.
    pub days: u32,
    /// From when on the unit signs with the new key, and with no other.
    #[serde(with = "as_text")]
    pub from: UtcTime,
    /// SHA-256 over the SubjectPublicKeyInfo of the key before: destroyed once the new one is in use (TIS-7.6.7-08).
    #[serde(with = "as_text")]
    pub destroys: Sha256Digest,
}

impl CertifyUnit {
    /// The rules that the types cannot tell; `created` is the order's.
    pub(crate) fn check(&self, created: UtcTime) -> Result<(), Malformed> {
        let named = |text: &str| {
            (1..=32).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !named(&self.unit) || self.key.authority() != self.unit {
            return Err(Malformed::rule("a unit has a name, and its key's label begins with it"));
        }
        if self.from < created || self.from.since(created) > MAX_AHEAD {
            return Err(Malformed::rule("a unit's next key is used within a year"));
        }
        if self.spki == self.destroys {
            return Err(Malformed::rule("a unit's next key is another one"));
        }
        match self.subject {
            Subject::Authority(_) => Ok(()),
            Subject::NaturalPerson(_) | Subject::LegalPerson(_) => {
                Err(Malformed::rule("a unit's name is the provider's"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
