//! Which engine, how a connection to it is made, and the pool.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection, R2D2Connection};
use diesel::result::{ConnectionError, ConnectionResult};
use diesel::sqlite::SqliteConnection;

/// The database engine: said by the configuration, never guessed from the shape of an address.
#[derive(Clone)]
pub enum Engine {
    /// PostgreSQL, one database user per role.
    Postgres {
        /// A libpq connection string or URL. May hold a password, so `Debug` does not show it.
        url: String,
    },
    /// SQLite, for one machine: the quick start, training, development.
    Sqlite {
        /// The database file.
        path: PathBuf,
    },
}

impl Engine {
    /// `postgres` or `sqlite`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Postgres { .. } => "postgres",
            Self::Sqlite { .. } => "sqlite",
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres { url: _ } => f.write_str("Postgres(…)"),
            Self::Sqlite { path } => write!(f, "Sqlite({})", path.display()),
        }
    }
}

/// A connection to either engine. Queries are written once; where the engines differ, a `match` says so.
#[derive(diesel::MultiConnection)]
pub(crate) enum Conn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs an expression with `$conn` bound to the engine's own connection: for the statements that diesel cannot
/// build for both at once (`ON CONFLICT`, batches).
macro_rules! on_each_engine {
    ($conn:ident => $run:expr) => {
        match $conn {
            $crate::connection::Conn::Postgres($conn) => $run,
            $crate::connection::Conn::Sqlite($conn) => $run,
        }
    };
}
pub(crate) use on_each_engine;

/// Inserts rows; how many. One statement on PostgreSQL, which is another process; on SQLite one that is prepared once.
macro_rules! insert_each {
    ($conn:ident, $table:expr, $rows:expr $(, $on_conflict:ident)?) => {
        match $conn {
            $crate::connection::Conn::Postgres($conn) => {
                diesel::insert_into($table).values($rows)$(.$on_conflict())?.execute($conn)?
            }
            $crate::connection::Conn::Sqlite($conn) => {
                let mut inserted = 0;
                for row in $rows {
                    inserted += diesel::insert_into($table).values(row)$(.$on_conflict())?.execute($conn)?;
                }
                inserted
            }
        }
    };
}
pub(crate) use insert_each;

/// As [`insert_each`], but for rows that are there.
macro_rules! insert_new {
    ($conn:ident, $table:expr, $rows:expr) => {
        $crate::connection::insert_each!($conn, $table, $rows, on_conflict_do_nothing)
    };
}
pub(crate) use insert_new;

/// How long a transaction waits for another's locks before it gives up.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// How long a caller waits for a free connection.
const POOL_WAIT: Duration = Duration::from_secs(5);

/// Makes connections for the pool. Diesel's own manager would try PostgreSQL and then SQLite with the same text,
/// and SQLite takes any text for a file name.
#[derive(Debug)]
pub(crate) struct Connector(pub(crate) Engine);

impl Connector {
    pub(crate) fn open(&self) -> ConnectionResult<Conn> {
        let conn = match &self.0 {
            Engine::Postgres { url } => {
                quotable(url)?;
                let mut conn = PgConnection::establish(url).map_err(without_the_string)?;
                // `on` waits for the local disk and for a synchronous standby where there is one; a server whose
                // default is `off` must not lose commits that we reported as durable.
                conn.batch_execute(&format!(
                    "SET synchronous_commit = 'on'; SET client_min_messages = 'warning'; SET lock_timeout = {}",
                    LOCK_WAIT.as_millis()
                ))
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Conn::Postgres(conn)
            }
            Engine::Sqlite { path } => {
                // An absolute path starts with a slash, so that no name is taken for a `file:` address.
                let path = std::path::absolute(path)
                    .map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
                let path = path
                    .to_str()
                    .ok_or_else(|| ConnectionError::InvalidConnectionUrl("the path is not UTF-8".into()))?;
                let mut conn = SqliteConnection::establish(path)?;
                conn.batch_execute(&format!(
                    // busy_timeout first: switching to WAL takes a lock. FULL syncs the log at every commit.
                    // Recursive triggers: a REPLACE must meet the triggers that refuse a DELETE.
                    "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA trusted_schema = OFF;",
                    LOCK_WAIT.as_millis()
                ))
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Conn::Sqlite(conn)
            }
        };
        Ok(conn)
    }
}

