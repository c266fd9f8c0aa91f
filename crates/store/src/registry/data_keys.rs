//! Data keys: their part of registration's port.

use ndoba_registration::ports::{Act, DataKeyRegistry, RegistryError, Sealing, WrappedDataKey};

use crate::Store;
use crate::queries::data_keys;

impl DataKeyRegistry for Store {
    fn data_keys(&self) -> Result<Vec<WrappedDataKey>, RegistryError> {
        Ok(self.read("data_keys", data_keys::all)?)
    }

    fn add_data_key(&self, key: &WrappedDataKey, act: Act<'_>) -> Result<(), RegistryError> {
        self.act("add_data_key", act, |conn| data_keys::add(conn, key))
    }

    fn destroy_data_keys_before(&self, number: u32, act: Act<'_>) -> Result<(), RegistryError> {
        self.act("destroy_data_keys", act, |conn| data_keys::destroy_before(conn, number))
    }

    fn sealing(&self) -> Result<Sealing, RegistryError> {
        Ok(self.snapshot("sealing", data_keys::sealing)?)
    }

    fn seal_records(&self, limit: u32) -> Result<u64, RegistryError> {
        let keys = self.data_keys_in_memory()?;
        Ok(self.write("seal_records", |conn| data_keys::seal(conn, &keys, limit.into()))?)
    }

    fn scrub(&self) -> Result<bool, RegistryError> {
        Ok(self.read("scrub", data_keys::scrub)?)
    }
}
