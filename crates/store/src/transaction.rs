//! The store itself, and the three kinds of transaction: `write`, `read`, `snapshot`.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};
use diesel::r2d2::R2D2Connection;
use ndoba_registration::ports::Vault;
use ndoba_registration::sealed::{DataKeys, Seal};
use ndoba_types::InstallationId;

use crate::connection::{Checked, Conn, ConnectionPool};
use crate::error::StoreError;

type Manager = <Conn as Connection>::TransactionManager;

/// How often a transaction that lost to another is run again before the caller hears of it.
const MOST_TRIES: u32 = 8;

/// The database, open and of the right schema. Cheap to clone; blocking, so never used on an event loop.
///
/// Implements the ports of the services: [`Ledger`](ndoba_ca::Ledger), [`Registry`](ndoba_registration::ports::Registry),
/// [`StatusSource`](ndoba_ocsp::StatusSource) and [`EventLog`](ndoba_audit::EventLog).
#[derive(Clone)]
pub struct Store(Arc<Inner>, Option<Arc<dyn Vault>>);

struct Inner {
    pool: ConnectionPool,
    installation: InstallationId,
    /// SQLite has one writer at a time and its waiters poll: waiting here is cheaper. `None` on PostgreSQL.
    only_writer: Option<Mutex<()>>,
    /// Counts the transactions of this process that may have changed a status.
    status_changes: AtomicU64,
}

#[derive(Clone, Copy)]
enum Mode {
    Read,
    Snapshot,
    Write,
}

impl Store {
    pub(crate) fn new(pool: ConnectionPool, one_writer: bool, installation: InstallationId) -> Self {
        let only_writer = one_writer.then(|| Mutex::new(()));
        Self(Arc::new(Inner { pool, installation, only_writer, status_changes: AtomicU64::new(0) }), None)
    }

    /// The same database for who may read personal data: values are sealed and opened with the vault's keys.
    #[must_use]
    pub fn with_vault(self, vault: Arc<dyn Vault>) -> Self {
        Self(self.0, Some(vault))
    }

    /// The data keys as they are now.
    pub(crate) fn data_keys_in_memory(&self) -> Result<Arc<DataKeys>, StoreError> {
        self.1.as_ref().and_then(|vault| vault.keys()).ok_or(StoreError::Locked)
    }

    /// What seals evidence now: the data key, or its public half while the token has not given it.
    pub(crate) fn sealer(&self) -> Result<Arc<dyn Seal>, StoreError> {
        let vault = self.1.as_ref().ok_or(StoreError::Locked)?;
        let keys = vault.keys().map(|keys| -> Arc<dyn Seal> { keys });
        let public = || vault.public().map(|public| -> Arc<dyn Seal> { public });
        keys.or_else(public).ok_or(StoreError::Locked)
    }

    /// Which installation this database belongs to.
    pub fn installation(&self) -> InstallationId {
        self.0.installation
    }

