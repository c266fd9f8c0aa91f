//! Certificates that are shown to third parties, because their subscribers said so (P-14, DIS-6.1-01B).

use ndoba_types::{SerialNumber, UtcTime};

use super::{Act, ApplicationRecord, RegistryError};

/// A certificate that is shown: all that relying parties' part of the database ever has of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCertificate {
    /// Which; UNIQUE.
    pub serial: SerialNumber,
    /// The certificate.
    pub der: Vec<u8>,
    /// Since when.
    pub since: UtcTime,
}

/// Publication's part of the database, as [`Registry`](super::Registry): one method is one transaction.
pub trait PublicationRegistry {
    /// Replaces the application's row as [`Registry::update_application`](super::Registry::update_application) does, and
    /// shows its certificate.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn deliver_application(
        &self,
        application: &ApplicationRecord,
        shown: &ShownCertificate,
        act: Act<'_>,
    ) -> Result<(), RegistryError>;

    /// Shows a certificate; one that is shown already is left as it is.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn show_certificate(&self, shown: &ShownCertificate, act: Act<'_>) -> Result<(), RegistryError>;

    /// Shows a certificate no more.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn withhold_certificate(&self, serial: &SerialNumber, act: Act<'_>) -> Result<(), RegistryError>;

    /// Since when a certificate is shown; nothing where it is not.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn shown_since(&self, serial: &SerialNumber) -> Result<Option<UtcTime>, RegistryError>;
}
