//! Creating, upgrading and opening a database, and refusing one that this program does not know.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use ndoba_audit::Event;
use ndoba_types::{InstallationId, RandomUnavailable, UtcTime};

use crate::Store;
use crate::connection::{Conn, Connector, Engine, pool};
use crate::error::StoreError;
use crate::queries::events;
use crate::schema::meta;
use crate::transaction::write_on;

/// One directory per engine; a test compares the schemas that they make.
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Oldest first. The last one is the schema that this program works with.
const VERSIONS: [&str; 20] = [
    "20261123000001",
    "20261125000001",
    "20261127000001",
    "20261127000002",
    "20261127000003",
    "20261127000004",
    "20261127000008",
    "20261127000011",
    "20261127000012",
    "20261127000013",
    "20261127000014",
    "20261127000015",
    "20261127000016",
    "20261128000001",
    "20261128000011",
    "20261128000012",
    "20261128000013",
    "20261128000021",
    "20261128000031",
    "20261128000032",
];

/// Migrations that were edited after databases had been made by them, which ended with the product's first version:
/// each writes its edition into `meta`, and a database of another edition is refused instead of misread.
const EDITIONS: [(&str, &str); 1] = [("20261123000001", "4")];
/// The row of `meta` that says whose database this is.
const INSTALLATION: &str = "installation";
/// The row of `meta` that says since when.
const CREATED: &str = "created";
/// Any number will do, as long as every version of this program locks the same one while it migrates.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(7954892077)";

/// Why a database cannot be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Creating would overwrite what is there.
    #[error("the database belongs to an installation already")]
    AlreadyThere,
    /// Nothing was created here yet; a ceremony does that, never a start.
    #[error("there is no database of this product: {at}")]
    Missing {
        /// Where it was looked for.
        at: String,
    },
    /// The file is there and cannot be opened for reading and writing: a right is missing, say.
    #[error("the database file {at} cannot be opened")]
    Unreadable {
        /// Which file.
        at: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Made by an older version: `ndoba db upgrade`.
    #[error("the database has schema {found}, this program needs {needed}: upgrade it first")]
    SchemaOld {
        /// The newest migration that was applied.
        found: String,
        /// The newest migration that this program has.
        needed: String,
    },
    /// Made before the product's first version, by tables of the same name that were other ones. There is no upgrade: no
    /// installation is that old.
    #[error(
        "the database was made by a development version whose schema {version} had other tables: \
         hold a new ceremony in another folder or an empty database"
    )]
    SchemaDiffers {
        /// Which migration was another one.
        version: String,
    },
    /// Made by a newer version, or by something else.
    #[error("the database has schema {found}, which this program does not know")]
    SchemaUnknown {
        /// The first unknown migration.
        found: String,
    },
    /// The database did not answer.
    #[error("opening the database failed")]
    Store(#[from] StoreError),
}

impl Store {
    /// Makes the tables in an empty database and gives it its identity. Only a key ceremony does this.
    ///
    /// # Errors
    ///
    /// [`OpenError::AlreadyThere`] when it has an identity; else as for [`Store::open`].
    pub fn create(
        engine: &Engine,
        connections: u32,
        installation: InstallationId,
        now: UtcTime,
    ) -> Result<Self, OpenError> {
        if let Engine::Sqlite { path } = engine {
            // Created here, so that nobody else on the machine may read it; SQLite would follow the umask, and
            // gives its log the same rights as the file.
            OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(path)
                .map_err(|error| StoreError::Unavailable(error.into()))?;
        }
        let mut conn = connect(engine)?;
        match Found::look(&mut conn)? {
            Found::Nothing => migrate(&mut conn)?,
            // A creation that was cut off before it gave the database its identity is taken up again.
            Found::Current if read_installation(&mut conn)?.is_none() => {}
            Found::Current | Found::Old(_) => return Err(OpenError::AlreadyThere),
            Found::Differs(version) => return Err(OpenError::SchemaDiffers { version }),
            Found::Unknown(found) => return Err(OpenError::SchemaUnknown { found }),
        }
        for (key, value) in [(INSTALLATION, installation.to_string()), (CREATED, now.to_string())] {
            diesel::insert_into(meta::table)
                .values((meta::key.eq(key), meta::value.eq(value)))
                .execute(&mut conn)
                .map_err(StoreError::from)?;
        }
        Self::open(engine, connections)
    }

