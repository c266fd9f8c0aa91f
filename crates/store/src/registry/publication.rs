//! Which certificates are shown to third parties.

use ndoba_registration::ports::{
    Act, ApplicationRecord, PublicationRegistry, RegistryError, ShownCertificate,
};
use ndoba_types::{SerialNumber, UtcTime};

use crate::Store;
use crate::error::StoreError;
use crate::queries::{applications, publication};

impl PublicationRegistry for Store {
    fn deliver_application(
        &self,
        application: &ApplicationRecord,
        shown: &ShownCertificate,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let keys = self.data_keys_in_memory()?;
        self.act("deliver_application", act, |conn| {
            applications::update(conn, &keys, application)?;
            publication::show(conn, shown)
        })
    }

    fn show_certificate(&self, shown: &ShownCertificate, act: Act<'_>) -> Result<(), RegistryError> {
        self.act("show_certificate", act, |conn| publication::show(conn, shown))
    }

    fn withhold_certificate(&self, serial: &SerialNumber, act: Act<'_>) -> Result<(), RegistryError> {
        self.act("withhold_certificate", act, |conn| publication::withhold(conn, serial))
    }

    fn shown_since(&self, serial: &SerialNumber) -> Result<Option<UtcTime>, RegistryError> {
        Ok(self.read("shown_since", |conn| publication::since(conn, serial))?)
    }
}

impl Store {
    /// The certificate with this serial number, DER, where third parties are shown it. All that the role `public` reads of
    /// subscribers' certificates.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn shown_certificate(&self, serial: &SerialNumber) -> Result<Option<Vec<u8>>, StoreError> {
        self.read("shown_certificate", |conn| publication::find(conn, serial))
    }
}
