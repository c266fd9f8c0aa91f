//! X.509 as this product uses it: names, profiles, extensions, certificate requests, certificates and revocation
//! lists, from bytes to a model and back.
//!
//! Nothing here reads a clock, draws randomness, touches a key or a file. Encoding and signing are different
//! steps: [`CertificatePlan::to_tbs`] and [`CrlPlan::to_tbs`] give the exact bytes to sign, [`assemble`] puts the
//! signature to them. Judging the result is another crate's work, with another parser.
//!
//! Enter at [`Subject`] (who), [`Profile`] (what kind of certificate), [`VerifiedCsr`] (whose key),
//! [`CertificatePlan`] (the certificate that follows from the three), [`Certificate`] (one read back) and
//! [`CrlPlan`] (what was revoked).

pub mod asn1;
mod certificate;
mod cms;
mod crl;
mod csr;
mod ecdsa;
mod encode;
pub mod extension;
mod issuer;
mod key;
mod name;
pub mod oid;
mod p7c;
mod pem;
mod plan;
mod profile;
mod reason;
mod signature;
#[cfg(test)]
mod test_support;
mod time;
mod url;

pub use certificate::{BadCertificate, Certificate};
pub use cms::{BadCms, SignedData, SignerInfo};
pub use crl::{
    BadCrl, Crl, CrlEntries, CrlFrame, CrlNumber, CrlPlan, CrlReadError, CrlReader, CrlView, RevokedEntry,
};
pub use csr::{CsrError, VerifiedCsr, certification_request_info};
pub use ecdsa::{ecdsa_der_from_raw, ecdsa_raw_from_der};
pub use extension::RawExtension;
pub use issuer::{IssuerFacts, IssuerUrls, NotAnIssuer};
pub use key::{BadKey, KeyIdentifier, KeyKind, refuse_weak};
pub use name::alphabet;
pub use name::{
    Authority, AuthorityDraft, BadName, DistinguishedName, FieldError, FieldErrors, IdentifierScheme,
    LegalIdentifier, LegalPerson, LegalPersonDraft, NaturalIdentifier, NaturalPerson, NaturalPersonDraft,
    OrganisationName, PersonName, Subject, SubjectDraft, country_codes,
};
pub use p7c::certs_only_p7c;
pub use pem::{BadPem, PemLabel, from_pem, from_pem_all, from_pem_any, to_pem};
pub use plan::{
    CertificatePlan, IssueRequest, PlanError, RootRequest, SubjectKey, Validity, check_subject_key,
};
pub use profile::{
    BadProfile, Difference, KeyAlgorithm, KeySection, KeyUsageType, Legislation, PdsEntry, Profile,
    ProfileError, ProfileFile, QcSection, QcStatements, QcType, Template, ValiditySection,
};
pub use reason::{BadReason, RevocationReason};
pub use signature::{
    BadSignature, NotSigned, SignedParts, UnknownAlgorithm, algorithm_identifier, assemble,
    signature_algorithm, take_apart, verify_digest, verify_signature,
};
pub use time::{BadX509Time, generalized_time_der, time_der};
pub use url::{BadUrl, HttpUrl, HttpsUrl, PublicUrls};
