//! What is wrong with which field.

use std::fmt;

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The field's path in the draft's JSON, such as `second_script.surname`.
    pub field: &'static str,
    /// The rule: a clause id of the requirements, such as `C-27`.
    pub clause: &'static str,
    /// One sentence for an officer. Never holds the value.
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.field, self.message, self.clause)
    }
}

/// All fields that are wrong; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// The errors, in the order of the fields.
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }
}

impl IntoIterator for FieldErrors {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}

/// Collects what is wrong while a draft is read.
#[derive(Default)]
pub(crate) struct Findings(Vec<FieldError>);

impl Findings {
    /// Notes one.
    pub(crate) fn add(&mut self, field: &'static str, clause: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { field, clause, message: message.into() });
    }

    /// Whether nothing was noted so far.
    pub(crate) fn none(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors; call it when there are some.
    pub(crate) fn into_errors(self) -> FieldErrors {
        FieldErrors(self.0)
    }
}
