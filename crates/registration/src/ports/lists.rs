//! What lists are asked for, and how they come.

use ndoba_types::{DeviceModel, OfficerId, Sha256Digest, UtcTime};

use crate::application::StoredState;

/// Which page of a list: `after` is the last id of the page before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many, 1 to 200.
    pub limit: u32,
    /// Opaque to clients: what [`Page::next`] said.
    pub after: Option<String>,
}

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts; absent on the last.
    pub next: Option<String>,
}

/// Which applications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationFilter {
    /// In one of these pairs of stored state and name of the order's state (`OrderState::name`; absent: no order, or any); empty: all.
    pub states: Vec<(StoredState, Option<&'static str>)>,
    /// The subject's identifier exactly: personal number, identification code, or another with its scheme and country.
    pub subject: Option<String>,
    /// The same of the subject or of who represents it.
    pub concerning: Option<String>,
    /// Opened by this officer.
    pub opened_by: Option<OfficerId>,
    /// Opened by one of these; absent: by whomever.
    pub within: Option<Vec<OfficerId>>,
    /// By this profile.
    pub profile: Option<String>,
    /// Opened then or later.
    pub since: Option<UtcTime>,
    /// Opened before then.
    pub until: Option<UtcTime>,
}

/// Which certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateFilter {
    /// The subject's identifier exactly: personal number, identification code, or another with its scheme and country.
    pub subject: Option<String>,
    /// How a name that the certificate shows begins, in any letter case: the list then goes by name.
    pub name: Option<String>,
    /// The profile's name.
    pub profile: Option<String>,
    /// SHA-256 over the certified SubjectPublicKeyInfo.
    pub key: Option<Sha256Digest>,
    /// The model of the qualified device that the order named.
    pub device: Option<DeviceModel>,
    /// `good`, `suspended` or `revoked`.
    pub status: Option<String>,
    /// Of applications opened by one of these; absent: all.
    pub within: Option<Vec<OfficerId>>,
}
