//! What the engine says of its own commits.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::Store;
use crate::connection::Conn;
use crate::error::StoreError;

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    value: String,
}

impl Store {
    /// The setting that makes commits durable, as a connection of the pool has it: `on` for PostgreSQL
    /// (synchronous_commit), `wal/2/1` for SQLite (journal mode, synchronous = FULL, foreign keys). For health and
    /// `ndoba doctor`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn durability(&self) -> Result<String, StoreError> {
        self.read("durability", |conn| {
            let said: Said = match conn {
                Conn::Postgres(conn) => {
                    diesel::sql_query("SELECT current_setting('synchronous_commit') AS value")
                        .get_result(conn)
                }
                Conn::Sqlite(conn) => diesel::sql_query(
                    "SELECT j.journal_mode || '/' || s.synchronous || '/' || f.foreign_keys AS value
                     FROM pragma_journal_mode j, pragma_synchronous s, pragma_foreign_keys f",
                )
                .get_result(conn),
            }?;
            Ok(said.value)
        })
    }
}
