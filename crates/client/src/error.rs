//! What can come back instead of a resource.

use serde::{Deserialize, Serialize};

/// A problem document (RFC 9457) of our API. Decide by `code`, show `title` and `errors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// What happened, for people.
    pub title: String,
    /// The clause behind a refusal.
    #[serde(default)]
    pub clause: Option<String>,
    /// The fields that are refused.
    #[serde(default)]
    pub errors: Vec<ProblemField>,
}

/// A refused field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemField {
    /// JSON pointer into the body that was sent.
    pub field: String,
    /// Stable code.
    pub code: String,
    /// The clause behind the rule.
    #[serde(default)]
    pub clause: Option<String>,
    /// What would be right.
    pub message: String,
}

impl Problem {
    /// One line for the problem and one for each field.
    pub fn lines(&self) -> Vec<String> {
        let with = |clause: &Option<String>| clause.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        let mut lines = vec![format!("{} [{}]{}", self.title, self.code, with(&self.clause))];
        for ProblemField { field, code, clause, message } in &self.errors {
            lines.push(format!("  {field}: {message} [{code}]{}", with(clause)));
        }
        lines
    }
}

/// Why a call gave no resource, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server said no; see the problem.
    #[error("{}", .0.lines().join("\n"))]
    Problem(Box<Problem>),
    /// The server can do it later.
    #[error("{}; ask again in {seconds} s", .problem.title)]
    Later {
        /// What it said.
        problem: Box<Problem>,
        /// Its Retry-After.
        seconds: u64,
    },
    /// Not reached, or the connection broke: whether it was done is unknown, so ask again with the same idempotency key.
    #[error("{url} cannot be reached")]
    Transport {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is none of our API's: another server, or a bug.
    #[error("{url} gave an answer that is not understood: {what}")]
    Answer {
        /// Where.
        url: String,
        /// What is wrong with it.
        what: String,
    },
    /// What the server showed must not be signed.
    #[error("refused to sign: {0}")]
    NotSigned(String),
}
