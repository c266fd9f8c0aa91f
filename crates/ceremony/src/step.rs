//! The steps of a ceremony and the words in which the report tells them.

use serde::{Deserialize, Serialize};

use crate::KeySpec;

/// The part of the ceremony a step belongs to (GEN-6.5.1-12: functions and phases).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The first security officers' keys are pinned, and two of them are there.
    Appointment,
    /// Key pairs come to be, inside the device.
    KeyGeneration,
    /// CA, responder and TSU certificates.
    Certification,
    /// The first CRLs.
    Publication,
}

impl Phase {
    /// All of them, as they follow each other.
    pub const ALL: [Self; 4] =
        [Self::Appointment, Self::KeyGeneration, Self::Certification, Self::Publication];

    /// Its name for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::KeyGeneration => "key generation",
            Self::Appointment => "appointment",
            Self::Certification => "certification",
            Self::Publication => "publication",
        }
    }
}

/// One step. A runner carries it out and writes down what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// The security officers let a CA certify its OCSP responders again and again, within bounds (design §3).
    AuthoriseResponder {
        /// Which CA.
        authority: String,
    },
    /// A key pair is generated in a token and its attributes read back (requirements P-41).
    GenerateKey {
        /// The token.
        token: String,
        /// The key's label.
        label: String,
        /// Its algorithm and size.
        key: KeySpec,
    },
    /// A CA beneath the root gets its certificate.
    IssueAuthority {
        /// Which.
        name: String,
    },
    /// A CA's OCSP responder gets its certificate.
    IssueResponder {
        /// Whose.
        authority: String,
    },
    /// The root signs its own certificate.
    IssueRoot,
    /// A time-stamping unit gets its certificate.
    IssueTsu {
        /// Which.
        name: String,
    },
    /// The key that wraps data keys is generated in registration's token, and the first data key is wrapped by it.
    MakeDataKey {
        /// The token.
        token: String,
        /// The wrapping key's label.
        label: String,
    },
    /// Two of the security officers who were just pinned sign that they are there (GEN-6.4.3-02). No CA key is made or used
    /// before.
    OpenSession {
        /// Their names.
        names: Vec<String>,
    },
    /// The first security officers are pinned: everybody else's authority is granted by them.
    PinOfficers {
        /// Their names.
        names: Vec<String>,
    },
    /// A CA signs its first CRL.
    PublishCrl {
        /// Which.
        authority: String,
    },
}

impl Step {
    /// The phase it belongs to.
    pub fn phase(&self) -> Phase {
        match self {
            Self::GenerateKey { .. } | Self::MakeDataKey { .. } => Phase::KeyGeneration,
            Self::AuthoriseResponder { .. } | Self::OpenSession { .. } | Self::PinOfficers { .. } => {
                Phase::Appointment
            }
            Self::IssueAuthority { .. }
            | Self::IssueResponder { .. }
            | Self::IssueRoot
            | Self::IssueTsu { .. } => Phase::Certification,
            Self::PublishCrl { .. } => Phase::Publication,
        }
    }

    /// What is done, in one sentence.
    pub fn describe(&self) -> String {
        match self {
            Self::AuthoriseResponder { authority } => {
                format!("Two security officers let the CA {authority} renew its OCSP responder's certificate")
            }
            Self::GenerateKey { token, label, key } => {
                let (algorithm, bits) = key.describe();
                format!(
                    "Generate the key {label} ({algorithm}, {bits} bits) in the token {token}; read its attributes back"
                )
            }
            Self::IssueAuthority { name } => format!("The root certifies the CA {name}"),
            Self::IssueResponder { authority } => format!("The CA {authority} certifies its OCSP responder"),
            Self::IssueRoot => "The root certifies itself".into(),
            Self::IssueTsu { name } => format!("The time-stamping unit {name} is certified"),
            Self::MakeDataKey { token, label } => format!(
                "Generate the key {label} (AES, 256 bits) in the token {token}; wrap the first data key with it"
            ),
            Self::OpenSession { names } => {
                format!("{} sign that they are there for this plan", names.join(" and "))
            }
            Self::PinOfficers { names } => format!("Pin the keys of {}", names.join(", ")),
            Self::PublishCrl { authority } => format!("The CA {authority} signs its first CRL"),
        }
    }
}
