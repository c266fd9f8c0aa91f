//! Why a certificate was revoked, as answers say it.

/// `CRLReason ::= ENUMERATED` (RFC 5280 §5.3.1) as far as a CA of ours may use it for a final revocation.
///
/// certificateHold is a state of its own ([`CertStatusFacts::Suspended`](crate::CertStatusFacts::Suspended)),
/// removeFromCRL belongs to delta CRLs, and `unspecified` is written by leaving the reason out (C-90).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RevocationReason {
    /// keyCompromise (1)
    KeyCompromise = 1,
    /// cACompromise (2)
    CaCompromise = 2,
    /// affiliationChanged (3)
    AffiliationChanged = 3,
    /// superseded (4)
    Superseded = 4,
    /// cessationOfOperation (5)
    CessationOfOperation = 5,
    /// privilegeWithdrawn (9)
    PrivilegeWithdrawn = 9,
    /// aACompromise (10)
    AaCompromise = 10,
}

impl RevocationReason {
    /// The value of the ENUMERATED.
    pub const fn code(self) -> u8 {
        self as u8
    }
}
