//! Engines for tests: SQLite files, and databases of the test program's PostgreSQL cluster.

use ndoba_store::{Engine, Store};
use ndoba_testkit::PostgresCluster;
use ndoba_types::InstallationId;
use tempfile::TempDir;

use crate::fixtures::at;

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
    let store = Store::create(&engine, 8, HOME, at(0)).unwrap();
    Database { store, engine, _folder: None }
}

/// A new, empty database of the cluster.
pub fn empty_postgres() -> Engine {
    Engine::Postgres { url: cluster().new_database() }
}

pub fn cluster() -> &'static PostgresCluster {
    PostgresCluster::shared()
}
