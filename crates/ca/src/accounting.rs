//! Accounting: every signature that a CA's token made has its row, and the rows agree with each other (design §5).
//!
//! Two questions. Of each key and process epoch: did the token make more signatures than were intended? Of each row:
//! does what was intended, signed, answered and ordered fit together? An answer of the wrong kind is a
//! [`Violation`]: the CA issues no more until somebody has found out why. What is in doubt, or lost in a crash, is not
//! one: it is in a row.

use std::fmt;

use ndoba_types::{CaName, KeyLabel, OrderId, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::{KeyKind, signature_algorithm, take_apart, verify_signature};

use crate::ports::CertificateId;

/// How one key was used in one process epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub key: KeyLabel,
    /// The epoch.
    pub epoch: String,
    /// The node whose epoch it is.
    pub node: String,
    /// When its first signature was intended.
    pub began: UtcTime,
    /// Signatures that were intended: certificates and CRLs.
    pub intents: u64,
    /// Of these, recorded as signed.
    pub signed: u64,
    /// Of these, given up as lost: a signature may exist.
    pub lost: u64,
    /// Of these, in doubt and made again, byte for byte, by a later attempt.
    pub repeated: u64,
    /// Of these, not made: the token said so.
    pub unsigned: u64,
    /// What the token had signed when a row of the epoch was last written, by the process's own count. Behind the token
    /// by what was in flight then; `None` where no count was kept.
    pub token: Option<u64>,
}

impl KeyUse {
    /// Intents that have not ended: in flight, waiting for the token, or in doubt.
    pub fn in_doubt(&self) -> u64 {
        self.intents.saturating_sub(self.signed + self.lost + self.repeated + self.unsigned)
    }

    /// The most signatures that the rows account for.
    pub fn accounted_for(&self) -> u64 {
        self.intents.saturating_sub(self.unsigned)
    }

    /// What is wrong with it, if anything.
    pub fn violation(&self) -> Option<Violation> {
        let made = self.token.unwrap_or(0).max(self.signed);
        (made > self.accounted_for()).then(|| Violation {
            rule: Rule::MoreSignaturesThanIntents,
            row: RowName::Epoch { key: self.key.clone(), epoch: self.epoch.clone() },
        })
    }
}

/// What the token signed with a key since its process started, by that process's count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCount {
    /// The key.
    pub key: KeyLabel,
    /// The process's epoch.
    pub epoch: String,
    /// Its node.
    pub node: String,
    /// Signatures made, or perhaps made.
    pub signatures: u64,
    /// When it was counted.
    pub at: UtcTime,
}

/// Which rows are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    All,
    /// So many, the newest.
    Newest(u32),
}

/// A rule of the accounting that does not hold somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// Where.
    pub row: RowName,
}

/// The rules, by what is found where they do not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A certificate or CRL is there, and no attempt of its own that ended as signed.
    CertificateWithoutIntent,
    /// The recorded hash is not that of the bytes that were signed.
    DigestDiffers,
    /// A certificate that was given up as lost is there, or is not answered as revoked.
    LostButThere,
    /// The token signed more often than was intended.
    MoreSignaturesThanIntents,
    /// One order made two certificates.
    OrderTwice,
    /// An order is claimed, and nothing is being signed for it.
    OrderStranded,
    /// An order is done, and its certificate is not there, or is another order's.
    OrderWithoutCertificate,
    /// The recorded signature does not hold with the CA's key.
    SignatureDiffers,
    /// An attempt ended as signed, and what it signed is not there.
    SignedWithoutCertificate,
}

impl Rule {
    /// All of them, as they are numbered nowhere else.
    pub const ALL: [Self; 9] = [
        Self::CertificateWithoutIntent,
        Self::DigestDiffers,
        Self::LostButThere,
        Self::MoreSignaturesThanIntents,
        Self::OrderTwice,
        Self::OrderStranded,
        Self::OrderWithoutCertificate,
        Self::SignatureDiffers,
        Self::SignedWithoutCertificate,
    ];

    /// Its stable name, in reports and in the log of events.
    pub fn code(self) -> &'static str {
        match self {
            Self::CertificateWithoutIntent => "certificate-without-intent",
            Self::DigestDiffers => "digest-differs",
            Self::LostButThere => "lost-but-there",
            Self::MoreSignaturesThanIntents => "more-signatures-than-intents",
            Self::OrderTwice => "order-twice",
            Self::OrderStranded => "order-stranded",
            Self::OrderWithoutCertificate => "order-without-certificate",
            Self::SignatureDiffers => "signature-differs",
            Self::SignedWithoutCertificate => "signed-without-certificate",
        }
    }

    /// What it means, in one sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::CertificateWithoutIntent => "it is in the ledger, and no attempt of the CA signed it",
            Self::DigestDiffers => "what was signed is not what was intended",
            Self::LostButThere => "it was given up as lost, and it is answered as if it were not",
            Self::MoreSignaturesThanIntents => "the token signed more often than was intended",
            Self::OrderTwice => "more than one certificate was issued under one order",
            Self::OrderStranded => "it is being carried out, and nothing is being signed for it",
            Self::OrderWithoutCertificate => "it counts as carried out, and its certificate is not there",
            Self::SignatureDiffers => "its signature does not hold with the CA's key",
            Self::SignedWithoutCertificate => "it counts as signed, and it is not there",
        }
    }
}

