//! SQL past the store, as an attacker, an operator or a fault would send it.

use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use ndoba_store::Engine;

pub enum Raw {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Raw {
    pub fn open(engine: &Engine) -> Self {
        match engine {
            Engine::Postgres { url } => Self::Postgres(PgConnection::establish(url).unwrap()),
            Engine::Sqlite { path } => Self::sqlite(path),
        }
    }

    fn sqlite(path: &Path) -> Self {
        let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON").unwrap();
        Self::Sqlite(conn)
    }

    pub fn run(&mut self, sql: &str) -> Result<(), String> {
        match self {
            Self::Postgres(conn) => conn.batch_execute(sql),
            Self::Sqlite(conn) => conn.batch_execute(sql),
        }
        .map_err(|error| error.to_string())
    }

    /// Of a query with one text column named `line`.
    pub fn lines(&mut self, sql: &str) -> Vec<String> {
        let rows: Vec<Line> = match self {
            Self::Postgres(conn) => diesel::sql_query(sql).load(conn),
            Self::Sqlite(conn) => diesel::sql_query(sql).load(conn),
        }
        .unwrap();
        rows.into_iter().map(|row| row.line).collect()
    }

    pub fn count(&mut self, table: &str) -> u64 {
        let sql = match self {
            Self::Postgres(_) => format!("SELECT count(*)::text AS line FROM {table}"),
            Self::Sqlite(_) => format!("SELECT CAST(count(*) AS TEXT) AS line FROM {table}"),
        };
        self.lines(&sql)[0].parse().unwrap()
    }

    /// A trigger that makes every insert into `table` fail: the log sink is down.
    pub fn break_inserts(&mut self, table: &str) {
        let sql = match self {
            Self::Postgres(_) => format!(
                "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
                 CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION broken();"
            ),
            Self::Sqlite(_) => format!(
                "CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk full'); END;"
            ),
        };
        self.run(&sql).unwrap();
    }

    /// Undoes [`Self::break_inserts`].
    pub fn mend_inserts(&mut self, table: &str) {
        let sql = match self {
            Self::Postgres(_) => format!("DROP TRIGGER broken ON {table}; DROP FUNCTION broken();"),
            Self::Sqlite(_) => "DROP TRIGGER broken;".to_owned(),
        };
        self.run(&sql).unwrap();
    }
}
