//! Engines for tests: SQLite files, and databases of the test program's PostgreSQL cluster.

use std::sync::Arc;

use ndoba_registration::ports::Vault;
use ndoba_registration::sealed::{DataKeys, PublicDataKey, RawDataKey};
use ndoba_store::{Engine, Store};
use ndoba_testkit::PostgresCluster;
use ndoba_types::{InstallationId, Random, RandomUnavailable};
use tempfile::TempDir;

use crate::fixtures::{at, fresh};
use crate::raw::Raw;

/// A database of its own for one test, made and empty but for its identity.
pub struct Database {
    pub store: Store,
    pub engine: Engine,
    _folder: Option<TempDir>,
}

pub const HOME: InstallationId = InstallationId::from_bytes([7; 16]);

/// Runs a test on both engines, one after the other.
pub fn on_both(test: impl Fn(&Database)) {
    for database in [sqlite(), postgres()] {
        eprintln!("on {}", database.engine.name());
        test(&database);
    }
}

pub fn sqlite() -> Database {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::Sqlite { path: folder.path().join("ndoba.sqlite") };
    Database { _folder: Some(folder), ..database(engine) }
}

pub fn postgres() -> Database {
    database(empty_postgres())
}

/// A new one in what is empty.
pub fn database(engine: Engine) -> Database {
    let store = Store::create(&engine, 8, HOME, at(0)).unwrap().with_vault(vault(&[1]));
    // As a ceremony leaves it; what wraps it is nobody's business here.
    let nothing = if matches!(engine, Engine::Sqlite { .. }) { "x''" } else { "''" };
    Raw::open(&engine)
        .run(&format!("INSERT INTO data_keys VALUES (1, 'a/data/1', {nothing}, {nothing}, 0)"))
        .unwrap();
    Database { store, engine, _folder: None }
}

/// Data keys with these numbers in memory.
pub fn vault(numbers: &[u32]) -> Arc<dyn Vault> {
    let raw = |number: &u32| (*number, RawDataKey::from_unwrapped(&[number.to_be_bytes()[3]; 32]).unwrap());
    let raw: Vec<_> = numbers.iter().map(raw).collect();
    Arc::new(Keys(DataKeys::new(HOME, &raw, Arc::new(Nonces)).map(Arc::new)))
}

/// The first of them as a process has it that was started without its token.
pub fn public_half() -> Arc<dyn Vault> {
    let whole = vault(&[1]).keys().unwrap();
    Arc::new(Public(PublicDataKey::new(HOME, 1, whole.public().unwrap(), Arc::new(Nonces)).map(Arc::new)))
}

struct Public(Option<Arc<PublicDataKey>>);

impl Vault for Public {
    fn keys(&self) -> Option<Arc<DataKeys>> {
        None
    }

    fn public(&self) -> Option<Arc<PublicDataKey>> {
        self.0.clone()
    }
}

struct Keys(Option<Arc<DataKeys>>);

impl Vault for Keys {
    fn keys(&self) -> Option<Arc<DataKeys>> {
        self.0.clone()
    }
}

/// Never the same twice, which is all that is asked of a nonce.
struct Nonces;

impl Random for Nonces {
    fn fill(&self, octets: &mut [u8]) -> Result<(), RandomUnavailable> {
        let number = fresh().to_be_bytes();
        octets.iter_mut().zip(number.iter().cycle()).for_each(|(octet, one)| *octet = *one);
        Ok(())
    }
}

/// A new, empty database of the cluster.
pub fn empty_postgres() -> Engine {
    Engine::Postgres { url: cluster().new_database() }
}

pub fn cluster() -> &'static PostgresCluster {
    PostgresCluster::shared()
}
