//! The compiled templates (requirements §2.6) and the words of profile files.

use serde::{Deserialize, Serialize};

use crate::KeyKind;

/// A kind of certificate whose extensions are fixed in code; no file can invent another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Template {
    /// The self-signed root.
    Root,
    /// A CA beneath the root.
    IssuingCa,
    /// A natural person's certificate for signatures.
    PersonSignature,
    /// A legal person's certificate for seals.
    OrganisationSeal,
    /// A delegated OCSP responder's.
    OcspResponder,
    /// A time-stamping unit's.
    Tsu,
}

impl Template {
    /// Whether subscribers get it, with qcStatements, rather than the provider itself.
    pub fn is_subscriber(self) -> bool {
        match self {
            Self::PersonSignature | Self::OrganisationSeal => true,
            Self::Root | Self::IssuingCa | Self::OcspResponder | Self::Tsu => false,
        }
    }

    /// Whether it is a CA's.
    pub fn is_ca(self) -> bool {
        match self {
            Self::Root | Self::IssuingCa => true,
            Self::PersonSignature | Self::OrganisationSeal | Self::OcspResponder | Self::Tsu => false,
        }
    }

    /// The name in profile files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::IssuingCa => "issuing-ca",
            Self::PersonSignature => "person-signature",
            Self::OrganisationSeal => "organisation-seal",
            Self::OcspResponder => "ocsp-responder",
            Self::Tsu => "tsu",
        }
    }
}

/// Under whose law a certificate is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Legislation {
    /// Georgia: QcCompliance always with QcCClegislation {"GE"} (requirements §0.1).
    #[serde(rename = "GE")]
    Georgia,
    /// The European Union: QcCompliance without QcCClegislation.
    #[serde(rename = "EU")]
    EuropeanUnion,
}

/// Key usage of subscribers' certificates, by EN 319 412-2's letters; no other is for signatures or seals (C-30).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyUsageType {
    /// nonRepudiation only; the one that should be used.
    #[default]
    A,
    /// With digitalSignature.
    B,
    /// With digitalSignature and keyEncipherment.
    F,
}

/// What the key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QcType {
    /// Electronic signature.
    Esign,
    /// Electronic seal.
    Eseal,
}

/// A key that a subject may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAlgorithm {
    /// EC on P-256.
    EcP256,
    /// EC on P-384.
    EcP384,
    /// EC on P-521.
    EcP521,
    /// RSA of 3072 to 8192 bits.
    #[serde(rename = "rsa-3072")]
    Rsa3072,
    /// RSA of 2048 to 2999 bits: until the end of 2026 only, and the certificate ends by 2028 (C-82).
    #[serde(rename = "rsa-2048")]
    Rsa2048,
    /// Ed25519.
    Ed25519,
}

impl KeyAlgorithm {
    /// Whether a key of this kind is meant.
    pub fn covers(self, kind: KeyKind) -> bool {
        match (self, kind) {
            (Self::EcP256, KeyKind::EcP256)
            | (Self::EcP384, KeyKind::EcP384)
            | (Self::EcP521, KeyKind::EcP521)
            | (Self::Ed25519, KeyKind::Ed25519) => true,
            (Self::Rsa3072, KeyKind::Rsa { bits }) => (3072..=8192).contains(&bits),
            (Self::Rsa2048, KeyKind::Rsa { bits }) => (2048..3000).contains(&bits),
            (
                Self::EcP256 | Self::EcP384 | Self::EcP521 | Self::Rsa3072 | Self::Rsa2048 | Self::Ed25519,
                KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521 | KeyKind::Rsa { .. } | KeyKind::Ed25519,
            ) => false,
        }
    }
}
