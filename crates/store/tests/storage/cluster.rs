//! Engines for tests: a temporary PostgreSQL cluster of Debian's binaries, one per test binary, and SQLite files.
//!
//! The cluster keeps fsync on, as production does. It ends with the process that started it: a watcher process
//! outlives the test binary for a moment to stop it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ndoba_store::{Engine, Store};
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
    let store = Store::create(&engine, 8, HOME, at(0)).unwrap();
    Database { store, engine, _folder: Some(folder) }
}

pub fn postgres() -> Database {
    let engine = empty_postgres();
    let store = Store::create(&engine, 8, HOME, at(0)).unwrap();
    Database { store, engine, _folder: None }
}

/// A new, empty database of the cluster.
pub fn empty_postgres() -> Engine {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let cluster = cluster();
    cluster.psql("postgres", &format!("CREATE DATABASE {name}"));
    Engine::Postgres { url: cluster.url(&name) }
}

pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
}

impl Cluster {
    fn start() -> Self {
        let bin = binaries().expect("PostgreSQL's server binaries are missing: run cargo xtask setup");
        let folder = tempfile::Builder::new().prefix("ndoba-pg").tempdir_in("/tmp").unwrap().keep();
        let cluster = Self { folder, bin };
        // PostgreSQL refuses to run as root, and its user must own the folder.
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(&cluster.folder).status().unwrap().success());
        }
        fs::set_permissions(&cluster.folder, fs::Permissions::from_mode(0o700)).unwrap();
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-U", "ndoba", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c max_connections=300",
            cluster.folder.display()
        );
        let log = cluster.folder.join("log").display().to_string();
        cluster.run("pg_ctl", &["-D", &data, "-w", "-l", &log, "-o", &options, "start"]);
        cluster.stop_with_this_process();
        cluster
    }

    /// Waits for the end of a pipe that only this process holds open, which comes however the process ends.
    fn stop_with_this_process(&self) {
        let stop = self.command("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
        let words: Vec<String> = std::iter::once(stop.get_program())
            .chain(stop.get_args())
            .map(|word| format!("'{}'", word.to_str().unwrap()))
            .collect();
        let script = format!(
            "cat >/dev/null; {} >/dev/null 2>&1; rm -rf '{}'",
            words.join(" "),
            self.folder.display()
        );
        let watcher = Command::new("setsid")
            .args(["sh", "-c", &script])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::mem::forget(watcher); // its standard input stays open until we are gone
    }

    pub fn url(&self, database: &str) -> String {
        format!("host={} user=ndoba dbname={database}", self.folder.display())
    }

    /// Runs SQL as the cluster's owner.
    pub fn psql(&self, database: &str, sql: &str) {
        let url = self.url(database);
        self.run("psql", &["-d", &url, "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments).current_dir("/").stdin(Stdio::null());
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let log = fs::File::create(self.folder.join(format!("{program}.out"))).unwrap();
        let status = self
            .command(program, arguments)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap_or_else(|error| panic!("{program}: {error}: run cargo xtask setup"));
        let said = || fs::read_to_string(self.folder.join(format!("{program}.out"))).unwrap_or_default();
        assert!(status.success(), "{program} {arguments:?}: {}", said());
    }
}

/// The newest of `/usr/lib/postgresql/*/bin`.
fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").exists() && bin.join("pg_ctl").exists())
        .collect();
    versions.sort();
    versions.pop().map(|(_, bin)| bin)
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(Path::new("/proc/self")).is_ok_and(|metadata| metadata.uid() == 0)
}