/// Refuses a URL whose password would be taken for its host or port, before a message about those quotes it.
fn quotable(url: &str) -> ConnectionResult<()> {
    let Some((_, rest)) = url.split_once("://") else { return Ok(()) };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.matches('@').count() > 1 || path.contains('@') {
        return Err(malformed("write @, /, ? and # in a user's name or password as %40, %2F, %3F and %23"));
    }
    Ok(())
}

/// libpq's own words where it got as far as a server; what it says of a string that it cannot read may quote the
/// password in it.
fn without_the_string(error: ConnectionError) -> ConnectionError {
    const OF_A_SERVER: [&str; 2] = ["connection to server ", "could not translate host name "];
    let ConnectionError::BadConnection(said) = error else { return error };
    if !OF_A_SERVER.iter().any(|start| said.starts_with(start)) {
        return malformed("libpq's message is withheld, as it may quote a password");
    }
    let words: Vec<_> = said.split_whitespace().collect();
    ConnectionError::BadConnection(words.join(" "))
}

fn malformed(how: &str) -> ConnectionError {
    ConnectionError::InvalidConnectionUrl(format!("PostgreSQL's connection string cannot be read: {how}"))
}

impl ManageConnection for Connector {
    type Connection = Conn;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Conn, ConnectionError> {
        self.open()
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), ConnectionError> {
        conn.ping().map_err(ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        // A panic in the midst of a transaction leaves it open; closing the connection rolls it back.
        std::thread::panicking() || conn.is_broken()
    }
}

pub(crate) type ConnectionPool = Pool<Connector>;
pub(crate) type Checked = PooledConnection<Connector>;

/// Builds the pool with `size` connections at most; they are made when first needed.
pub(crate) fn pool(engine: Engine, size: u32) -> ConnectionPool {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .connection_timeout(POOL_WAIT)
        // No query before each use: a stale connection is noticed when its transaction begins, and replaced.
        .test_on_check_out(false)
        .error_handler(Box::new(LogConnectFailure))
        .build_unchecked(Connector(engine))
}

/// Logs what the pool meets in the background.
#[derive(Debug)]
struct LogConnectFailure;

impl diesel::r2d2::HandleError<ConnectionError> for LogConnectFailure {
    fn handle_error(&self, error: ConnectionError) {
        tracing::warn!(error = %error, "connecting to the database failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_tells_the_password() {
        for url in [
            "postgresql://ndoba:geheim@[::1/ndoba",
            "postgresql://ndoba:geheim@127.0.0.1:999999/ndoba",
            "postgresql://ndoba:ge%zzheim@127.0.0.1/ndoba",
            "postgresql://ndoba:ge heim@127.0.0.1/ndoba?x",
            "postgresql://ndoba:ge@heim@127.0.0.1/ndoba",
            "postgresql://ndoba:ge/heim@127.0.0.1/ndoba",
            "postgresql://ndoba:ge?heim@127.0.0.1/ndoba",
            "host=127.0.0.1 password=ge heim",
            "host=127.0.0.1 password='geheim",
            "geheim",
        ] {
            let error = Connector(Engine::Postgres { url: url.into() }).open().err().unwrap().to_string();
            let words = ["cannot be read", "connection to server"];
            assert!(words.iter().any(|words| error.contains(words)), "{url}: {error}");
            assert!(
                !error.contains("heim") && !error.contains("ge%") && !error.contains("geh"),
                "{url}: {error}"
            );
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_named_on_one_line() {
        let url = "host=127.0.0.1 port=1 user=ndoba password=geheim".into();
        let error = Connector(Engine::Postgres { url }).open().err().unwrap().to_string();
        assert!(error.contains("127.0.0.1") && error.contains("port 1") && !error.contains('\n'), "{error}");
    }
}