    /// Opens a database whose schema is exactly the one this program works with.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which names what is to be done about it.
    pub fn open(engine: &Engine, connections: u32) -> Result<Self, OpenError> {
        if let Engine::Sqlite { path } = engine {
            // SQLite would make an empty database where none is.
            if !path.try_exists().map_err(|error| StoreError::Unavailable(error.into()))? {
                return Err(OpenError::Missing { at: path.display().to_string() });
            }
        }
        let mut conn = connect(engine)?;
        match Found::look(&mut conn)? {
            Found::Current => {}
            Found::Nothing => return Err(missing(engine)),
            Found::Old(found) => {
                return Err(OpenError::SchemaOld { found, needed: newest().into() });
            }
            Found::Differs(version) => return Err(OpenError::SchemaDiffers { version }),
            Found::Unknown(found) => return Err(OpenError::SchemaUnknown { found }),
        }
        let installation = read_installation(&mut conn)?.ok_or_else(|| missing(engine))?;
        let one_writer = matches!(engine, Engine::Sqlite { .. });
        Ok(Self::new(pool(engine.clone(), connections), one_writer, installation))
    }

    /// Applies the migrations that a database lacks, each with the event that `event` gives for its version, in one
    /// transaction. Gives the versions.
    ///
    /// # Errors
    ///
    /// As for [`Store::open`]; a database that cannot be opened for another reason than its age is left alone. What was
    /// applied before a failure stays applied.
    pub fn upgrade(
        engine: &Engine,
        event: &mut dyn FnMut(&str) -> Result<Event, RandomUnavailable>,
    ) -> Result<Vec<String>, OpenError> {
        let mut conn = connect(engine)?;
        match Found::look(&mut conn)? {
            Found::Current => Ok(Vec::new()),
            Found::Nothing => Err(missing(engine)),
            Found::Old(_) => Ok(migrate_with_events(&mut conn, event)?),
            Found::Differs(version) => Err(OpenError::SchemaDiffers { version }),
            Found::Unknown(found) => Err(OpenError::SchemaUnknown { found }),
        }
    }
}

/// What a database was found to be.
enum Found {
    Current,
    Differs(String),
    Nothing,
    Old(String),
    Unknown(String),
}

impl Found {
    /// Looks without changing anything: diesel's own question would make its table, which a role may not.
    fn look(conn: &mut Conn) -> Result<Self, StoreError> {
        const TABLE: &str = "__diesel_schema_migrations";
        let there = match conn {
            Conn::Postgres(conn) => {
                diesel::sql_query("SELECT tablename::text AS name FROM pg_tables WHERE tablename = $1 AND schemaname = ANY (current_schemas(false))")
                    .bind::<Text, _>(TABLE)
                    .load::<Name>(conn)?
            }
            Conn::Sqlite(conn) => {
                diesel::sql_query("SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?")
                    .bind::<Text, _>(TABLE)
                    .load::<Name>(conn)?
            }
        };
        if there.is_empty() {
            return Ok(Self::Nothing);
        }
        let sql =
            diesel::sql_query("SELECT version AS name FROM __diesel_schema_migrations ORDER BY version");
        let applied: Vec<Name> = match conn {
            Conn::Postgres(conn) => sql.load(conn)?,
            Conn::Sqlite(conn) => sql.load(conn)?,
        };
        let unknown = applied.iter().find(|row| !VERSIONS.contains(&row.name.as_str()));
        if let Some(row) = unknown {
            return Ok(Self::Unknown(row.name.clone()));
        }
        for (version, edition) in EDITIONS {
            if applied.iter().any(|row| row.name == version)
                && read_edition(conn, version)? != Some(edition.into())
            {
                return Ok(Self::Differs(version.into()));
            }
        }
        Ok(match applied.last() {
            None => Self::Nothing,
            Some(row) if row.name == newest() => Self::Current,
            Some(row) => Self::Old(row.name.clone()),
        })
    }
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn newest() -> &'static str {
    VERSIONS[VERSIONS.len() - 1]
}

fn missing(engine: &Engine) -> OpenError {
    let at = match engine {
        Engine::Postgres { url: _ } => "the PostgreSQL database has none of its tables".into(),
        Engine::Sqlite { path } => PathBuf::from(path).display().to_string(),
    };
    OpenError::Missing { at }
}

