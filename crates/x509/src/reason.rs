//! Why a certificate was revoked.

use std::fmt;
use std::str::FromStr;

/// A reason that the API and the ledger know (RFC 5280 §5.3.1, requirements C-107).
///
/// `removeFromCRL` exists in delta CRLs only, which this product does not make; `aACompromise` speaks of attribute
/// certificates. Neither can be written down here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevocationReason {
    /// No reason given; the extension is then left out (C-90).
    Unspecified,
    /// The subject's private key is, or may be, in wrong hands.
    KeyCompromise,
    /// The CA's private key is, or may be, in wrong hands.
    #[serde(rename = "cACompromise")]
    CaCompromise,
    /// The name or another piece of information in the certificate has changed.
    AffiliationChanged,
    /// Another certificate takes its place.
    Superseded,
    /// The certificate is no longer needed.
    CessationOfOperation,
    /// Suspended: the one reason that can end (C-95).
    CertificateHold,
    /// A privilege named in the certificate was withdrawn.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
    ];

    /// The CRLReason number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// The reason with this CRLReason number.
    ///
    /// # Errors
    ///
    /// [`BadReason`] for numbers that are not in this enumeration.
    pub fn from_code(code: u8) -> Result<Self, BadReason> {
        Self::ALL.into_iter().find(|reason| reason.code() == code).ok_or(BadReason)
    }

    /// The name in RFC 5280's ASN.1.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RevocationReason {
    type Err = BadReason;

    fn from_str(text: &str) -> Result<Self, BadReason> {
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or(BadReason)
    }
}

/// Not a reason this product uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the reason is one of unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, \
     cessationOfOperation, certificateHold, privilegeWithdrawn"
)]
pub struct BadReason;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_round_trip() {
        for reason in RevocationReason::ALL {
            assert_eq!(reason.name().parse(), Ok(reason));
            assert_eq!(RevocationReason::from_code(reason.code()), Ok(reason));
            assert_eq!(serde_json::to_string(&reason).unwrap(), format!("\"{}\"", reason.name()));
        }
        assert_eq!(RevocationReason::from_code(8), Err(BadReason));
        assert_eq!("KeyCompromise".parse::<RevocationReason>(), Err(BadReason));
    }
}
