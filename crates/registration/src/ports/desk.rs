//! What the revocation desk asks of the database, and of its key.

use ndoba_types::{CaName, OfficerId, OrderId, SerialNumber, SubjectPublicKeyInfo, UtcTime};

use super::{
    Act, EvidenceRecord, OrderRecord, OrderState, Page, PageRequest, RegistryError, RevocationClock,
    SignatureRecord,
};
use crate::revocation_code::CodeHash;

/// A request to end or suspend a certificate (P-20, C-100, C-107): kept in `revocation_records` with its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationRequestRecord {
    /// The order it led to.
    pub order: OrderId,
    /// The certificate.
    pub serial: SerialNumber,
    /// When it reached the provider: the 24 h of REV-6.2.4-03A run from here.
    pub received: UtcTime,
    /// When its clock starts: `received`, or the date that the request sets (REV-6.2.4-05A).
    pub begins: UtcTime,
    /// When an officer decided (signed).
    pub decided: Option<UtcTime>,
    /// `in-person`, `telephone`, `letter`, `electronic`, `authority`, `own-finding`, `code`.
    pub channel: String,
}

/// A certificate's revocation code, of which the hash is all that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationCodeRecord {
    /// Of which certificate; one code each.
    pub serial: SerialNumber,
    /// UNIQUE.
    pub hash: CodeHash,
    /// Which officer handed it over.
    pub given_by: OfficerId,
    /// When.
    pub given: UtcTime,
}

/// Whose certificate a code is of.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeOwner {
    /// The certificate.
    pub serial: SerialNumber,
    /// The subject's personal number or identification code; another identifier with its scheme and country.
    pub subject: Option<String>,
}

/// Which requests about certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Only those that owe something still.
    pub open: bool,
    /// Only suspensions by code that no officer confirmed, of certificates that are suspended still.
    pub unconfirmed: bool,
    /// Only those about this certificate.
    pub certificate: Option<SerialNumber>,
}

/// A request about a certificate, as the desk works on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskRequest {
    /// The certificate.
    pub serial: SerialNumber,
    /// Its CA.
    pub ca: CaName,
    /// How the request came.
    pub channel: String,
    /// Where its order stands.
    pub state: OrderState,
    /// When an officer confirmed what a code had done.
    pub confirmed: Option<UtcTime>,
    /// Received, decided, published.
    pub clock: RevocationClock,
}

/// The key of the revocation desk: ECDSA on P-256, in a token, for suspensions by code.
pub trait DeskKey: Send + Sync {
    /// Its public half, which a grant in the register names.
    fn public_key(&self) -> &SubjectPublicKeyInfo;

    /// r and s side by side (RFC 7518 §3.4) over SHA-256 of `message`.
    ///
    /// # Errors
    ///
    /// Why the token did not sign: ask again later.
    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

/// The desk's part of the database, as [`Registry`](super::Registry): one method is one transaction.
pub trait DeskRegistry {
    /// Inserts an order with its only signature, as if by [`Registry::insert_order`](super::Registry::insert_order) and
    /// [`Registry::add_signature`](super::Registry::add_signature) at once.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn insert_signed_order(
        &self,
        order: &OrderRecord,
        signature: &SignatureRecord,
        evidence: &[EvidenceRecord],
        request: &RevocationRequestRecord,
        act: Act<'_>,
    ) -> Result<(), RegistryError>;

    /// Keeps a certificate's code in the place of the one before.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn put_revocation_code(&self, code: &RevocationCodeRecord, act: Act<'_>) -> Result<(), RegistryError>;

    /// Whether a certificate's subscriber was given a code.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn has_revocation_code(&self, serial: &SerialNumber) -> Result<bool, RegistryError>;

    /// Whose certificate the code with this hash is of.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn certificate_of_code(&self, hash: &CodeHash) -> Result<Option<CodeOwner>, RegistryError>;

    /// Notes that an officer confirmed a suspension by code, with the reason; [`Conflict::Stale`](super::Conflict::Stale) where one has.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn confirm_request(
        &self,
        order: OrderId,
        reason: &EvidenceRecord,
        at: UtcTime,
        act: Act<'_>,
    ) -> Result<(), RegistryError>;

    /// Lists requests about certificates, newest first; a page's cursor is the last order's identifier.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn requests(
        &self,
        filter: &RequestFilter,
        page: &PageRequest,
    ) -> Result<Page<DeskRequest>, RegistryError>;
}
