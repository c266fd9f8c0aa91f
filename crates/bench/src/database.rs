//! Which database a bench measures.

use clap::{Args, ValueEnum};

use crate::postgres;

/// A database to measure with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    Postgres,
    Sqlite,
}

impl std::fmt::Display for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        })
    }
}

impl Database {
    /// The connection string of an empty database, `given` or of a cluster of its own; `None` on SQLite, which makes its
    /// file where the installation is.
    ///
    /// # Errors
    ///
    /// As [`postgres::database`].
    pub(crate) fn url(self, given: Option<&str>) -> anyhow::Result<Option<String>> {
        match self {
            Self::Postgres => postgres::database(given).map(Some),
            Self::Sqlite => Ok(None),
        }
    }
}

/// The options of a bench that measures one.
#[derive(Args, Debug)]
pub(crate) struct OneDatabase {
    /// The database.
    #[arg(long, default_value_t = Database::Sqlite)]
    database: Database,
    /// An empty PostgreSQL database; one of a temporary cluster when absent.
    #[arg(long, value_name = "CONNECTION")]
    postgres: Option<String>,
}

impl OneDatabase {
    /// As [`Database::url`].
    ///
    /// # Errors
    ///
    /// As [`postgres::database`].
    pub(crate) fn url(&self) -> anyhow::Result<Option<String>> {
        self.database.url(self.postgres.as_deref())
    }
}
