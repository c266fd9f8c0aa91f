//! What officers sign and the CA verifies: orders, grants, the register of officers that follows from them, and the
//! signatures over them.
//!
//! The CA believes nothing in its database that is not signed here. [`authorise`] is the one door: canonical bytes
//! and signatures in, an [`AuthorisedOrder`] or a [`Refusal`] out. [`Register`] is replayed from the [`Pins`], which
//! do not come from the database. [`accept_restore`] lets two security officers accept a database that is behind its
//! witnesses, [`attend`] proves that two are there before a CA's key is used. [`accept_responder_request`] judges a responder's request under a standing authorisation. [`Trail`] judges all of it once more, for whoever has an export. Nothing here reads a clock, a file or a database, or holds a private key.
//!
//! That a CSR has the digest an order names, that the certificate to revoke exists, that the order was not carried
//! out before: that is the CA's to check, with its ledger.

mod acceptance;
#[cfg(test)]
mod approval;
mod as_text;
mod authorise;
mod describe;
mod device;
mod document;
mod grant;
mod jws;
mod office;
mod order;
mod person;
mod pin;
mod pins;
mod presence;
mod register;
mod replace_pin;
mod restore;
mod role;
mod standing;
mod succession;
mod terminate;
#[cfg(test)]
mod test_support;
mod trail;
mod unit;

pub use acceptance::Acceptance;
pub use authorise::{
    AcceptedSignature, AuthorisedOrder, Refusal, Signer, accept_signature, authorise, authorise_again,
};
pub use describe::{Language, describe};
pub use device::{Device, DeviceEvidence};
pub use document::Malformed;
pub use grant::{EndGrant, Grant, GrantDocument};
pub use jws::{BadJws, FlatJws, Header, JwsAlgorithm, MediaType, assemble, signing_input};
pub use office::{BadOffice, Office};
pub use order::{Issue, Order, OrderContent, OrderKind, ProfileRef, Release, Revoke, Suspend};
pub use person::person_commitment;
pub use pin::{Pin, PinnedOfficer};
pub use pins::Pins;
pub use presence::{Act, Attended, Presence, PresenceRefusal, attend};
pub use register::{Appointment, Register, RegisterRefusal};
pub use replace_pin::{NewlyPinned, ReplacePin};
pub use restore::{
    AcceptRestore, AcceptedRestore, AuthorityMarks, RestoreMarks, RestoreRefusal, WitnessedMarks,
    accept_restore,
};
pub use role::{BadRole, IncompatibleRoles, Role, Roles, SignerRole};
pub use standing::{
    AuthoriseResponder, AuthorisedResponder, EndResponder, ResponderRequest, StandingAuthorisation,
    StandingRefusal, accept_responder_request,
};
pub use succession::SucceedCa;
pub use terminate::{RevokeCa, TerminateCa};
pub use trail::{
    About, Named, Signed, SignedLine, Trail, TrailFinding, TrailVerdict, read_signed_header, signed_header,
};
pub use unit::CertifyUnit;
