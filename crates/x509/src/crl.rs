//! Certificate revocation lists (RFC 5280 §5, requirements §2.9).

mod parse;

use std::fmt;

use der::Tag;
use ndoba_types::{SerialNumber, SignatureAlgorithm, UtcTime};

pub use parse::{BadCrl, Crl, CrlEntries, CrlView};

use crate::extension::{self as ext, RawExtension, extensions_der};
use crate::time::time_der;
use crate::{IssuerFacts, RevocationReason, algorithm_identifier, encode};

/// A CRL's number: each list of a CA has a greater one than the list before (C-90).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrlNumber(u64);

impl CrlNumber {
    /// Takes a number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The next one; stays at the greatest.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for CrlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One revoked or suspended certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedEntry {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Since when, in whole seconds on the list.
    pub revoked_at: UtcTime,
    /// Why; `certificateHold` for a suspension.
    pub reason: RevocationReason,
    /// Since when the key is suspected.
    pub invalidity_date: Option<UtcTime>,
}

impl RevokedEntry {
    fn to_der(&self) -> Vec<u8> {
        let Self { serial, revoked_at, reason, invalidity_date } = self;
        let extensions: Vec<RawExtension> =
            ext::reason_code(*reason).into_iter().chain(invalidity_date.map(ext::invalidity_date)).collect();
        let extensions = if extensions.is_empty() { Vec::new() } else { extensions_der(&extensions) };
        encode::sequence(&[
            &encode::integer_content(&serial.to_der_content()),
            &time_der(*revoked_at),
            &extensions,
        ])
    }
}

/// The entries of a list to be, encoded as they come: forty octets or so each, and no more.
#[derive(Clone, Debug, Default)]
pub struct CrlEntryList(Vec<u8>);

impl CrlEntryList {
    /// Adds an entry; each serial number comes once.
    pub fn push(&mut self, entry: &RevokedEntry) {
        self.0.extend_from_slice(&entry.to_der());
    }
}

/// A CRL, complete but for its entries and signature.
#[derive(Clone, Copy, Debug)]
pub struct CrlPlan<'a> {
    /// The CA.
    pub issuer: &'a IssuerFacts,
    /// Its number.
    pub number: CrlNumber,
    /// When it is made.
    pub this_update: UtcTime,
    /// When the next one is out at the latest; [`UtcTime::NO_END`] on the last (C-92).
    pub next_update: UtcTime,
    /// Given when expired certificates stay on the list: since when (C-94).
    pub expired_certs_on_crl: Option<UtcTime>,
}

impl CrlPlan<'_> {
    /// The DER TBSCertList: the exact bytes to sign.
    ///
    /// - `entries` – each serial once; their order is kept. Without any, revokedCertificates is absent (C-90).
    pub fn to_tbs(&self, entries: impl IntoIterator<Item = RevokedEntry>) -> Vec<u8> {
        let mut list = CrlEntryList::default();
        for entry in entries {
            list.push(&entry);
        }
        self.with_entries(list)
    }

    /// As [`Self::to_tbs`], of entries that were encoded as they came.
    pub fn with_entries(&self, list: CrlEntryList) -> Vec<u8> {
        let Self { issuer, number, this_update, next_update, expired_certs_on_crl } = self;
        let CrlEntryList(revoked) = list;
        let revoked = if revoked.is_empty() { revoked } else { encode::tlv(Tag::Sequence, &revoked) };
        let mut extensions = vec![ext::authority_key_identifier(&issuer.ski), ext::crl_number(*number)];
        extensions.extend(expired_certs_on_crl.map(ext::expired_certs_on_crl));
        encode::sequence(&[
            &encode::integer(1),
            &algorithm_identifier(issuer.algorithm),
            issuer.name.as_der(),
            &time_der(*this_update),
            &time_der(*next_update),
            &revoked,
            &encode::context_constructed(0, &extensions_der(&extensions)),
        ])
    }

    /// The algorithm for [`assemble`](crate::assemble).
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.issuer.algorithm
    }
}
