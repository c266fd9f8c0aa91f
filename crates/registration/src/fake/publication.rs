//! What is shown, in memory.

use ndoba_types::{SerialNumber, UtcTime};

use super::{FakeRegistry, Tables};
use crate::ports::{Act, ApplicationRecord, PublicationRegistry, RegistryError, ShownCertificate};

impl PublicationRegistry for FakeRegistry {
    fn deliver_application(
        &self,
        application: &ApplicationRecord,
        shown: &ShownCertificate,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.replace(application, act)?;
        show(&mut tables, shown);
        Ok(())
    }

    fn show_certificate(&self, shown: &ShownCertificate, act: Act<'_>) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.act(act)?;
        show(&mut tables, shown);
        Ok(())
    }

    fn withhold_certificate(&self, serial: &SerialNumber, act: Act<'_>) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.act(act)?;
        tables.shown.retain(|one| one.serial != *serial);
        Ok(())
    }

    fn shown_since(&self, serial: &SerialNumber) -> Result<Option<UtcTime>, RegistryError> {
        Ok(self.open()?.shown.iter().find(|one| one.serial == *serial).map(|one| one.since))
    }
}

fn show(tables: &mut Tables, shown: &ShownCertificate) {
    if !tables.shown.iter().any(|one| one.serial == shown.serial) {
        tables.shown.push(shown.clone());
    }
}
