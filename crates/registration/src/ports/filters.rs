//! What lists are narrowed by.

use ndoba_types::{DeviceModel, OfficerId, Sha256Digest};

use crate::application::StoredState;

/// Which applications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationFilter {
    /// In one of these pairs of stored state and name of the order's state ([`OrderState::name`](super::OrderState::name); absent: no order, or any); empty: all.
    pub states: Vec<(StoredState, Option<&'static str>)>,
    /// The subject's identifier exactly: personal number or identification code.
    pub subject: Option<String>,
    /// Opened by this officer.
    pub opened_by: Option<OfficerId>,
    /// Opened by one of these; absent: by whomever.
    pub within: Option<Vec<OfficerId>>,
}

/// Which certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateFilter {
    /// The subject's identifier exactly: personal number or identification code.
    pub subject: Option<String>,
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
