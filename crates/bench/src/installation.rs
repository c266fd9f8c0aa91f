//! An installation of its own for a bench: ceremony, configuration, the real program serving.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Context as _;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::BigInt;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection};
use ndoba_clock::OsRandom;
use ndoba_registration::ports::Vault;
use ndoba_registration::sealed::{DataKeys, RawDataKey};
use ndoba_settings::Settings;
use ndoba_store::{Engine, Store};
use tempfile::TempDir;

use crate::process::Running;
use crate::{Common, postgres};

/// Connections that a bench keeps itself.
const CONNECTIONS: u32 = 8;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

struct OwnKeys(Option<Arc<DataKeys>>);

impl Vault for OwnKeys {
    fn keys(&self) -> Option<Arc<DataKeys>> {
        self.0.clone()
    }
}

pub(crate) struct Installation {
    folder: TempDir,
    ndoba: PathBuf,
    ports: [u16; 4],
    engine: Engine,
}

impl Installation {
    /// Holds the development ceremony; in `postgres` when given (a connection string), else in SQLite.
    pub(crate) fn new(common: &Common, postgres: Option<&str>) -> anyhow::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("ndoba-bench-");
        let folder = match &common.dir {
            Some(dir) => builder.tempdir_in(dir)?,
            None => builder.tempdir()?,
        };
        let engine = match postgres {
            Some(url) => Engine::Postgres { url: url.to_owned() },
            None => Engine::Sqlite { path: folder.path().join("ndoba.sqlite") },
        };
        let ports = [
            ndoba_testkit::free_port()?,
            ndoba_testkit::free_port()?,
            ndoba_testkit::free_port()?,
            ndoba_testkit::free_port()?,
        ];
        let one = Self { folder, ndoba: common.ndoba()?, ports, engine };
        let dir = one.file("").display().to_string();
        let ports = one.ports.map(|port| port.to_string()).join(",");
        let mut words = vec!["ceremony", "run", "--development", "--dir", &dir, "--ports", &ports];
        if let Some(url) = postgres {
            fs::write(one.file("database.url"), url)?;
            words.extend(["--postgresql-url-file", "database.url"]);
        }
        one.run(&words)?;
        Ok(one)
    }

    /// A file of its folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The port of OCSP and time-stamps.
    pub(crate) fn public_port(&self) -> u16 {
        self.ports[0]
    }

    /// The port of the officers' API.
    pub(crate) fn officers_port(&self) -> u16 {
        self.ports[2]
    }

    /// The port of metrics and health.
    pub(crate) fn operator_port(&self) -> u16 {
        self.ports[3]
    }

    /// The connection string of its PostgreSQL database; `None` on SQLite.
    pub(crate) fn postgres(&self) -> Option<&str> {
        match &self.engine {
            Engine::Postgres { url } => Some(url),
            Engine::Sqlite { .. } => None,
        }
    }

    /// Runs SQL in its SQLite database.
    pub(crate) fn sqlite(&self, script: &str) -> anyhow::Result<()> {
        Ok(self.connection()?.batch_execute(script)?)
    }

    /// Runs SQL in its database.
    pub(crate) fn sql(&self, script: &str) -> anyhow::Result<()> {
        match self.postgres() {
            Some(url) => postgres::sql(url, script).map(drop),
            None => self.sqlite(script),
        }
    }

    /// Runs a query in its database whose one row is one `number`.
    pub(crate) fn number(&self, query: &str) -> anyhow::Result<u64> {
        if let Some(url) = self.postgres() {
            return Ok(postgres::sql(url, query)?.trim().parse()?);
        }
        let row: Number = diesel::sql_query(query).get_result(&mut self.connection()?)?;
        Ok(row.number.try_into()?)
    }

    /// A connection to its SQLite database that waits for its turn, since the program may be writing, and keeps the pages
    /// that it has read: up to a gibibyte.
    pub(crate) fn connection(&self) -> anyhow::Result<SqliteConnection> {
        let mut connection = SqliteConnection::establish(&text(&self.file("ndoba.sqlite")))?;
        connection.batch_execute("PRAGMA busy_timeout = 60000; PRAGMA cache_size = -1048576")?;
        Ok(connection)
    }

    /// Has the disk take all of its SQLite database: else the first durable commit of the program under test would wait
    /// for that.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        self.sqlite("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(fs::File::open(self.file("ndoba.sqlite"))?.sync_all()?)
    }

    /// The configuration as the ceremony wrote it.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        Ok(Settings::load(&self.file("ndoba.toml"))?)
    }

    /// The database, opened beside the program. Applications are sealed under a key of the bench's own, as fast as under
    /// the ceremony's: nobody reads them.
    pub(crate) fn store(&self) -> anyhow::Result<Store> {
        let store = Store::open(&self.engine, CONNECTIONS)?;
        let raw = RawDataKey::generate(&OsRandom)?;
        let keys = DataKeys::new(store.installation(), &[(1, raw)], Arc::new(OsRandom));
        Ok(store.with_vault(Arc::new(OwnKeys(keys.map(Arc::new)))))
    }

    /// Runs `ndoba`, which must succeed; what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "ndoba {}: {said}", arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Changes the configuration.
    pub(crate) fn configure(
        &self,
        change: impl FnOnce(&mut toml::Table) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let file = self.file("ndoba.toml");
        let mut configuration: toml::Table = fs::read_to_string(&file)?.parse()?;
        change(&mut configuration)?;
        Ok(fs::write(file, configuration.to_string())?)
    }

    /// Has the program keep that many sessions with each token.
    pub(crate) fn set_sessions(&self, sessions: u16) -> anyhow::Result<()> {
        self.configure(|configuration| {
            let modules = configuration.get_mut("hsm").and_then(|hsm| hsm.get_mut("modules"));
            for module in modules.and_then(toml::Value::as_array_mut).context("no module is configured")? {
                let tokens = module.get_mut("tokens").and_then(toml::Value::as_array_mut);
                for token in tokens.context("no token is configured")? {
                    let token = token.as_table_mut().context("a token is no table")?;
                    token.insert("sessions".into(), i64::from(sessions).into());
                }
            }
            Ok(())
        })
    }

    /// Starts serving in `roles`; returns at once.
    pub(crate) fn serve(&self, roles: &[&str]) -> anyhow::Result<Running> {
        self.configure(|configuration| {
            configuration.insert("roles".into(), roles.to_vec().into());
            // Warnings only: a line for each certificate is the log's speed, not the product's.
            let log = toml::Table::from_iter([("filter".to_owned(), toml::Value::from("warn"))]);
            configuration.insert("log".into(), log.into());
            Ok(())
        })?;
        let log = fs::File::options().create(true).append(true).open(self.file("serve.log"))?;
        let mut command = self.command(&["serve", "--config", "ndoba.toml"]);
        Running::start("ndoba serve", command.stdout(Stdio::null()).stderr(log))
    }

    /// Starts `roles` without addresses in a process of their own, beside one that serves, as in production. Returns
    /// at once.
    pub(crate) fn serve_beside(&self, roles: &[&str]) -> anyhow::Result<Running> {
        let mut configuration: toml::Table = fs::read_to_string(self.file("ndoba.toml"))?.parse()?;
        configuration.insert("roles".into(), roles.to_vec().into());
        configuration.insert("node".into(), 2.into());
        configuration.remove("listen");
        fs::write(self.file("beside.toml"), configuration.to_string())?;
        let log = fs::File::options().create(true).append(true).open(self.file("serve.log"))?;
        let mut command = self.command(&["serve", "--config", "beside.toml"]);
        Running::start("ndoba serve, beside", command.stdout(Stdio::null()).stderr(log))
    }

    /// What the program has logged last, for messages.
    pub(crate) fn log(&self) -> String {
        const LINES: usize = 10;
        let log = fs::read_to_string(self.file("serve.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.ndoba);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("NDOBACTL_API", format!("https://127.0.0.1:{}", self.officers_port()))
            // The tests' own variables; `ndoba` reads NDOBA_… as configuration.
            .env_remove("NDOBA_SHIMS")
            .env_remove("NDOBA_JUDGES")
            .stdin(Stdio::null());
        command
    }
}

/// The CA whose certificates are issued and asked about.
pub(crate) const fn loaded_ca() -> &'static str {
    "signature"
}

/// Copies a path's text; for commands that take text only.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}
