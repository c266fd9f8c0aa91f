//! The installation's database as its operator reaches it: copied, put back, asked and damaged.

use std::fs;
use std::path::Path;
use std::process::Output;

use ndoba_testkit::{Judge, PostgresCluster};

use super::Installation;
use crate::program;

/// Where an installation keeps its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// A database of the test program's cluster.
    Postgresql,
    /// A file in the state folder.
    Sqlite,
}

impl Engine {
    pub(crate) const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgresql];
}

/// A copy of a database as it was once.
pub(crate) enum Backup {
    /// The connection string of the copy.
    Postgresql(String),
    /// A folder with the file and its log.
    Sqlite(tempfile::TempDir),
}

impl Installation {
    /// Copies the database. Nothing is served meanwhile.
    pub(crate) fn back_up(&self) -> Backup {
        match self.database_url() {
            Some(url) => Backup::Postgresql(PostgresCluster::shared().copy_database(&url)),
            None => {
                let folder = tempfile::tempdir().unwrap();
                put_sqlite(self.folder(), folder.path());
                Backup::Sqlite(folder)
            }
        }
    }

    /// Puts a copy in the place of the database. Nothing is served meanwhile.
    pub(crate) fn put_back(&self, backup: &Backup) {
        match backup {
            Backup::Postgresql(url) => {
                // The copy stays as it is: it may be put back again.
                fs::write(self.file("database.url"), PostgresCluster::shared().copy_database(url)).unwrap();
            }
            Backup::Sqlite(folder) => put_sqlite(folder.path(), self.folder()),
        }
    }

    /// Runs one statement beside the product; the rows' columns parted by `|`.
    #[track_caller]
    pub(crate) fn sql(&self, statement: &str) -> String {
        let output = self.run_sql(statement);
        assert!(output.status.success(), "{statement}: {}", program::said(&output));
        program::said(&output).trim_end().to_owned()
    }

    /// Runs one statement that the database must refuse; what it said.
    #[track_caller]
    pub(crate) fn sql_refused(&self, statement: &str) -> String {
        let output = self.run_sql(statement);
        assert!(!output.status.success(), "{statement}: {}", program::said(&output));
        program::said(&output)
    }

    fn run_sql(&self, statement: &str) -> Output {
        const ASK: &str = "import sqlite3, sys\n\
                           rows = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None).execute(sys.argv[2])\n\
                           [print(*row, sep='|') for row in rows]";
        match self.database_url() {
            Some(url) => {
                let arguments = ["-d", &url, "-At", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement];
                program::run(self.folder(), PostgresCluster::program("psql"), &arguments)
            }
            // Without the packages of the judges, which take longer to find than an answer takes.
            None => program::run(
                self.folder(),
                Judge::python(),
                &["-I", "-S", "-c", ASK, "ndoba.sqlite", statement],
            ),
        }
    }

    /// Whether these words lie in the database: in SQLite's files, or in a dump of PostgreSQL's tables.
    pub(crate) fn lies_in_clear(&self, words: &str) -> bool {
        let Some(url) = self.database_url() else {
            return ["ndoba.sqlite", "ndoba.sqlite-wal"].iter().any(|name| {
                let octets = fs::read(self.file(name)).unwrap_or_default();
                octets.windows(words.len()).any(|window| window == words.as_bytes())
            });
        };
        let dump = program::must(self.folder(), "pg_dump", &["--data-only", &url]);
        let hex: String = words.bytes().map(|octet| format!("{octet:02x}")).collect();
        dump.contains(words) || dump.contains(&hex)
    }

    pub(crate) fn is_on_postgresql(&self) -> bool {
        self.database_url().is_some()
    }

    pub(super) fn database_url(&self) -> Option<String> {
        fs::read_to_string(self.file("database.url")).ok()
    }
}

/// Copies the file with its log from one folder into another.
fn put_sqlite(from: &Path, to: &Path) {
    for name in ["ndoba.sqlite", "ndoba.sqlite-wal", "ndoba.sqlite-shm"] {
        // What the copy does not have must not stay behind.
        let _ = fs::remove_file(to.join(name));
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}
