//! The agreement with the subscriber (P-13): what registration asks of who makes the document.

use crate::application::{ApplicationContent, ApplicationId};

/// An application whose agreement is to be made.
#[derive(Clone, Copy)]
pub struct AgreementOf<'a> {
    /// Which.
    pub application: ApplicationId,
    /// What it holds; an acceptance in it counts for nothing here.
    pub content: &'a ApplicationContent,
    /// The version of the terms.
    pub terms: &'a str,
}

/// Makes agreements as documents. The same input gives the same octets, always.
pub trait AgreementMaker: Send + Sync {
    /// The version of the terms in force.
    fn terms(&self) -> &'static str;

    /// The day on which they came into force, YYYY-MM-DD: nobody signed them before.
    fn in_force_since(&self) -> &'static str;

    /// The document.
    ///
    /// # Errors
    ///
    /// [`AgreementError`].
    fn render(&self, of: &AgreementOf<'_>) -> Result<Vec<u8>, AgreementError>;
}

/// Why an agreement could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// The font in the program fails: a fault of ours.
    #[error("the font fails: {0}")]
    Font(String),
    /// A text has a character that cannot be printed.
    #[error("U+{:04X} cannot be printed", u32::from(*.0))]
    NotPrintable(char),
    /// No such version of the terms in this program.
    #[error("there are no terms {0}")]
    UnknownTerms(String),
}
