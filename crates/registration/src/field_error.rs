//! A refusal that names its field.

use std::fmt;

/// Why one field of a request is refused. Several are collected, so that the officer corrects them at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the request's body, such as `/subject/personal_number`.
    pub field: String,
    /// Stable, lower-case, for programs.
    pub code: &'static str,
    /// The clause behind the rule, where there is one: a row of our requirements, such as `G-40`.
    pub clause: Option<&'static str>,
    /// What would be right, for people; never repeats what was entered.
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)?;
        match self.clause {
            Some(clause) => write!(f, " ({clause})"),
            None => Ok(()),
        }
    }
}

/// Collects refusals under one JSON pointer.
pub(crate) struct Refusals<'a> {
    found: &'a mut Vec<FieldError>,
    at: String,
}

impl<'a> Refusals<'a> {
    /// Starts at `pointer` (empty: the whole body).
    pub(crate) fn at(found: &'a mut Vec<FieldError>, pointer: &str) -> Self {
        Self { found, at: pointer.into() }
    }

    /// The same collection, one level down.
    pub(crate) fn within(&mut self, member: &str) -> Refusals<'_> {
        Refusals { at: format!("{}/{member}", self.at), found: self.found }
    }

    /// Notes a refusal of `member`; `None`, so that a check can end with it.
    pub(crate) fn refuse<T>(
        &mut self,
        member: &str,
        code: &'static str,
        clause: Option<&'static str>,
        message: impl Into<String>,
    ) -> Option<T> {
        let field = format!("{}/{member}", self.at);
        self.found.push(FieldError { field, code, clause, message: message.into() });
        None
    }
}
