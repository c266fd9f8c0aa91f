//! Why registration did not do it, by what the caller must do.

use ndoba_types::RandomUnavailable;

use crate::field_error::FieldError;
use crate::permission::Permission;
use crate::ports::RegistryError;

/// A refusal or failure of an operation.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Correct these fields.
    #[error("the request does not keep the rules")]
    Invalid(Vec<FieldError>),
    /// The key belongs to no officer with a role in force.
    #[error("the certificate's key belongs to no active officer")]
    NotAnOfficer,
    /// The officer has none of the roles that this needs.
    #[error("the officer's roles do not allow this")]
    Forbidden(Permission),
    /// The officer may do this, but not here: separation of duties.
    #[error("{}", .0.message())]
    Separation(Separation),
    /// No such thing, or none that the officer may know of.
    #[error("there is no such {what}")]
    Unknown {
        /// `application`, `order`, `certificate`.
        what: &'static str,
    },
    /// Not in the state that this needs; read it again.
    #[error("{message}")]
    Conflict {
        /// Stable, for programs.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Neither the database nor the local folder took a request: nothing is recorded anywhere.
    #[error(
        "the request could not be recorded, neither in the database nor here: use the procedure for outages"
    )]
    NotKept(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nothing was changed; ask again later.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The token that gives the data key is away: personal data is neither read nor written. Nothing was changed.
    #[error("records are locked: the token of the data key is away")]
    Locked,
    /// A fault of ours or of the installation: page someone.
    #[error("an internal fault: {what}")]
    Internal {
        /// What was being done; no personal data.
        what: String,
        /// Why.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// Which rule of separation an act would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separation {
    /// The officer is the subject or its representative (C-75, REG-6.2.2-26).
    OfficerIsSubject,
    /// The same person signed before (P-03).
    SamePerson,
}

impl Separation {
    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::OfficerIsSubject => "separation.officer-is-subject",
            Self::SamePerson => "separation.same-person",
        }
    }

    /// The requirement's row.
    pub fn clause(self) -> &'static str {
        match self {
            Self::OfficerIsSubject => "C-75",
            Self::SamePerson => "P-03",
        }
    }

    /// For people.
    pub fn message(self) -> &'static str {
        match self {
            Self::OfficerIsSubject => "an officer takes no part in an application about themselves",
            Self::SamePerson => "the two signatures must come from different persons",
        }
    }
}

impl ServiceError {
    /// A refusal of one field.
    pub fn field(
        field: &str,
        code: &'static str,
        clause: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), code, clause, message: message.into() }])
    }

    /// A stable name of the refusal: of the first field, where fields are refused.
    pub(crate) fn code(&self) -> String {
        match self {
            Self::Invalid(fields) => fields.first().map_or("request.invalid", |field| field.code).into(),
            Self::NotAnOfficer => "not-in-office".into(),
            Self::Forbidden(_) => "role".into(),
            Self::Separation(rule) => rule.code().into(),
            Self::Unknown { what } => format!("{what}.unknown"),
            Self::Conflict { code, .. } => (*code).into(),
            Self::KeyReused => "idempotency.key-reused".into(),
            Self::NotKept(_) => "request.not-kept".into(),
            Self::Unavailable(_) => "database.unavailable".into(),
            Self::Locked => "records.locked".into(),
            Self::Internal { .. } => "internal".into(),
        }
    }

    /// A state that does not allow the act.
    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    /// A fault of ours.
    pub(crate) fn internal(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Internal { what: what.into(), source: Some(source.into()) }
    }
}

impl From<RegistryError> for ServiceError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Conflict(_) => {
                Self::conflict("state.changed", "it was changed meanwhile; read it again and decide again")
            }
            RegistryError::Unavailable(source) => Self::Unavailable(source),
            RegistryError::Locked => Self::Locked,
            RegistryError::Damaged { .. } => Self::internal("reading the database", error),
        }
    }
}

impl From<RandomUnavailable> for ServiceError {
    fn from(error: RandomUnavailable) -> Self {
        Self::internal("drawing random octets", error)
    }
}