/// A row by the words with which it is found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowName {
    /// A certificate.
    Certificate(CertificateId),
    /// A CRL by its number.
    Crl {
        /// Whose.
        ca: CaName,
        /// Its cRLNumber.
        number: u64,
    },
    /// All uses of a key in an epoch.
    Epoch {
        /// The key.
        key: KeyLabel,
        /// The epoch.
        epoch: String,
    },
    /// An order.
    Order(OrderId),
}

impl fmt::Display for RowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(CertificateId { ca, serial }) => write!(f, "{ca}:{serial}"),
            Self::Crl { ca, number } => write!(f, "{ca}:crl-{number}"),
            Self::Epoch { key, epoch } => write!(f, "{key}:{epoch}"),
            Self::Order(id) => write!(f, "order:{id}"),
        }
    }
}

/// An attempt by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptKey {
    /// The key that was to sign.
    pub key: KeyLabel,
    /// The epoch.
    pub epoch: String,
    /// Its number in the epoch.
    pub number: u64,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Given up: a signature may exist.
    Lost,
    /// Not yet.
    Open,
    /// In doubt, and made again by a later attempt.
    Repeated,
    /// With a signature that is recorded.
    Signed,
    /// The token made none.
    Unsigned,
}

impl Outcome {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Open => "open",
            Self::Repeated => "repeated",
            Self::Signed => "signed",
            Self::Unsigned => "unsigned",
        }
    }
}

/// An attempt at a signature with what became of it.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    /// Its place.
    pub place: AttemptKey,
    /// What was to be signed: a certificate or a CRL.
    pub row: RowName,
    /// Under which CA.
    pub ca: CaName,
    /// When it was recorded.
    pub at: UtcTime,
    /// The hash that the token was asked to sign.
    pub digest: Vec<u8>,
    /// How it ended.
    pub outcome: Outcome,
    /// What was made, DER, where it was.
    pub made: Option<Vec<u8>>,
}

impl AttemptRow {
    /// Looks into what was made: that it contains what was intended, and that the CA's key signed it.
    ///
    /// `issuer` is the CA's public key; of a CA that this installation does not know, nothing can be said.
    pub fn violation(&self, issuer: Option<&SubjectPublicKeyInfo>) -> Option<Violation> {
        let (Some(made), Some(issuer)) = (&self.made, issuer) else { return None };
        let differs = |rule| Some(Violation { rule, row: self.row.clone() });
        let Ok(parts) = take_apart(made) else { return differs(Rule::DigestDiffers) };
        let algorithm =
            KeyKind::of(issuer).ok().and_then(|kind| signature_algorithm(&parts.algorithm, kind).ok());
        let Some(algorithm) = algorithm else { return differs(Rule::SignatureDiffers) };
        if algorithm.digest(&parts.tbs) != self.digest {
            return differs(Rule::DigestDiffers);
        }
        match verify_signature(issuer, algorithm, &parts.tbs, &parts.signature) {
            Ok(()) => None,
            Err(_) => differs(Rule::SignatureDiffers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(token: Option<u64>) -> KeyUse {
        KeyUse {
            key: "seal/ca/1".parse().unwrap(),
            epoch: "e".into(),
            node: "node-1".into(),
            began: UtcTime::from_unix_seconds(1_795_000_000).unwrap(),
            intents: 10,
            signed: 4,
            lost: 2,
            repeated: 1,
            unsigned: 1,
            token,
        }
    }

    #[test]
    fn what_is_lost_or_in_doubt_is_accounted_for() {
        assert_eq!((uses(None).in_doubt(), uses(None).accounted_for()), (2, 9));
        for token in [None, Some(0), Some(4), Some(9)] {
            assert_eq!(uses(token).violation(), None, "{token:?}");
        }
        let violation = uses(Some(10)).violation().unwrap();
        assert_eq!(violation.rule, Rule::MoreSignaturesThanIntents);
        assert_eq!(violation.row.to_string(), "seal/ca/1:e");
    }

    #[test]
    fn rules_have_names_of_their_own() {
        let mut codes: Vec<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Rule::ALL.len());
    }
}
