//! What can go wrong between a domain method and the disk, by what the caller must do.

use std::error::Error;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use ndoba_registration::ports::Conflict;

/// Why a transaction did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Lost to a concurrent transaction; running it again may succeed. [`Store`](crate::Store) does that itself, so
    /// a caller sees it only after many tries.
    #[error("the database is busy with other transactions")]
    Busy(#[source] Box<dyn Error + Send + Sync>),
    /// Lost to an act that came first, or decided on what has changed since.
    #[error("the change conflicts with another")]
    Conflict(Conflict),
    /// What is stored, or was asked to be, breaks a rule of the schema: stop and call an operator.
    #[error("the database holds, or was to hold, something impossible: {what}")]
    Corrupt {
        /// Which table, column or rule; no personal data.
        what: String,
    },
    /// Personal data cannot be read or written: this process has no data key, or not the newest one yet.
    #[error(
        "the records are locked: the token of the data key has not been there since this process was started"
    )]
    Locked,
    /// Nothing is known to have changed; try again later. When the connection broke during the commit itself, it
    /// may have happened: every act is therefore recognisable by an identifier that it may use only once.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// A stored value that does not read.
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }
}

/// Needed by the closures of transactions, whose queries fail with diesel's error.
impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "diesel's enums are non-exhaustive")]
        match &error {
            DieselError::DatabaseError(kind, information) => match kind {
                DatabaseErrorKind::SerializationFailure => Self::Busy(error.into()),
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation => Self::Corrupt {
                    // Neither engine puts a row's values into this line; PostgreSQL has them in `details`.
                    what: information.message().into(),
                },
                // diesel passes no SQLSTATE on: 40P01 is known by its text, as is SQLITE_BUSY.
                _ if ["deadlock detected", "database is locked", "database table is locked"]
                    .contains(&information.message()) =>
                {
                    Self::Busy(error.into())
                }
                // What the schema's triggers say: see "Refusals" in the migrations.
                _ if information.message().starts_with("refused: ") => {
                    Self::Corrupt { what: information.message().into() }
                }
                _ => Self::Unavailable(error.into()),
            },
            DieselError::NotFound => Self::corrupt("a row that must exist does not"),
            _ => Self::Unavailable(error.into()),
        }
    }
}