fn connect(engine: &Engine) -> Result<Conn, OpenError> {
    Connector(engine.clone()).open().map_err(|error| {
        // SQLite names neither file nor reason. Only asked after a failure: closing a file of our own would end the locks
        // that this process has on it.
        if let Engine::Sqlite { path } = engine
            && let Err(source) = OpenOptions::new().read(true).write(true).open(path)
        {
            return OpenError::Unreadable { at: path.display().to_string(), source };
        }
        StoreError::Unavailable(error.into()).into()
    })
}

/// Each migration is a transaction. Two processes that migrate at once do so one after the other.
fn migrate(conn: &mut Conn) -> Result<(), StoreError> {
    match conn {
        Conn::Postgres(conn) => {
            conn.batch_execute(MIGRATION_LOCK)?; // released with the connection
            conn.run_pending_migrations(POSTGRES).map(drop)
        }
        Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE).map(drop),
    }
    .map_err(StoreError::Unavailable)
}

/// As [`migrate`], of a database that has a log. DDL is part of a transaction on both engines.
fn migrate_with_events(
    conn: &mut Conn,
    event: &mut dyn FnMut(&str) -> Result<Event, RandomUnavailable>,
) -> Result<Vec<String>, StoreError> {
    if let Conn::Postgres(conn) = conn {
        conn.batch_execute(MIGRATION_LOCK)?; // released with the connection
    }
    let mut applied = Vec::new();
    while let Some(version) = write_on(conn, |conn| {
        let Some(version) = apply_next(conn).map_err(StoreError::Unavailable)? else { return Ok(None) };
        let event = event(&version).map_err(|error| StoreError::Unavailable(error.into()))?;
        events::append(conn, std::slice::from_ref(&event))?;
        Ok(Some(version))
    })? {
        applied.push(version);
    }
    Ok(applied)
}

fn apply_next(conn: &mut Conn) -> diesel::migration::Result<Option<String>> {
    match conn {
        Conn::Postgres(conn) => {
            let pending = conn.has_pending_migration(POSTGRES)?;
            pending.then(|| conn.run_next_migration(POSTGRES).map(|version| version.to_string())).transpose()
        }
        Conn::Sqlite(conn) => {
            let pending = conn.has_pending_migration(SQLITE)?;
            pending.then(|| conn.run_next_migration(SQLITE).map(|version| version.to_string())).transpose()
        }
    }
}

fn read_edition(conn: &mut Conn, version: &str) -> Result<Option<String>, StoreError> {
    Ok(meta::table.find(format!("edition-{version}")).select(meta::value).first(conn).optional()?)
}

fn read_installation(conn: &mut Conn) -> Result<Option<InstallationId>, StoreError> {
    let value: Option<String> = meta::table.find(INSTALLATION).select(meta::value).first(conn).optional()?;
    value.map(|text| text.parse().map_err(|_| StoreError::corrupt("meta.installation"))).transpose()
}

#[cfg(test)]
mod tests {
    use diesel::migration::MigrationSource;
    use diesel::pg::Pg;
    use diesel::sqlite::Sqlite;
    use ndoba_types::Sha256Digest;

    use super::*;

    /// An edited text needs a new edition, or a database made by the former text would be misread.
    #[test]
    fn the_texts_are_those_of_their_editions() {
        for (text, digest) in [
            (
                include_str!("../migrations/postgres/2026-11-23-000001_initial/up.sql"),
                "bd2ca99a4fd7e41591474df711d455b5e538b0df1a5a7d616092649eba081e18",
            ),
            (
                include_str!("../migrations/sqlite/2026-11-23-000001_initial/up.sql"),
                "453478e700b1fcdef9323b169252b0100d51ea192d92264a171db02e6bd457b4",
            ),
        ] {
            let (version, edition) = EDITIONS[0];
            assert!(text.contains(&format!("('edition-{version}', '{edition}')")));
            assert_eq!(Sha256Digest::of(text.as_bytes()).to_string(), digest);
        }
    }

    #[test]
    fn the_versions_are_those_of_both_directories() {
        let postgres: Vec<String> = MigrationSource::<Pg>::migrations(&POSTGRES)
            .unwrap()
            .iter()
            .map(|migration| migration.name().version().to_string())
            .collect();
        let sqlite: Vec<String> = MigrationSource::<Sqlite>::migrations(&SQLITE)
            .unwrap()
            .iter()
            .map(|migration| migration.name().version().to_string())
            .collect();
        assert_eq!(postgres, VERSIONS);
        assert_eq!(sqlite, VERSIONS);
    }
}
