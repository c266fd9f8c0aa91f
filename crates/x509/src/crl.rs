//! Certificate revocation lists (RFC 5280 §5, requirements §2.9).

mod parse;
mod reader;

use std::fmt;

use ndoba_types::{SerialNumber, Signature, SignatureAlgorithm, UtcTime};

pub use parse::{BadCrl, Crl, CrlEntries, CrlView};
pub use reader::{CrlReadError, CrlReader};

use crate::extension::{self as ext, RawExtension, extensions_der};
use crate::time::time_der;
use crate::{HttpUrl, IssuerFacts, RevocationReason, algorithm_identifier, encode};

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
    /// The DER of the entry, forty octets or so.
    pub fn to_der(&self) -> Vec<u8> {
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
    /// Of a shard, the addresses that the certificates in its scope name; none for the whole list (C-96).
    pub addresses: &'a [HttpUrl],
}

impl CrlPlan<'_> {
    /// The DER TBSCertList: the exact bytes to sign.
    ///
    /// - `entries` – each serial once; their order is kept. Without any, revokedCertificates is absent (C-90).
    pub fn to_tbs(&self, entries: impl IntoIterator<Item = RevokedEntry>) -> Vec<u8> {
        let entries: Vec<u8> = entries.into_iter().flat_map(|entry| entry.to_der()).collect();
        let CrlFrame { before, behind } = self.frame(entries.len());
        [before, entries, behind].concat()
    }

    /// What stands before and behind the entries in the TBSCertList, which have `length` octets together: a list of any
    /// length is made without being held.
    pub fn frame(&self, length: usize) -> CrlFrame {
        let Self { issuer, number, this_update, next_update, expired_certs_on_crl, addresses } = self;
        let mut extensions = vec![ext::authority_key_identifier(&issuer.ski), ext::crl_number(*number)];
        extensions.extend(expired_certs_on_crl.map(ext::expired_certs_on_crl));
        if !addresses.is_empty() {
            extensions.push(ext::issuing_distribution_point(addresses));
        }
        let behind = encode::context_constructed(0, &extensions_der(&extensions));
        let fields = [
            encode::integer(1),
            algorithm_identifier(issuer.algorithm),
            issuer.name.as_der().to_vec(),
            time_der(*this_update),
            time_der(*next_update),
            // Absent where there are none (C-90).
            if length == 0 { Vec::new() } else { encode::sequence_header(length) },
        ]
        .concat();
        let before = [encode::sequence_header(fields.len() + length + behind.len()), fields].concat();
        CrlFrame { before, behind }
    }

    /// The algorithm for [`assemble`](crate::assemble).
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.issuer.algorithm
    }
}

/// What stands around the entries of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlFrame {
    /// From the beginning to the first entry.
    pub before: Vec<u8>,
    /// From behind the last entry to the end.
    pub behind: Vec<u8>,
}

impl CrlFrame {
    /// Of the TBSCertList, the whole CRL: as [`assemble`](crate::assemble), around `length` octets of entries.
    #[must_use]
    pub fn signed(&self, length: usize, algorithm: SignatureAlgorithm, signature: &Signature) -> Self {
        let Self { before, behind } = self;
        let seal = [algorithm_identifier(algorithm), encode::bit_string(signature.as_bytes())].concat();
        let outer = encode::sequence_header(before.len() + length + behind.len() + seal.len());
        Self { before: [&outer, &before[..]].concat(), behind: [&behind[..], &seal].concat() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_around_entries_is_the_whole() {
        let entry = |serial: u8| RevokedEntry {
            serial: SerialNumber::from_unsigned(&[0x41, serial]).unwrap(),
            revoked_at: UtcTime::from_unix_seconds(1_795_000_000).unwrap(),
            reason: RevocationReason::Superseded,
            invalidity_date: None,
        };
        let issuer = crate::test_support::issuer_facts();
        let (algorithm, signature) = (issuer.algorithm, Signature::from_bytes(vec![7; 70]));
        let now = UtcTime::from_unix_seconds(1_795_000_000).unwrap();
        let plan = CrlPlan {
            issuer: &issuer,
            number: CrlNumber::new(7),
            this_update: now,
            next_update: now,
            expired_certs_on_crl: Some(now),
            addresses: &[],
        };
        for count in [0, 1, 2, 5, 200] {
            let entries: Vec<_> = (0..count).map(entry).collect();
            let tbs = plan.to_tbs(entries.clone());
            let whole = crate::assemble(&tbs, algorithm, &signature);
            let octets: Vec<u8> = entries.iter().flat_map(RevokedEntry::to_der).collect();
            let frame = plan.frame(octets.len()).signed(octets.len(), algorithm, &signature);
            assert_eq!([frame.before, octets, frame.behind].concat(), whole);
            assert_eq!(Crl::from_der(&whole).unwrap().entries(), entries);
        }
    }
}
