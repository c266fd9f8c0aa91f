//! Temporary PostgreSQL clusters of Debian's binaries.
//!
//! A cluster keeps fsync on, as production does. It ends with the process that started it: a watcher process
//! outlives the test binary for a moment to stop it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server of its own, reached through a Unix socket that only this machine's users of the folder can open.
pub struct PostgresCluster {
    folder: PathBuf,
    databases: AtomicU32,
}

impl PostgresCluster {
    /// The one of this test program, started when first asked for.
    ///
    /// # Panics
    ///
    /// As [`Self::start`].
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<PostgresCluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one, for a test that stops it under somebody.
    ///
    /// # Panics
    ///
    /// When the server's binaries are missing (`cargo xtask setup` installs them) or do not start.
    pub fn start() -> Self {
        // A socket's path has room for 107 octets.
        Self::start_in(Path::new("/tmp"))
    }

    /// As [`Self::start`], with its data and its socket in a folder of this one, whose path is short.
    ///
    /// # Panics
    ///
    /// As [`Self::start`].
    pub fn start_in(parent: &Path) -> Self {
        let cluster = Self { folder: folder(parent), databases: AtomicU32::new(0) };
        // PostgreSQL refuses to run as root, and its user must own the folder.
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(&cluster.folder).status();
            assert!(owned.is_ok_and(|status| status.success()), "chown {}", cluster.folder.display());
        }
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-U", "ndoba", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        cluster.resume();
        cluster.stop_with_this_process();
        cluster
    }

    /// Starts the server again after [`Self::stop`].
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn resume(&self) {
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c max_connections=300",
            self.folder.display()
        );
        let log = self.folder.join("log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-l", &log, "-o", &options, "start"]);
    }

    /// Starts the server again where it ended by itself, as it does when it cannot write its log.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn revive(&self) {
        let mut status = self.command("pg_ctl", &["-D", &self.data(), "status"]);
        if !status.stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
            self.resume();
        }
    }

    /// Stops the server as a crash would: no transaction in flight is finished.
    ///
    /// # Panics
    ///
    /// When it does not stop.
    pub fn stop(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-m", "immediate", "stop"]);
    }

    /// Makes a new, empty database; its connection string.
    ///
    /// # Panics
    ///
    /// When the server does not make it.
    pub fn new_database(&self) -> String {
        let name = self.next_name();
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Copies the database with this connection string, whose sessions are ended; the copy's connection string.
    ///
    /// # Panics
    ///
    /// When the server does not make it.
    pub fn copy_database(&self, url: &str) -> String {
        let Some(from) = url.split_whitespace().find_map(|part| part.strip_prefix("dbname=")) else {
            panic!("no database is named in {url}")
        };
        let name = self.next_name();
        // The server copies no database that somebody uses. A process that was killed leaves its sessions for a moment.
        self.psql(
            "postgres",
            &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{from}'"),
        );
        self.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {from}"));
        self.url(&name)
    }

    fn next_name(&self) -> String {
        format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The connection string of a database.
    pub fn url(&self, database: &str) -> String {
        format!("host={} user=ndoba dbname={database}", self.folder.display())
    }

    /// Runs SQL as the cluster's owner.
    ///
    /// # Panics
    ///
    /// When the server refuses it.
    pub fn psql(&self, database: &str, sql: &str) {
        let url = self.url(database);
        self.run("psql", &["-d", &url, "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
    }

    /// Waits for the end of a pipe that only this process holds open, which comes however the process ends.
    fn stop_with_this_process(&self) {
        let stop = self.command("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
        let words: Vec<String> = std::iter::once(stop.get_program())
            .chain(stop.get_args())
            .map(|word| format!("'{}'", word.to_string_lossy()))
            .collect();
        let folder = self.folder.display();
        let script = format!("cat >/dev/null; {} >/dev/null 2>&1; rm -rf '{folder}'", words.join(" "));
        let watcher = Command::new("setsid")
            .args(["sh", "-c", &script])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match watcher {
            Ok(watcher) => std::mem::forget(watcher), // its standard input stays open until we are gone
            Err(error) => panic!("setsid: {error}"),
        }
    }

    /// Where the program of this name is. The one in `PATH` is Debian's wrapper, which takes many times as long as a query.
    ///
    /// # Panics
    ///
    /// When the server's binaries are missing (`cargo xtask setup` installs them).
    pub fn program(name: &str) -> PathBuf {
        static BINARIES: OnceLock<Option<PathBuf>> = OnceLock::new();
        match BINARIES.get_or_init(binaries) {
            Some(folder) => folder.join(name),
            None => panic!("PostgreSQL's server binaries are missing: run cargo xtask setup"),
        }
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let program = Self::program(program);
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
        static CALLS: AtomicU32 = AtomicU32::new(0);
        // A file and not a pipe: the server inherits it and would hold a pipe open. One per call: tests call at once.
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{program}.{call}.out"));
        let status = fs::File::create(&path)
            .and_then(|log| self.command(program, arguments).stdout(log.try_clone()?).stderr(log).status())
            .unwrap_or_else(|error| panic!("{program}: {error}: run cargo xtask setup"));
        let said = || fs::read_to_string(&path).unwrap_or_default();
        assert!(status.success(), "{program} {arguments:?}: {}", said());
        let _ = fs::remove_file(path);
    }
}

/// A new folder that only its owner enters.
fn folder(parent: &Path) -> PathBuf {
    let made = tempfile::Builder::new().prefix("ndoba-pg").tempdir_in(parent).and_then(|folder| {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
        Ok(folder.keep())
    });
    made.unwrap_or_else(|error| panic!("a folder for PostgreSQL: {error}"))
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
    fs::metadata(Path::new("/proc/self")).is_ok_and(|metadata| metadata.uid() == 0)
}
