//! A CA with its keys, ready to sign.

use std::sync::Arc;

use ndoba_lint::Issuer;
use ndoba_types::{CaName, CrlShards, IssueCertificates, PublishCrls, SigningKey, Span};
use ndoba_x509::IssuerFacts;

/// One of this provider's CAs as the issuer of certificates and CRLs.
pub struct IssuingCa {
    /// Its short name.
    pub name: CaName,
    /// Name, key identifier, validity, addresses: what its certificates carry.
    pub facts: IssuerFacts,
    /// Its key, for certificates.
    pub certify: Arc<dyn SigningKey<IssueCertificates>>,
    /// The same key, for CRLs.
    pub revoke: Arc<dyn SigningKey<PublishCrls>>,
    /// What the token says of that key: whether it can be asked, and how often it signed.
    pub watch: Arc<dyn KeyWatch>,
    /// Whether it certifies CAs (a root): its list may then be older than a day (CSS-6.3.9-12).
    pub certifies_cas: bool,
    /// How its CRLs are timed.
    pub crl: CrlTiming,
    /// Into how many shards the certificates that it issues are dealt; none: they name the whole list (ADR 0029).
    pub shards: Option<CrlShards>,
}

impl IssuingCa {
    /// What the lint compares with.
    pub(crate) fn as_lint_issuer(&self) -> Issuer<'_> {
        Issuer {
            name: self.facts.name.as_der(),
            key_identifier: self.facts.ski.as_bytes(),
            not_after: self.facts.not_after,
        }
    }
}

/// A key as its token's connection sees it, beside the signing.
pub trait KeyWatch: Send + Sync {
    /// Why the key cannot be asked to sign now; `None` when it can. Nothing is intended while it is away: an intent
    /// that cannot be carried out is a certificate in doubt after the next crash.
    fn away(&self) -> Option<String>;

    /// How many signatures the token made with the key since this process started, for whatever purpose; one that it
    /// may have made counts. Never goes back.
    fn signatures(&self) -> u64;
}

/// How often CRLs come (EN 319 411-1 CSS-6.3.9-05: at least every 24 hours).
#[derive(Clone, Copy, Debug)]
pub struct CrlTiming {
    /// From thisUpdate to nextUpdate.
    pub validity: Span,
    /// From one to the next, when nothing changes.
    pub interval: Span,
}
