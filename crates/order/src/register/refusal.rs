//! Why a document does not enter the register.

use crate::BadJws;
use crate::document::Malformed;

/// Why a document does not enter the register.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterRefusal {
    /// The identifier is another authorisation's.
    #[error("there is an authorisation with that identifier already")]
    AuthorisationKnown,
    /// The CA was revoked, for ever.
    #[error("the CA was revoked")]
    CaRevoked,
    /// Another key issues in its place already.
    #[error("another key issues in the place of that CA already")]
    CaSucceeded,
    /// The CA was ended, for ever.
    #[error("the CA has ended")]
    CaTerminated,
    /// The key was, or is, another officer's, or was given up.
    #[error("the key belongs to an appointment already")]
    KeyKnown,
    /// Not a document of the register.
    #[error("the document is malformed")]
    Malformed(#[from] Malformed),
    /// Nothing to end: no such authorisation, or it ended.
    #[error("no such authorisation is in force")]
    NoSuchAuthorisation,
    /// Nobody to end the appointment of.
    #[error("no such officer has an appointment")]
    NoSuchOfficer,
    /// The officer did not sign for these roles in this office with this key, or too long ago.
    #[error("the officer's own acceptance of just this appointment is missing, or older than 90 days")]
    NotAccepted,
    /// Written in the future, or more than 7 days ago.
    #[error("the document was not written just now")]
    NotFresh,
    /// Its number or its link is not that of the next document.
    #[error("the document does not follow the last one of the chain")]
    NotNext,
    /// A grant without papers and acceptance, where there are grants with them.
    #[error(
        "the appointment has no reference of vetting and no acceptance by the officer (format version 1)"
    )]
    OldForm,
    /// For another installation.
    #[error("the document is for another installation")]
    OtherInstallation,
    /// The officer's identifier stands for another person.
    #[error("the officer's identifier stands for another person")]
    OtherPerson,
    /// A security officer signs the own appointment.
    #[error("nobody signs their own appointment")]
    OwnGrant,
    /// The person has another identifier already.
    #[error("the person is an officer under another identifier")]
    PersonKnown,
    /// The configuration pins other security officers from here on, and this is not the document that says so.
    #[error(
        "the configuration names other pinned security officers from here on: the document that pins them comes first"
    )]
    PinAwaited,
    /// The register does not have the documents that the configuration's newest pin leaves in force.
    #[error("the register lacks documents that the configuration's newest pin leaves in force")]
    PinNotReached,
    /// The configuration does not name it: nobody becomes a pinned security officer by a row in a database.
    #[error("the configuration does not name this pin: it is replaced there first, by two operators")]
    PinUnknown,
    /// Replacing a pinned security officer is a ceremony.
    #[error("a pinned security officer is replaced in a ceremony, not by a grant")]
    Pinned,
    /// Both signatures are of one person.
    #[error("the signatures are of the same person")]
    SamePerson,
    /// Malformed, or does not hold.
    #[error("a signature is not valid")]
    Signature(#[from] BadJws),
    /// Too few or too many.
    #[error("the document needs {needed} signatures and has {given}")]
    SignatureCount {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// The next key of a CA stands in a row of generations already, or would take over before its predecessor began.
    #[error("the next key stands in a row of generations already, or would take over too early")]
    SuccessorUnfit,
    /// Written before the last document.
    #[error("the document says it was written before the last one")]
    TimeWentBack,
    /// No officer has that key.
    #[error("no officer has the key that signed")]
    UnknownSigner,
    /// The signer is not a security officer at that time, or signed as something else.
    #[error("the signer is not a security officer at the time")]
    WrongRole,
}

impl RegisterRefusal {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AuthorisationKnown => "grant-authorisation-known",
            Self::CaRevoked => "grant-ca-revoked",
            Self::CaSucceeded => "grant-ca-succeeded",
            Self::CaTerminated => "grant-ca-terminated",
            Self::KeyKnown => "grant-key-known",
            Self::Malformed(malformed) => malformed.code(),
            Self::NoSuchAuthorisation => "grant-no-such-authorisation",
            Self::NoSuchOfficer => "grant-no-such-officer",
            Self::NotAccepted => "grant-not-accepted",
            Self::NotFresh => "grant-not-fresh",
            Self::NotNext => "grant-not-next",
            Self::OldForm => "grant-old-form",
            Self::OtherInstallation => "grant-other-installation",
            Self::OtherPerson => "grant-other-person",
            Self::OwnGrant => "grant-own",
            Self::PersonKnown => "grant-person-known",
            Self::PinAwaited => "grant-pin-awaited",
            Self::PinNotReached => "grant-pin-not-reached",
            Self::PinUnknown => "grant-pin-unknown",
            Self::Pinned => "grant-pinned",
            Self::SamePerson => "grant-same-person",
            Self::Signature(_) => "grant-signature-invalid",
            Self::SignatureCount { .. } => "grant-signature-count",
            Self::SuccessorUnfit => "grant-successor-unfit",
            Self::TimeWentBack => "grant-time-went-back",
            Self::UnknownSigner => "grant-signer-unknown",
            Self::WrongRole => "grant-signer-role",
        }
    }
}
