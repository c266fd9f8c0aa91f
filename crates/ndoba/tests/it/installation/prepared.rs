//! A ceremony for each engine, held once in this program; tests work on copies of the folder and of the database.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ndoba_testkit::PostgresCluster;

use super::{Engine, Installation};
use crate::program;

/// Files that name the folder or the ports.
const ADDRESSED: [&str; 3] = ["endpoints.json", "ndoba.toml", "softhsm2.conf"];

/// What a ceremony and the appointment of officers left.
struct Prepared {
    folder: PathBuf,
    ports: [u16; 4],
    /// The connection string, on PostgreSQL.
    database: Option<String>,
}

/// An installation like the prepared one, with a folder, ports and a database of its own.
pub(super) fn copy(engine: Engine) -> Installation {
    static ON_POSTGRESQL: OnceLock<Prepared> = OnceLock::new();
    static ON_SQLITE: OnceLock<Prepared> = OnceLock::new();
    let prepared = match engine {
        Engine::Postgresql => &ON_POSTGRESQL,
        Engine::Sqlite => &ON_SQLITE,
    };
    prepared.get_or_init(|| Prepared::make(engine)).copy()
}

impl Prepared {
    fn make(engine: Engine) -> Self {
        let here = Installation::empty();
        here.hold_ceremony_on(engine, &[]);
        here.appoint_officers();
        let folder = kept_folder().join(format!("{engine:?}"));
        program::must(Path::new("/"), "cp", &[Path::new("-a"), here.folder(), &folder]);
        readdress(&folder, &address(&here), &address_of(&folder, here.ports));
        Self { folder, ports: here.ports, database: here.database_url() }
    }

    fn copy(&self) -> Installation {
        let one = Installation::empty();
        program::must(Path::new("/"), "cp", &[Path::new("-a"), &self.folder.join("."), one.folder()]);
        readdress(one.folder(), &address_of(&self.folder, self.ports), &address(&one));
        if let Some(database) = &self.database {
            let url = PostgresCluster::shared().copy_database(database);
            fs::write(one.file("database.url"), url).unwrap();
        }
        one
    }
}

/// A folder of this process that lives as long as it; those of processes that have gone are cleared away.
fn kept_folder() -> PathBuf {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prepared");
    fs::create_dir_all(&all).unwrap();
    for entry in fs::read_dir(&all).unwrap().flatten() {
        if !Path::new("/proc").join(entry.file_name()).exists() {
            // Another process may be at it too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let own = all.join(std::process::id().to_string());
    fs::create_dir_all(&own).unwrap();
    own
}

/// The folder, and the ports as texts that are found in files.
fn address_of(folder: &Path, ports: [u16; 4]) -> Vec<String> {
    let ports = ports.map(|port| format!("127.0.0.1:{port}"));
    std::iter::once(folder.display().to_string()).chain(ports).collect()
}

fn address(one: &Installation) -> Vec<String> {
    address_of(one.folder(), one.ports)
}

fn readdress(folder: &Path, from: &[String], to: &[String]) {
    for name in ADDRESSED {
        let path = folder.join(name);
        let mut text = fs::read_to_string(&path).unwrap();
        // By way of marks, since what one is replaced by may be what another was.
        for (place, from) in from.iter().enumerate() {
            text = text.replace(from, &format!("\0{place}\0"));
        }
        for (place, to) in to.iter().enumerate() {
            text = text.replace(&format!("\0{place}\0"), to);
        }
        fs::write(&path, text).unwrap();
    }
}