    /// As [`Self::write`], for what may change a status: before this returns, no [`StatusRecords`](crate::StatusRecords)
    /// on this store take what they knew to be current.
    pub(crate) fn write_status<T>(
        &self,
        name: &'static str,
        act: impl FnMut(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let outcome = self.write(name, act);
        // After a failure too: whether it was committed may be what is not known.
        self.0.status_changes.fetch_add(1, Ordering::SeqCst);
        outcome
    }

    /// How many of those there were.
    pub(crate) fn status_changes(&self) -> u64 {
        self.0.status_changes.load(Ordering::SeqCst)
    }

    /// Runs `act` in a transaction that is on disk when this returns `Ok`, and undone when it returns `Err`.
    ///
    /// `act` may be run several times: it must change nothing but through its connection, and keep no result of an
    /// earlier run. `name` labels metrics and traces. The transaction is IMMEDIATE on SQLite (a deferred one fails
    /// when it first reads and then writes) and READ COMMITTED on PostgreSQL: what must not change between a look
    /// and a deed is compared by the deed's own WHERE clause.
    pub(crate) fn write<T>(
        &self,
        name: &'static str,
        act: impl FnMut(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.run(name, Mode::Write, |_| true, act)
    }

    /// As [`Self::write`], and undone as well when `act` returns `None`.
    pub(crate) fn write_or_nothing<T>(
        &self,
        name: &'static str,
        act: impl FnMut(&mut Conn) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.run(name, Mode::Write, Option::is_some, act)
    }

    /// Runs single statements, each seeing what was committed before it.
    pub(crate) fn read<T>(
        &self,
        name: &'static str,
        act: impl FnMut(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.run(name, Mode::Read, |_| true, act)
    }

    /// Runs statements that all see one state of the database, and change nothing.
    pub(crate) fn snapshot<T>(
        &self,
        name: &'static str,
        act: impl FnMut(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.run(name, Mode::Snapshot, |_| true, act)
    }

    /// `keep` tells of a value whether what was done for it is committed.
    fn run<T>(
        &self,
        name: &'static str,
        mode: Mode,
        keep: impl Fn(&T) -> bool,
        mut act: impl FnMut(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let start = Instant::now();
        let _span = tracing::debug_span!("transaction", name).entered();
        let mut tries = 1;
        let outcome = loop {
            match self.attempt(mode, &keep, &mut act) {
                Err(StoreError::Busy(cause)) if tries < MOST_TRIES => {
                    tracing::debug!(cause, tries, "run again");
                    metrics::counter!("ndoba_database_retries_total", "transaction" => name).increment(1);
                    thread::sleep(pause(tries));
                    tries += 1;
                }
                outcome => break outcome,
            }
        };
        let result = match &outcome {
            Ok(_) => "ok",
            Err(StoreError::Busy(_)) => "busy",
            Err(StoreError::Conflict(_)) => "conflict",
            Err(StoreError::Corrupt { .. }) => "corrupt",
            Err(StoreError::Locked) => "locked",
            Err(StoreError::Unavailable(_)) => "unavailable",
        };
        metrics::histogram!("ndoba_database_transaction_seconds", "transaction" => name, "result" => result)
            .record(start.elapsed().as_secs_f64());
        outcome
    }

    fn attempt<T>(
        &self,
        mode: Mode,
        keep: &impl Fn(&T) -> bool,
        act: &mut impl FnMut(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if matches!(mode, Mode::Read) {
            let mut conn = self.checkout()?;
            return match act(&mut conn) {
                // A stale connection is noticed at its first statement; a read may as well be made again.
                Err(StoreError::Unavailable(cause)) if is_dead(&mut conn) => Err(StoreError::Busy(cause)),
                outcome => outcome,
            };
        }
        // Taken before the connection, so that waiting writers leave the pool to the readers. A writer that
        // panicked left nothing behind: its connection was closed.
        let _writer = match (mode, &self.0.only_writer) {
            (Mode::Write, Some(only)) => Some(only.lock().unwrap_or_else(PoisonError::into_inner)),
            (Mode::Read | Mode::Snapshot | Mode::Write, _) => None,
        };
        let mut conn = self.begin(mode)?;
        match act(&mut conn) {
            Ok(value) if keep(&value) => {
                Manager::commit_transaction(&mut *conn)?;
                Ok(value)
            }
            undone => {
                if let Err(cause) = Manager::rollback_transaction(&mut *conn) {
                    // The pool closes a connection whose transaction did not end, which undoes it as well.
                    tracing::warn!(%cause, "rolling back failed");
                }
                undone
            }
        }
    }

    fn checkout(&self) -> Result<Checked, StoreError> {
        self.0.pool.get().map_err(|error| StoreError::Unavailable(error.into()))
    }

    /// A connection with a transaction begun. Nothing happened in it yet, so stale connections are replaced.
    fn begin(&self, mode: Mode) -> Result<Checked, StoreError> {
        let mut stale = 0;
        loop {
            let mut conn = self.checkout()?;
            match begin_on(&mut conn, mode) {
                Ok(()) => return Ok(conn),
                Err(_) if conn.is_broken() && stale < self.0.pool.max_size() => stale += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// How long to wait before the next try: longer each time, at most 64 ms, and never the same for two who lost to each
/// other, or they would meet again.
fn pause(tries: u32) -> Duration {
    let most = 2_u64 << tries.min(5);
    // The standard library's hasher is seeded at random; nothing secret depends on it.
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(1 + random % most)
}

/// Whether the connection is gone. Beginning a transaction tells, and it is what makes the pool throw a dead
/// connection away: a failed single statement leaves it looking whole.
fn is_dead(conn: &mut Conn) -> bool {
    match Manager::begin_transaction(conn) {
        Ok(()) => Manager::rollback_transaction(conn).is_err(),
        Err(_) => true,
    }
}

/// Runs `act` so that its changes alone are undone when it returns a refusal: one refusal of a batch does not touch
/// the others.
pub(crate) fn unless_refused<T, R>(
    conn: &mut Conn,
    act: impl FnOnce(&mut Conn) -> Result<Result<T, R>, StoreError>,
) -> Result<Result<T, R>, StoreError> {
    Manager::begin_transaction(conn)?; // within a transaction: a savepoint
    match act(conn) {
        Ok(Ok(value)) => {
            Manager::commit_transaction(conn)?;
            Ok(Ok(value))
        }
        Ok(Err(refusal)) => {
            Manager::rollback_transaction(conn)?;
            Ok(Err(refusal))
        }
        Err(error) => {
            // The whole transaction is about to be rolled back; this only keeps count of the depth.
            Manager::rollback_transaction(conn)?;
            Err(error)
        }
    }
}

/// As [`Store::write`], once, on a connection that no store has yet.
pub(crate) fn write_on<T>(
    conn: &mut Conn,
    act: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    begin_on(conn, Mode::Write)?;
    match act(conn) {
        Ok(value) => {
            Manager::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(cause) = Manager::rollback_transaction(conn) {
                tracing::warn!(%cause, "rolling back failed");
            }
            Err(error)
        }
    }
}

/// The words of SQL that diesel's own `transaction` would choose otherwise.
fn begin_on(conn: &mut Conn, mode: Mode) -> QueryResult<()> {
    match (conn, mode) {
        (Conn::Postgres(conn), Mode::Write) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN ISOLATION LEVEL READ COMMITTED")
        }
        (Conn::Postgres(conn), Mode::Read | Mode::Snapshot) => AnsiTransactionManager::begin_transaction_sql(
            conn,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
        (Conn::Sqlite(conn), Mode::Write) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
        // In WAL mode a deferred transaction keeps the snapshot of its first read.
        (Conn::Sqlite(conn), Mode::Read | Mode::Snapshot) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN DEFERRED")
        }
    }
}
