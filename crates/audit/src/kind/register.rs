//! The kinds about officers and the documents of their register, beside the others: P-02.

/// Defines the kinds given and these.
macro_rules! with_the_register {
    ($($other:tt)*) => {
        kinds! {
            $($other)*

            // Officers: P-02.
            /// A one-time enrolment code was given to an officer-to-be.
            EnrolmentOpened = "enrolment-opened" {
                /** For whom. */ officer: OfficerId,
            }
            /// An officer-to-be presented a key with the code.
            EnrolmentCompleted = "enrolment-completed" {
                /** Who. */ officer: OfficerId,
                /** SHA-256 over the key. */ spki: Sha256Digest,
            }
            /// The operations CA certified an officer's key for TLS.
            OfficerCertified = "officer-certified" {
                /** Whose. */ officer: OfficerId,
                /** SHA-256 over the certificate. */ certificate: Sha256Digest,
            }
            /// A grant joined the register.
            GrantAdded = "grant-added" {
                /** Its place in the chain. */ seq: u64,
                /** SHA-256 over its bytes. */ grant: Sha256Digest,
                /** To whom. */ officer: OfficerId,
                /** Which roles. */ roles: Vec<Word>,
                /** Signed by whom. */ signers: Vec<OfficerId>,
            }
            /// A grant ended before its time.
            GrantEnded = "grant-ended" {
                /** The ending's place in the chain. */ seq: u64,
                /** SHA-256 over the ending's bytes. */ grant: Sha256Digest,
                /** Whose. */ officer: OfficerId,
                /** Signed by whom. */ signers: Vec<OfficerId>,
            }
            /// Two security officers let a CA certify its responders by itself, within bounds (design §3).
            ResponderAuthorised = "responder-authorised" {
                /** Its place in the chain of grants. */ seq: u64,
                /** SHA-256 over its bytes. */ grant: Sha256Digest,
                /** Its identifier. */ authorisation: OrderId,
                /** How many certificates at most. */ count: u64,
                /** Until when. */ until: UtcTime,
                /** Signed by whom. */ signers: Vec<OfficerId>,
            }
            /// A standing authorisation ended before its time.
            ResponderAuthorisationEnded = "responder-authorisation-ended" {
                /** The ending's place in the chain of grants. */ seq: u64,
                /** SHA-256 over the ending's bytes. */ grant: Sha256Digest,
                /** Which one. */ authorisation: OrderId,
                /** Signed by whom. */ signers: Vec<OfficerId>,
            }
            /// Two security officers revoked a CA; its issuer's list and its certificates follow with `ndoba ceremony revoke-ca`.
            CaRevocationDecided = "ca-revocation-decided" {
                /** The decision's place in the chain of grants. */ seq: u64, /** SHA-256 over its bytes. */ grant: Sha256Digest,
                /** The CRLReason's name. */ reason: Word,
                /** Signed by whom. */ signers: Vec<OfficerId>,
            }
            /// Two security officers decided from when on the next key of a CA issues in the place of the present one.
            CaSuccessionDecided = "ca-succession-decided" {
                /** The decision's place in the chain of grants. */ seq: u64, /** SHA-256 over its bytes. */ grant: Sha256Digest,
                /** From when. */ from: UtcTime, /** Signed by whom. */ signers: Vec<OfficerId>,
            }
            /// Two security officers ended a CA: it issues nothing and changes no status any more.
            CaTerminationDecided = "ca-termination-decided" {
                /** The decision's place in the chain of grants. */ seq: u64, /** SHA-256 over its bytes. */ grant: Sha256Digest,
                /** Signed by whom. */ signers: Vec<OfficerId>,
            }
            /// A ceremony pinned other security officers: those of before are none any more. The configuration made it hold.
            PinReplaced = "pin-replaced" {
                /** Its place in the chain of grants. */ seq: u64,
                /** SHA-256 over its bytes: the digest of the pin from here on. */ grant: Sha256Digest,
                /** SHA-256 over the pin of before. */ pin: Sha256Digest,
                /** Who is pinned. */ officers: Vec<OfficerId>,
                /** Which security officers of before signed it: two, or none. */ signers: Vec<OfficerId>,
            }
        }
    };
}
pub(super) use with_the_register;
