//! What the CA needs besides its ledger: where CRLs are published, the rollback witness, and the places where
//! a test may stop the process.

use std::io::{self, Read, Seek};

use ndoba_types::CrlName;

use crate::ports::AuthorityMark;

/// Octets that lie somewhere else than in memory, to be read from their beginning as often as one likes.
pub trait Octets {
    /// From the first.
    ///
    /// # Errors
    ///
    /// [`io::Error`] when they cannot be read.
    fn read(&self) -> io::Result<Box<dyn Read + '_>>;
}

impl Octets for Vec<u8> {
    fn read(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.as_slice()))
    }
}

/// The entries of a list that is being made: they lie beside what is published, and are gone when this is dropped.
pub trait CrlDraft: Octets {
    /// Adds octets at the end.
    ///
    /// # Errors
    ///
    /// [`io::Error`] when they cannot be written.
    fn append(&mut self, octets: &[u8]) -> io::Result<()>;
}

impl CrlDraft for Vec<u8> {
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        self.extend_from_slice(octets);
        Ok(())
    }
}

/// What can be read at any place.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Held while no other process changes a list; dropping it lets the next one.
pub trait Alone {}

impl Alone for () {}

/// Publishes CRLs where relying parties fetch them. Publication is atomic and durable.
pub trait CrlSink: Send + Sync {
    /// Waits until no other process is about that list: a command of the ceremony may run beside the role.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when that cannot be arranged.
    fn alone(&self, list: &CrlName) -> Result<Box<dyn Alone>, PublishError>;

    /// Begins that list's next issue.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when there is no room for it.
    fn draft(&self, list: &CrlName) -> Result<Box<dyn CrlDraft>, PublishError>;

    /// Puts `der` in the place of the list's former CRL. Only while [`Self::alone`].
    ///
    /// # Errors
    ///
    /// [`PublishError`]: the former CRL stays; the CA tries again.
    fn publish(&self, list: &CrlName, der: &dyn Octets) -> Result<(), PublishError>;

    /// The CRL that is online now, if any; it stays what it is while another takes its place.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when that cannot be found out.
    fn online(&self, list: &CrlName) -> Result<Option<Box<dyn ReadSeek>>, PublishError>;
}

/// A CRL could not be published.
#[derive(Debug, thiserror::Error)]
#[error("the CRL could not be published")]
pub struct PublishError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl From<io::Error> for PublishError {
    fn from(error: io::Error) -> Self {
        Self(Box::new(error))
    }
}

/// Small durable memory outside the database: a database that is older than it was restored or rolled back, and
/// must not un-revoke anything.
pub trait RollbackWitness: Send + Sync {
    /// Compares; the first thing found to be behind is named.
    ///
    /// # Errors
    ///
    /// [`Behind`]: nothing may be signed or answered from this database.
    fn check(&self, marks: &[AuthorityMark], highest_grant: u64) -> Result<(), Behind>;

    /// Remembers; never moves backwards.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when it cannot be written durably: the caller stops acting.
    fn advance(&self, marks: &[AuthorityMark], highest_grant: u64) -> Result<(), PublishError>;
}

/// The database is older than the witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database is behind the witness: {what} is {database} there, but was {witness} before")]
pub struct Behind {
    /// Which count.
    pub what: String,
    /// What the witness remembers.
    pub witness: String,
    /// What the database says.
    pub database: String,
}

/// The arrows of the ledger, where a test kills the process to prove that nothing is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrow {
    /// Planned and linted, nothing recorded.
    BeforeIntent,
    /// The intent is durable, the token not asked.
    AfterIntent,
    /// The token signed, nothing recorded of it.
    AfterSign,
    /// The certificate is durable.
    AfterIssued,
    /// A CRL's number is taken, the token not asked.
    AfterCrlIntent,
    /// The token signed the CRL, nothing recorded of it.
    AfterCrlSign,
    /// The CRL is durable, not published.
    AfterCrlRecorded,
}

impl Arrow {
    /// Every arrow, in order.
    pub const ALL: [Self; 7] = [
        Self::BeforeIntent,
        Self::AfterIntent,
        Self::AfterSign,
        Self::AfterIssued,
        Self::AfterCrlIntent,
        Self::AfterCrlSign,
        Self::AfterCrlRecorded,
    ];

    /// Its name on the test's command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeIntent => "before-intent",
            Self::AfterIntent => "after-intent",
            Self::AfterSign => "after-sign",
            Self::AfterIssued => "after-issued",
            Self::AfterCrlIntent => "after-crl-intent",
            Self::AfterCrlSign => "after-crl-sign",
            Self::AfterCrlRecorded => "after-crl-recorded",
        }
    }
}

/// Called at each [`Arrow`]. In service it does nothing.
pub trait Failpoints: Send + Sync {
    /// May end the process; else returns.
    fn reached(&self, arrow: Arrow);
}

/// No failpoints: what runs in service.
#[derive(Clone, Copy, Debug)]
pub struct NoFailpoints;

impl Failpoints for NoFailpoints {
    fn reached(&self, _: Arrow) {}
}
